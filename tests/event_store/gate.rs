//! The gate before a log on a server.

use std::sync::Arc;

use madang::domain::{Revision, Timestamp};
use madang::event_store::{AppendError, EventStore, Expected, Gate, Page, Position, StoreError};

use super::contract::{Fixture as _, events, fresh_stream};
use super::sqlite::InDirectory;

/// A closed gate before a log, and the log.
fn gate(fixture: &InDirectory) -> (Gate, Arc<dyn EventStore>) {
    let log: Arc<dyn EventStore> = fixture.log();
    (Gate::closed(Arc::clone(&log), "a server".to_owned()), log)
}

fn is_away<T>(asked: Result<T, StoreError>) -> bool {
    matches!(asked, Err(StoreError::Unavailable { store, .. }) if store == "a server")
}

#[tokio::test]
async fn nobody_reads_or_writes_through_a_closed_gate() {
    let fixture = InDirectory::open().await;
    let (gate, log) = gate(&fixture);
    let stream = fresh_stream();
    let appended = gate.append(&stream, Expected::NoStream, events(1)).await;
    assert!(matches!(
        appended,
        Err(AppendError::Store(StoreError::Unavailable { .. }))
    ));
    let page = Page::forward(1);
    assert!(is_away(
        gate.read_stream(&stream, Revision::FIRST, page).await
    ));
    assert!(is_away(gate.read_all(Position::START, page).await));
    assert!(is_away(gate.event_at(Position::START).await));
    assert!(is_away(gate.position_before(Timestamp(0)).await));
    assert!(is_away(gate.subscribe_all(Position::START).await));
    assert!(is_away(gate.head().await));
    assert_eq!(log.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn an_open_gate_is_the_log_until_it_closes() {
    let fixture = InDirectory::open().await;
    let (gate, log) = gate(&fixture);
    gate.set_open(true);
    let stream = fresh_stream();
    let appended = gate.append(&stream, Expected::NoStream, events(2)).await;
    let position = appended.unwrap().position;
    assert_eq!(gate.head().await.unwrap(), position);
    assert_eq!(log.head().await.unwrap(), position);
    gate.set_open(false);
    assert!(is_away(gate.head().await));
    gate.set_open(true);
    assert_eq!(gate.head().await.unwrap(), position);
    gate.shut();
    gate.set_open(true);
    assert!(is_away(gate.head().await));
}
