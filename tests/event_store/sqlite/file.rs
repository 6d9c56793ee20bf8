//! Files that are in use, somebody else's or broken: the error names the file and says what to do.

use std::path::Path;

use madang::ambient::Clock;
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{
    AppendError, EventStore as _, Expected, Page, Position, Reported, StoreError,
};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::InDirectory;
use crate::event_store::contract::{Fixture as _, events, fresh_stream, given_stream};

async fn refusal(path: &Path) -> String {
    match SqliteLog::open(path, Clock::system()).await {
        Err(error @ StoreError::Refused { .. }) => {
            let text = error.to_string();
            assert!(text.contains(path.to_str().unwrap()), "{text}");
            text
        }
        other => panic!("{other:?}"),
    }
}

async fn database(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_second_opening_is_refused_and_told_who_has_it() {
    let fixture = InDirectory::open().await;
    let text = refusal(&fixture.path()).await;
    let pid = format!("pid {}", std::process::id());
    assert!(text.contains("in use") && text.contains(&pid), "{text}");
    given_stream(&*fixture.log(), 1).await;
}

#[tokio::test]
async fn a_dropped_log_lets_the_file_go() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/down/log.db");
    let log = SqliteLog::open(&path, Clock::system()).await.unwrap();
    drop(log);
    while SqliteLog::open(&path, Clock::system()).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_foreign_database_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    database(
        &path,
        "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)",
    )
    .await;
    let before = std::fs::read(&path).unwrap();
    assert!(refusal(&path).await.contains("another program"));
    assert!(std::fs::read(&path).unwrap() == before);
}

#[tokio::test]
async fn a_newer_log_is_refused() {
    let fixture = InDirectory::open().await;
    fixture.log().close().await;
    database(&fixture.path(), "PRAGMA user_version = 2").await;
    assert!(refusal(&fixture.path()).await.contains("format 2"));
}

#[tokio::test]
async fn garbage_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("garbage.db");
    let garbage = b"all work and no play ".repeat(500);
    std::fs::write(&path, &garbage).unwrap();
    assert!(refusal(&path).await.contains("no SQLite file"));
    assert!(std::fs::read(&path).unwrap() == garbage);
}

#[tokio::test]
async fn a_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("taken");
    std::fs::create_dir(&path).unwrap();
    refusal(&path).await;
}

#[tokio::test]
async fn an_auditor_reads_beside_the_server_and_follows_it() {
    let fixture = InDirectory::open().await;
    given_stream(&*fixture.log(), 2).await;
    let auditor = SqliteLog::open_read_only(&fixture.path(), Clock::system())
        .await
        .unwrap();
    let mut subscription = auditor.subscribe_all(Position::START).await.unwrap();
    let mut batch = Vec::new();
    while batch.last() != Some(&Ok(Reported::CaughtUp)) {
        subscription.next_batch(&mut batch, 9).await;
    }
    given_stream(&*fixture.log(), 1).await;
    while batch.len() < 4 {
        subscription.next_batch(&mut batch, 9).await;
    }
    let refused = auditor
        .append(&fresh_stream(), Expected::NoStream, events(1))
        .await;
    assert!(matches!(
        refused,
        Err(AppendError::Store(StoreError::Refused { .. }))
    ));
    auditor.close().await;
}

#[tokio::test]
async fn an_auditor_reads_when_no_server_runs() {
    let fixture = InDirectory::open().await;
    given_stream(&*fixture.log(), 2).await;
    fixture.log().close().await;
    let auditor = SqliteLog::open_read_only(&fixture.path(), Clock::system())
        .await
        .unwrap();
    let read = auditor
        .read_all(Position::START, Page::forward(9))
        .await
        .unwrap();
    assert_eq!(read.len(), 2);
    assert_eq!(auditor.head().await, Ok(Position::new(0, 2)));
}

#[tokio::test]
async fn an_auditor_is_told_that_there_is_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing.db");
    let error = SqliteLog::open_read_only(&path, Clock::system())
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("missing.db: there is no such file")
    );
    assert!(!path.exists());
}
