//! A server that is paused, killed and started again while views on it are in use.

use std::time::{Duration, Instant};

use madang::views::Views;
use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;

use super::refusals::{location, say};
use crate::servers::mariadb::{Database, MariaDb};

/// What a reader is kept waiting at most by a server that says nothing: for a connection, or for a
/// statement and its grace.
const AT_MOST: Duration = Duration::from_secs(4);

async fn read(views: &Views) -> sqlx::Result<i64> {
    let mut reader = views.readers().acquire().await?;
    let count = reader.statement("SELECT count(*) FROM board");
    count.fetch_one(&mut reader).await?.try_get(0)
}

/// A server of the test's own, with views.
async fn server() -> (MariaDb, Database, Views) {
    let server = MariaDb::start();
    let database = server.database().await;
    let views = Views::open(&location(&database.url)).await.unwrap();
    assert_eq!(read(&views).await.unwrap(), 0);
    (server, database, views)
}

/// A signal takes a moment.
async fn is_silent(url: &str) {
    let soon = Duration::from_millis(100);
    while tokio::time::timeout(soon, MySqlConnection::connect(url))
        .await
        .is_ok()
    {}
}

/// Reads until an answer comes.
async fn until_it_answers(views: &Views) {
    while read(views).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_server_keeps_few_waiting_and_none_for_long() {
    let (mut server, database, views) = server().await;
    server.process().pause();
    is_silent(&database.url).await;
    let begun = Instant::now();
    let crowd = (0..40).map(|_| read(&views));
    let answers = futures_util::future::join_all(crowd).await;
    assert!(answers.iter().all(Result::is_err));
    assert!(begun.elapsed() < AT_MOST, "{:?}", begun.elapsed());
    // Now it is known: who comes next is told at once.
    let begun = Instant::now();
    assert!(read(&views).await.is_err());
    assert!(begun.elapsed() < Duration::from_millis(500));
    server.process().resume();
    until_it_answers(&views).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_more_connections_is_read_through_those_that_there_are() {
    let (_server, database, views) = server().await;
    say(&database.url, "SET GLOBAL max_connections = 10").await;
    let mut others = Vec::new();
    while let Ok(other) = MySqlConnection::connect(&database.url).await {
        others.push(other);
    }
    let crowd = (0..20).map(|_| read(&views));
    for answer in futures_util::future::join_all(crowd).await {
        assert_eq!(answer.unwrap(), 0);
    }
    drop(others);
    assert_eq!(read(&views).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_started_anew_is_read_again() {
    let (mut server, _database, views) = server().await;
    server.process().restart();
    until_it_answers(&views).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_the_server_did_not_live_to_commit_never_happened() {
    let (mut server, _database, views) = server().await;
    let mut transaction = views.writer().begin().await.unwrap();
    let insert = "INSERT INTO board VALUES (1, 'yard', '', 100, 0, 0, 0, 0, '')";
    let insert = transaction.statement(insert);
    assert_eq!(insert.execute(&mut transaction).await.unwrap(), 1);
    server.process().restart();
    assert!(transaction.commit().await.is_err());
    until_it_answers(&views).await;
    assert_eq!(read(&views).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_in_mid_statement_leaves_no_answer_to_the_next() {
    let (_server, _database, views) = server().await;
    for _ in 0..20 {
        let mut reader = views.readers().acquire().await.unwrap();
        let slow = reader.statement("SELECT SLEEP(1)").execute(&mut reader);
        let given_up = tokio::time::timeout(Duration::from_millis(5), slow).await;
        assert!(given_up.is_err());
        drop(reader);
        assert_eq!(read(&views).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let (_server, _database, views) = server().await;
    let mut reader = views.readers().acquire().await.unwrap();
    let endless =
        reader.statement("SELECT count(*) FROM seq_1_to_1000000 AS a, seq_1_to_1000000 AS b");
    let begun = Instant::now();
    let ended = endless.execute(&mut reader).await.unwrap_err();
    assert!(matches!(ended, sqlx::Error::Database(_)), "{ended}");
    assert!(begun.elapsed() < AT_MOST);
    drop(reader);
    assert_eq!(read(&views).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_dropped_holds_no_lock() {
    let (_server, _database, views) = server().await;
    for round in 0..20 {
        let mut transaction = views.writer().begin().await.unwrap();
        let insert = "INSERT INTO board VALUES (1, 'yard', '', 100, 0, 0, 0, 0, '')";
        let insert = transaction.statement(insert);
        let inserted = insert.execute(&mut transaction).await;
        assert_eq!(inserted.unwrap(), 1, "{round}");
    }
    assert_eq!(read(&views).await.unwrap(), 0);
}
