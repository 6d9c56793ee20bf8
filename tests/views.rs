//! The connections to the SQL views, and their file or server, when something is in the way.

mod folds;
mod outages;
pub(crate) mod refusals;
mod replays;
mod tls;
mod url;

use madang::ambient::Clock;
use madang::event_store::identity;
use madang::event_store::sqlite::SqliteLog;
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::views::{Database, Views};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::projections::yard::calendar;

async fn script(views: &Views, script: &'static str) {
    let mut connection = views.writer().acquire().await.unwrap();
    connection.run(script).await.unwrap();
}

async fn note(views: &Views, bytes: i64) -> sqlx::Result<()> {
    let mut transaction = views.writer().begin().await?;
    let insert = transaction.statement("INSERT INTO note (text) VALUES (zeroblob(?))");
    insert.bind(bytes).execute(&mut transaction).await?;
    transaction.commit().await
}

/// SQLite rolls back by itself when the disk is full.
#[tokio::test]
async fn a_transaction_that_broke_swallows_no_later_one() {
    let directory = TempDir::new().unwrap();
    let views = Views::open_file(&directory.path().join("views.db"))
        .await
        .unwrap();
    let setup = "CREATE TABLE note (text BLOB); PRAGMA max_page_count = 1";
    script(&views, setup).await;
    let full = note(&views, 1_000_000).await.unwrap_err();
    assert!(full.to_string().contains("full"), "{full}");
    drop(views.writer().begin().await.unwrap());
    script(&views, "PRAGMA max_page_count = 1000000").await;

    note(&views, 10).await.unwrap();

    let mut reader = views.readers().acquire().await.unwrap();
    let seen = reader.statement("SELECT count(*) FROM note");
    let seen = seen.fetch_one(&mut reader).await.unwrap();
    assert_eq!(seen.try_get::<i64>(0).unwrap(), 1);
}

/// What somebody reads from the file at `path`.
async fn glance(path: &Path) -> Result<i64, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut connection = options.busy_timeout(Duration::ZERO).connect().await?;
    sqlx::query_scalar("SELECT count(*) FROM checkpoint")
        .fetch_one(&mut connection)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn views_that_are_being_made_can_be_read_when_they_are_whole() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("views.db");
    let clock = Clock::system();
    let log = directory.path().join("log.db");
    let log = SqliteLog::open(&log, clock.clone()).await.unwrap();
    identity::ensure(&log, &clock).await.unwrap();
    let new = directory.path().join("views.db.replay");
    let mut glances = Vec::new();

    let calendar = calendar();
    let database = Database::File(path.clone());
    let rebuilt = rebuild(&log, (&database, &calendar), OnUnfit::Fail, |_| {
        glances.push(block_in_place(|| Handle::current().block_on(glance(&new))));
    });

    rebuilt.await.unwrap();
    assert!(!glances.is_empty() && glances.iter().all(Result::is_err));
    assert!(matches!(glance(&path).await, Ok(1)));
}
