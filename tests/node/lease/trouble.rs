//! Node numbers when their server is away, or their table is not what it was.

use super::*;
use madang::node::lease::NoNumber;

use crate::views::refusals::{made as made_views, tables};

const MINUTE: i64 = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn while_sql_is_away_ids_are_made_until_the_lease_ends() {
    let mut server = MariaDb::start();
    let harbour = Harbour::at(server.database().await).await;
    let (node, _) = harbour.numbered(None).await;
    server.process().kill();
    harbour.set(5 * MINUTE);
    assert_eq!(made(id(&node).await), 5 * MINUTE);
    harbour.set(LEASE - 1);
    let last = id(&node).await;
    harbour.set(15 * MINUTE);
    assert!(node.ids().next().await.is_err() && node.ids().node().is_none());
    server.process().restart();
    while node.ids().node().is_none() {
        yield_now().await;
    }
    let next = id(&node).await;
    assert!(last < next && made(next) == 15 * MINUTE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_starts_while_sql_is_away_gets_its_number_later() {
    let mut server = MariaDb::start();
    let harbour = Harbour::at(server.database().await).await;
    server.process().kill();
    let node = harbour.node(None).await;
    let error = node.number(Duration::from_millis(300)).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
    server.process().restart();
    node.number(LONG).await.unwrap();
}

/// The answer to the change that takes a number may be lost with the server that gave it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_while_numbers_are_taken_loses_none_of_them() {
    let mut server = MariaDb::start();
    let harbour = Harbour::at(server.database().await).await;
    let nodes = join_all((3..9).map(|number| harbour.node(Some(number)))).await;
    for _ in 0..3 {
        let _: Result<Node, NoNumber> = nodes[0].number(Duration::from_millis(50)).await;
        server.process().restart();
    }
    let numbers = join_all(nodes.iter().map(|node| node.number(LONG))).await;
    let numbers: Vec<_> = numbers.into_iter().map(|n| n.unwrap().get()).collect();
    assert_eq!(numbers, [3, 4, 5, 6, 7, 8]);
}

/// An import may be the first to come.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_may_be_there_before_the_views() {
    let harbour = Harbour::open().await;
    let (_node, number) = harbour.numbered(None).await;
    let views = Views::open(&location(&harbour.database.url)).await.unwrap();
    views.close().await;
    assert!(!harbour.row(number).await.0.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_somebody_elses_database_there_is_no_number() {
    let harbour = Harbour::open().await;
    harbour.say("CREATE TABLE customer (id INT)").await;
    let node = harbour.node(None).await;
    let error = node.number(Duration::from_millis(300)).await.unwrap_err();
    assert!(error.to_string().contains("not views of Madang"), "{error}");
    assert_eq!(tables(&harbour.database.url).await, ["customer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_was_changed_is_named_with_the_remedy() {
    let harbour = Harbour::at(made_views().await).await;
    let (node, _) = harbour.numbered(None).await;
    node.stop().await;
    harbour.say("ALTER TABLE node_lease ADD note INT").await;
    let node = harbour.node(None).await;
    let error = node.number(Duration::from_millis(300)).await.unwrap_err();
    assert!(error.to_string().contains("drop it"), "{error}");
    harbour.say("DROP TABLE node_lease").await;
    node.number(LONG).await.unwrap();
}

/// Who had which number nobody knows then: a node that still makes ids holds a lease that ends within
/// the length of one.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_was_lost_gives_no_number_twice() {
    let harbour = Harbour::open().await;
    let (first, number) = harbour.numbered(None).await;
    let author = first.ids();
    let commands = madang::command::Commands::new(harbour.log.clone(), author.clone());
    let by = crate::node::origin(&Clock::system());
    let settings = crate::projections::yard::settings("yard");
    commands.create_board(&by, settings).await.unwrap();
    harbour.say("DROP TABLE node_lease").await;
    let (second, same) = harbour.numbered(Some(number)).await;
    assert_eq!(same, number);
    assert!(made(id(&second).await) >= LEASE);
    harbour.set(MINUTE);
    assert_ne!(renumbered(&first, number).await, number);
}
