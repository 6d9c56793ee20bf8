//! The embedded log: durable appends by 64 tasks against one insert and one commit at a time on
//! the same file system, and how fast a subscription catches up.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use madang::ambient::{Clock, new_command_id};
use madang::domain::Revision;
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{EventStore, Expected, NewEvent, Position, StreamName};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::support;

const ROUNDS: usize = 5;
const TASKS: usize = 64;
const ROUND: Duration = Duration::from_secs(2);
const CATCH_UP_EVENTS: usize = 1_000_000;
const INSERT: &str = "INSERT INTO event (position, stream, revision, event_id, event_type, data, \
    metadata, recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

/// Runs the benchmark in a directory under `target`, since `/tmp` may be in memory.
pub(crate) fn run(runtime: &Runtime) {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let directory = tempfile::tempdir_in(target).expect("a directory for the logs");
    runtime.block_on(async {
        appends(directory.path()).await;
        catch_up(directory.path()).await;
    });
}

async fn appends(directory: &Path) {
    let log = open(&directory.join("group.db")).await;
    let mut single = Alone::open(&directory.join("single.db")).await;
    let (mut together, mut alone, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        together.push(by_tasks(&log).await);
        alone.push(single.rate(ROUND).await);
        ratios.push(together[together.len() - 1] / alone[alone.len() - 1]);
    }
    log.close().await;
    println!(
        "{TASKS} tasks, durable:            {:>9.0} appends/s",
        support::median(&mut together)
    );
    println!(
        "one insert, one commit:       {:>9.0} appends/s",
        support::median(&mut alone)
    );
    println!(
        "ratio (median of {ROUNDS} rounds):   {:>9.1}",
        support::median(&mut ratios)
    );
}

async fn open(path: &Path) -> Arc<SqliteLog> {
    let log = SqliteLog::open(path, Clock::system()).await;
    Arc::new(log.expect("a log"))
}

/// What group commit is held against: one insert and one commit at a time, into the same table.
pub(crate) struct Alone {
    connection: SqliteConnection,
    position: i64,
}

impl Alone {
    /// Makes a log, to have its table, and opens it as a plain database.
    pub(crate) async fn open(path: &Path) -> Self {
        open(path).await.close().await;
        let connection = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging()
            .connect()
            .await
            .expect("a connection");
        Self {
            connection,
            position: 0,
        }
    }

    /// Inserts per second, over `time`.
    pub(crate) async fn rate(&mut self, time: Duration) -> f64 {
        let begun = Instant::now();
        let mut count = 0_u32;
        while begun.elapsed() < time {
            let event = event();
            self.position += 1;
            sqlx::query(INSERT)
                .bind(self.position)
                .bind(stream().as_str().to_owned())
                .bind(0)
                .bind(event.event_id.as_bytes().to_vec())
                .bind(event.event_type)
                .bind(event.data)
                .bind(event.metadata)
                .bind(0)
                .execute(&mut self.connection)
                .await
                .expect("an insert");
            count += 1;
        }
        f64::from(count) / begun.elapsed().as_secs_f64()
    }
}

fn event() -> NewEvent {
    NewEvent {
        event_id: new_command_id(),
        event_type: "ArticleCreated",
        data: format!(
            r#"{{"title":"A title","content":"{}"}}"#,
            "lorem ipsum ".repeat(15)
        ),
        metadata: r#"{"$correlationId":"0190a0a0-0000-7000-8000-000000000000","actor":"kim"}"#
            .to_owned(),
    }
}

/// A stream that is new.
fn stream() -> StreamName {
    StreamName::recorded(format!("article-{}", new_command_id()))
}

/// Appends by tasks that each wait for their own append.
async fn by_tasks(log: &Arc<SqliteLog>) -> f64 {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let log = Arc::clone(log);
        tasks.spawn(async move {
            let mut count = 0_u32;
            while begun.elapsed() < ROUND {
                // Most appends begin a stream, as an article does; the other side's do, too.
                let appended = log
                    .append(&stream(), Expected::NoStream, vec![event()])
                    .await;
                assert_eq!(appended.expect("an append").revision, Revision::FIRST);
                count += 1;
            }
            count
        });
    }
    let count: u32 = tasks.join_all().await.into_iter().sum();
    f64::from(count) / begun.elapsed().as_secs_f64()
}

async fn catch_up(directory: &Path) {
    let log = open(&directory.join("long.db")).await;
    let begun = Instant::now();
    fill(&log).await;
    let filled = per_second(begun);
    println!("filling in appends of 100:    {filled:>9.0} events/s");
    let mut rates = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        let mut subscription = log
            .subscribe_all(Position::START)
            .await
            .expect("a subscription");
        let mut batch = Vec::with_capacity(1024);
        let mut seen = 0;
        while seen < CATCH_UP_EVENTS {
            let more = subscription.next_batch(&mut batch, 1024).await;
            assert_ne!(more, 0, "the subscription ended");
            seen += more;
            batch.clear();
        }
        rates.push(per_second(begun));
    }
    println!(
        "catching up with {CATCH_UP_EVENTS}:     {:>9.0} events/s",
        support::median(&mut rates)
    );
    log.close().await;
}

fn per_second(begun: Instant) -> f64 {
    1e6 / begun.elapsed().as_secs_f64()
}

/// Writes the log that is caught up with: streams of one event, as those of articles are.
async fn fill(log: &Arc<SqliteLog>) {
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let log = Arc::clone(log);
        tasks.spawn(async move {
            for _ in 0..CATCH_UP_EVENTS / 1000 {
                let stream = stream();
                let events = std::iter::repeat_with(event).take(100).collect();
                let appended = log.append(&stream, Expected::NoStream, events).await;
                assert_eq!(appended.expect("an append").revision, Revision(99));
            }
        });
    }
    tasks.join_all().await;
}
