//! Positions, times, closing, and clients that go away.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use madang::ambient::Clock;
use madang::domain::{Revision, Timestamp};
use madang::event_store::sqlite::{QUEUE_LIMIT, SqliteLog};
use madang::event_store::{
    AppendError, EventStore, Expected, Page, Position, RecordedEvent, Reported, StoreError,
};
use sqlx::Connection;
use tokio::task::JoinSet;

use super::InDirectory;
use crate::event_store::contract::{Fixture as _, at, events, fresh_stream, given_stream};

async fn all(log: &SqliteLog) -> Vec<RecordedEvent> {
    log.read_all(Position::START, Page::forward(4096))
        .await
        .unwrap()
}

async fn connection(fixture: &InDirectory) -> sqlx::SqliteConnection {
    let url = format!("sqlite://{}", fixture.path().display());
    sqlx::SqliteConnection::connect(&url).await.unwrap()
}

async fn execute(fixture: &InDirectory, sql: &'static str) {
    let mut connection = connection(fixture).await;
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn positions_are_one_two_three() {
    let fixture = InDirectory::open().await;
    let log = fixture.log();
    given_stream(&*log, 2).await;
    log.append(&fresh_stream(), at(7), events(2))
        .await
        .unwrap_err();
    given_stream(&*log, 2).await;
    let positions: Vec<_> = all(&log).await.iter().map(|e| e.position).collect();
    assert_eq!(positions, [1, 2, 3, 4].map(|n| Position::new(0, n)));
}

#[tokio::test]
async fn the_clock_may_step_back_but_recorded_times_do_not() {
    let hands = Arc::new(AtomicI64::new(500));
    let mut fixture = InDirectory::with_clock(Clock::driven_by(Arc::clone(&hands))).await;
    given_stream(&*fixture.log(), 1).await;
    hands.store(100, Ordering::Relaxed);
    given_stream(&*fixture.log(), 1).await;
    let times = |read: Vec<RecordedEvent>| read.iter().map(|e| e.recorded_at.0).collect::<Vec<_>>();
    assert_eq!(times(all(&fixture.log()).await), [500, 500]);
    fixture.reopen().await;
    given_stream(&*fixture.log(), 1).await;
    assert!(times(all(&fixture.log()).await).is_sorted());
}

#[tokio::test]
async fn the_position_before_a_time_is_the_closest_one() {
    let hands = Arc::new(AtomicI64::new(0));
    let fixture = InDirectory::with_clock(Clock::driven_by(Arc::clone(&hands))).await;
    let log = fixture.log();
    assert_eq!(log.position_before(Timestamp(0)).await, Ok(Position::START));
    for time in [10, 20, 20, 30] {
        hands.store(time, Ordering::Relaxed);
        given_stream(&*log, 1).await;
    }
    for (time, before) in [(9, 0), (10, 0), (11, 1), (20, 1), (21, 3), (30, 3), (31, 4)] {
        let found = log.position_before(Timestamp(time)).await;
        assert_eq!(found, Ok(Position::new(0, before)), "before {time}");
    }
}

#[tokio::test]
async fn a_dropped_append_disturbs_nobody() {
    let fixture = InDirectory::open().await;
    let log = fixture.log();
    let stream = fresh_stream();
    for _ in 0..50 {
        let abandoned = log.append(&stream, Expected::NoStream, events(2));
        tokio::select! { biased; _ = abandoned => {}, () = tokio::task::yield_now() => {} }
        given_stream(&*log, 1).await;
    }
    let read = log
        .read_stream(&stream, Revision::FIRST, Page::forward(9))
        .await
        .unwrap();
    assert!(read.is_empty() || read.len() == 2, "all or none");
    let positions: Vec<_> = all(&log)
        .await
        .iter()
        .map(|e| e.position.prepare())
        .collect();
    assert!(positions.iter().copied().eq(1..=positions.len() as u64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_finishes_what_waits_and_lets_the_file_go() {
    let fixture = InDirectory::open().await;
    let log = fixture.log();
    let mut appends = JoinSet::new();
    for _ in 0..100 {
        let log = fixture.log();
        appends.spawn(async move {
            log.append(&fresh_stream(), Expected::NoStream, events(1))
                .await
        });
    }
    while log.head().await.unwrap() == Position::START {
        tokio::task::yield_now().await;
    }
    log.close().await;
    let acknowledged = appends.join_all().await.into_iter().flatten().count();
    let again = SqliteLog::open(&fixture.path(), Clock::system())
        .await
        .unwrap();
    assert_eq!(all(&again).await.len(), acknowledged);
}

#[tokio::test]
async fn a_closed_log_says_so() {
    let fixture = InDirectory::open().await;
    let log = fixture.log();
    log.close().await;
    log.close().await;
    let append = log
        .append(&fresh_stream(), Expected::NoStream, events(1))
        .await;
    assert!(matches!(
        append,
        Err(AppendError::Store(StoreError::Unavailable { .. }))
    ));
    let read = log.read_all(Position::START, Page::forward(1)).await;
    assert!(matches!(read, Err(StoreError::Unavailable { .. })));
}

#[tokio::test]
async fn closing_leaves_one_file_and_its_lock() {
    let fixture = InDirectory::open().await;
    given_stream(&*fixture.log(), 3).await;
    all(&fixture.log()).await;
    fixture.log().close().await;
    let mut names: Vec<_> = std::fs::read_dir(fixture.path().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["log.db", "log.db.lock"]);
}

#[tokio::test]
async fn closing_ends_subscriptions() {
    let fixture = InDirectory::open().await;
    let log = fixture.log();
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let mut batch = Vec::new();
    subscription.next_batch(&mut batch, 9).await;
    assert_eq!(batch, [Ok(Reported::CaughtUp)]);
    log.close().await;
    assert_eq!(subscription.next_batch(&mut batch, 9).await, 0);
}

#[tokio::test]
async fn a_slow_subscriber_holds_nobody_up() {
    let fixture = InDirectory::open().await;
    let log = fixture.log();
    let subscription = log.subscribe_all(Position::START).await.unwrap();
    for _ in 0..60 {
        log.append(&fresh_stream(), Expected::NoStream, events(100))
            .await
            .unwrap();
    }
    let mut late = log.subscribe_all(Position::START).await.unwrap();
    drop(subscription);
    let (mut batch, mut seen) = (Vec::new(), 0);
    while seen < 6001 {
        let more = late.next_batch(&mut batch, 1000).await;
        assert_ne!(more, 0, "ended with {:?}", batch.pop());
        seen += more;
    }
    assert_eq!(batch.pop(), Some(Ok(Reported::CaughtUp)));
}

#[tokio::test]
async fn a_gap_is_corrupt_and_ends_the_subscription() {
    let fixture = InDirectory::open().await;
    given_stream(&*fixture.log(), 4).await;
    execute(&fixture, "DELETE FROM event WHERE position = 3").await;
    let mut subscription = fixture
        .log()
        .subscribe_all(Position::new(0, 1))
        .await
        .unwrap();
    let mut batch = Vec::new();
    while subscription.next_batch(&mut batch, 9).await > 0 {}
    assert!(matches!(batch.pop(), Some(Err(StoreError::Corrupt { .. }))));
}

#[tokio::test]
async fn a_corrupt_record_names_its_stream_and_revision() {
    let fixture = InDirectory::open().await;
    let (stream, _) = given_stream(&*fixture.log(), 2).await;
    execute(
        &fixture,
        "UPDATE event SET event_id = x'00' WHERE position = 2",
    )
    .await;
    let read = fixture
        .log()
        .read_all(Position::START, Page::forward(9))
        .await;
    let text = read.unwrap_err().to_string();
    assert!(
        text.contains(&format!("stream {stream} revision 1")),
        "{text}"
    );
    assert!(text.contains("log.db"), "{text}");
}

/// Somebody else holds SQLite's write lock: the writer waits for it, the queue fills up, and who
/// finds no place is told so. Once the lock is gone, all is as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_busy() {
    let fixture = InDirectory::open().await;
    let mut other = connection(&fixture).await;
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let mut appends = JoinSet::new();
    for _ in 0..4 * QUEUE_LIMIT {
        let log = fixture.log();
        appends.spawn(async move {
            log.append(&fresh_stream(), Expected::NoStream, events(1))
                .await
        });
    }
    let first = tokio::time::timeout(Duration::from_secs(20), appends.join_next()).await;
    let error = first.unwrap().unwrap().unwrap().unwrap_err();
    assert!(
        matches!(error, AppendError::Store(StoreError::Busy { .. })),
        "{error}"
    );
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    drop(other);
    appends.join_all().await;
    given_stream(&*fixture.log(), 1).await;
}
