//! The audit: reading the log itself, within bounds.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use madang::ambient::Clock;
use madang::audit::{Filter, Found, MAX_EXAMINED, Shown, events, stream};
use madang::domain::{Revision, Timestamp};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{Direction, EventStore, Expected, NewEvent, Position, StreamName};
use madang::rfc3339;
use uuid::Uuid;

fn event(n: usize, data: &str) -> NewEvent {
    NewEvent {
        event_id: Uuid::new_v5(&Uuid::nil(), &n.to_be_bytes()),
        event_type: "Noted",
        data: data.to_owned(),
        metadata: r#"{"actor":"kim"}"#.to_owned(),
    }
}

/// A log with one stream of so many events.
async fn log_of(count: usize, data: &str) -> (tempfile::TempDir, SqliteLog, StreamName) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::driven_by(Arc::new(AtomicI64::new(0)));
    let log = SqliteLog::open(&dir.path().join("log.db"), clock)
        .await
        .unwrap();
    let name: StreamName = "notes".parse().unwrap();
    let mut expected = Expected::NoStream;
    for first in (0..count).step_by(100) {
        let batch = (first..count.min(first + 100)).map(|n| event(n, data));
        let appended = log.append(&name, expected, batch.collect()).await.unwrap();
        expected = Expected::Revision(appended.revision);
    }
    (dir, log, name)
}

fn of_type(event_type: &str) -> Filter {
    Filter {
        event_type: Some(event_type.to_owned()),
        ..Filter::default()
    }
}

fn count<K>(found: &Found<K>) -> (usize, bool) {
    (found.events.len(), found.next.is_some())
}

#[tokio::test]
async fn a_call_examines_so_many_events_and_says_where_to_go_on() {
    let (_dir, log, name) = log_of(MAX_EXAMINED + 1, "{}").await;
    let filter = of_type("Nothing");
    let first = events(&log, &filter, (None, 10)).await.unwrap();
    let last = u64::try_from(MAX_EXAMINED).unwrap();
    assert_eq!(
        (first.events.len(), first.next),
        (0, Some(Position::new(0, last)))
    );
    let second = events(&log, &filter, (first.next, 10)).await.unwrap();
    assert_eq!(count(&second), (0, false));
    let in_stream = stream(&log, &name, &filter, (None, 10))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(in_stream.next, Some(Revision(last - 1)));
}

#[tokio::test]
async fn a_full_answer_at_the_end_of_the_log_is_the_last() {
    let (_dir, log, name) = log_of(3, "{}").await;
    for filter in [Filter::default(), of_type("Noted")] {
        for direction in [Direction::Forward, Direction::Backward] {
            let filter = Filter {
                direction,
                ..filter.clone()
            };
            for (size, more) in [(2, true), (3, false), (4, false)] {
                let found = events(&log, &filter, (None, size)).await.unwrap();
                assert_eq!(count(&found), (size.min(3), more));
                let found = stream(&log, &name, &filter, (None, size)).await.unwrap();
                assert_eq!(count(&found.unwrap()), (size.min(3), more));
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_json_is_shown_as_a_string() {
    let (_dir, log, name) = log_of(1, "no \"json\"").await;
    let found = stream(&log, &name, &Filter::default(), (None, 1))
        .await
        .unwrap();
    let shown = Shown::from(found.unwrap().events.remove(0));
    assert_eq!(shown.data.unwrap().get(), r#""no \"json\"""#);
    assert_eq!(shown.metadata.unwrap().get(), r#"{"actor":"kim"}"#);
}

#[tokio::test]
async fn a_stream_that_never_was_is_none() {
    let (_dir, log, _) = log_of(1, "{}").await;
    let name = "nobody".parse().unwrap();
    let found = stream(&log, &name, &Filter::default(), (None, 1))
        .await
        .unwrap();
    assert_eq!(found, None);
}

#[test]
fn times_are_written_whatever_they_are() {
    for (time, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (i64::MAX, "9999-12-30T22:00:00.999Z"),
        (i64::MIN, "0000-01-01T00:00:00.000Z"),
    ] {
        assert_eq!(rfc3339::write(Timestamp(time)), text);
    }
    assert_eq!(
        rfc3339::parse("1970-01-01T09:00:00.0019+09:00"),
        Some(Timestamp(1))
    );
    assert_eq!(rfc3339::parse("1970-01-01"), None);
}
