//! A node whose views are on a server that is not there, or goes away.

use std::time::Duration;

use madang::ambient::{Clock, new_command_id};
use madang::config::{Config, Role, Roles};
use madang::event_store::Position;
use madang::node::{Node, Stand, refused};
use madang::query::Lookup;
use tokio::time::timeout;

use super::{new_board, refusal};
use crate::servers::mariadb::MariaDb;
use crate::stack::{Home, Stack};
use crate::views::refusals::{location, say};

/// Longer than anything here may take.
const LONG: Duration = Duration::from_mins(1);

/// The choices of a node with views at `url`, whose files are in `home`.
async fn config(home: &Home, url: &str) -> Config {
    Config {
        database: location(url),
        ..home.config().await
    }
}

async fn start(config: &Config) -> Node {
    Node::start(config, Clock::system()).await.unwrap()
}

/// Waits until it stands so with the views.
async fn stands(node: &Node, expected: &Stand) {
    let mut stand = node.stand.clone().unwrap();
    let reached = stand.wait_for(|stand| stand == expected);
    timeout(LONG, reached).await.unwrap().unwrap();
}

/// How many boards the views show.
async fn boards(node: &Node) -> Result<Lookup, madang::query::QueryError> {
    let part = madang::query::Part::After {
        after: None,
        size: 30,
    };
    let show =
        |items: madang::query::Items<madang::query::boards::BoardView>| madang::query::Document {
            body: items.items.len().to_string().into(),
            etag: None,
        };
    node.queries.boards(part, None, show).await
}

/// Waits until the views show so many boards.
async fn shows(node: &Node, count: usize) {
    let shown = async {
        loop {
            if let Ok(Lookup::Found(document)) = boards(node).await
                && *document.body == *count.to_string().as_bytes()
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, shown).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_before_the_views_are_there_and_are_shown_then() {
    let home = Home::on(Stack::Embedded);
    let mut server = MariaDb::start();
    let database = server.database().await;
    server.process().kill();
    let node = start(&config(&home, &database.url).await).await;
    stands(&node, &Stand::Opening).await;
    new_board(&node, &Clock::system()).await;
    assert!(boards(&node).await.is_err());
    server.process().restart();
    stands(&node, &Stand::Open).await;
    shows(&node, 1).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_and_refuses_ends_the_node_with_the_remedy() {
    let home = Home::on(Stack::Embedded);
    let mut server = MariaDb::start();
    let database = server.database().await;
    say(&database.url, "CREATE TABLE customer (id INT)").await;
    server.process().kill();
    let node = start(&config(&home, &database.url).await).await;
    server.process().restart();
    let why = timeout(LONG, refused(node.stand.clone())).await.unwrap();
    assert!(why.contains("name another one"), "{why}");
    assert!(boards(&node).await.is_err());
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_goes_on_after_its_server_was_killed_or_paused() {
    let home = Home::on(Stack::Embedded);
    let mut server = MariaDb::start();
    let database = server.database().await;
    let node = start(&config(&home, &database.url).await).await;
    let clock = Clock::system();
    new_board(&node, &clock).await;
    shows(&node, 1).await;
    server.process().kill();
    new_board(&node, &clock).await;
    server.process().restart();
    shows(&node, 2).await;
    server.process().pause();
    new_board(&node, &clock).await;
    server.process().resume();
    shows(&node, 3).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_of_another_log_on_a_server_are_refused() {
    let [home, elsewhere] = [(); 2].map(|()| Home::on(Stack::Embedded));
    let database = MariaDb::shared().await.database().await;
    let first = start(&config(&home, &database.url).await).await;
    new_board(&first, &Clock::system()).await;
    shows(&first, 1).await;
    first.stop().await;
    let text = refusal(&config(&elsewhere, &database.url).await).await;
    assert!(text.contains("of another log"), "{text}");
    assert!(text.contains("`madang replay --offline`"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_only_reads_follows_what_another_one_folds() {
    let home = Home::on(Stack::Embedded);
    let database = MariaDb::shared().await.database().await;
    let config = config(&home, &database.url).await;
    let writing = start(&config).await;
    new_board(&writing, &Clock::system()).await;
    shows(&writing, 1).await;
    let head = writing.store.head().await.unwrap();
    writing.stop().await;
    let reads = Config {
        roles: Roles::of(&[Role::Query]),
        ..config
    };
    let reading = start(&reads).await;
    stands(&reading, &Stand::Open).await;
    reading.queries.reach(head).await.unwrap();
    let moved = format!(
        "UPDATE checkpoint SET position = '{}'",
        Position::new(0, 99)
    );
    say(&database.url, moved).await;
    reading.queries.reach(Position::new(0, 99)).await.unwrap();
    reading.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_to_write_for_a_silent_server_to_be_noticed() {
    let home = Home::on(Stack::Embedded);
    let mut server = MariaDb::start();
    let database = server.database().await;
    let node = start(&config(&home, &database.url).await).await;
    stands(&node, &Stand::Open).await;
    server.process().pause();
    stands(&node, &Stand::Away).await;
    server.process().resume();
    stands(&node, &Stand::Open).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_ends_whose_views_were_replaced_by_those_of_another_log() {
    for role in [Role::Projector, Role::Query] {
        let home = Home::on(Stack::Embedded);
        let database = MariaDb::shared().await.database().await;
        let config = config(&home, &database.url).await;
        start(&config).await.stop().await;
        let config = Config {
            roles: Roles::of(&[role]),
            ..config
        };
        let node = start(&config).await;
        stands(&node, &Stand::Open).await;
        let another = new_command_id();
        let replace = format!("UPDATE checkpoint SET log_id = '{another}'");
        say(&database.url, replace).await;
        let why = timeout(LONG, refused(node.stand.clone())).await.unwrap();
        assert!(why.contains("of another log"), "{why}");
        assert!(why.contains("`madang replay --offline`"), "{why}");
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_may_only_read_is_refused_with_what_to_grant() {
    let home = Home::on(Stack::Embedded);
    let server = MariaDb::start();
    let database = server.database().await;
    start(&config(&home, &database.url).await)
        .await
        .stop()
        .await;
    let url = &database.url;
    let user = "CREATE USER looker; GRANT SELECT ON *.* TO looker";
    say(url, user).await;
    let looker = url.replace("root@", "looker@");
    let text = refusal(&config(&home, &looker).await).await;
    assert!(text.contains("GRANT ALL ON"), "{text}");
}
