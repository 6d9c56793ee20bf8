//! Many writers at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use madang::domain::Revision;
use madang::event_store::{AppendError, Expected, Page};
use tokio::task::JoinSet;

use super::{Fixture, event, events, fresh_stream};

const WRITERS: usize = 1000;

pub(crate) async fn a_thousand_writers_of_a_thousand_streams(fixture: impl Fixture) {
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = fixture.store();
        writers.spawn(async move {
            let stream = fresh_stream();
            let appended = store
                .append(&stream, Expected::NoStream, vec![event()])
                .await;
            let read = store
                .read_stream(&stream, Revision::FIRST, Page::forward(2))
                .await;
            (appended.unwrap().position, read.unwrap())
        });
    }
    let mut positions = BTreeSet::new();
    while let Some(written) = writers.join_next().await {
        let (position, read) = written.unwrap();
        assert_eq!(read.len(), 1, "read your own write");
        assert_eq!(read[0].position, position);
        positions.insert(position);
    }
    assert_eq!(positions.len(), WRITERS);
}

/// Everybody wants the same place and moves on to the next when somebody else has it.
pub(crate) async fn a_thousand_writers_of_one_stream(fixture: impl Fixture) {
    let stream = fresh_stream();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, stream) = (fixture.store(), stream.clone());
        let wanted = Expected::from((writer as u64 / 100).checked_sub(1).map(Revision));
        writers.spawn(async move { store.append(&stream, wanted, vec![event()]).await });
    }
    let mut won = Vec::new();
    while let Some(outcome) = writers.join_next().await {
        match outcome.unwrap() {
            Ok(appended) => won.push(appended.revision.0),
            Err(AppendError::WrongExpectedRevision { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    won.sort_unstable();
    assert!(!won.is_empty() && won.iter().copied().eq(0..won.len() as u64));
    let store = fixture.store();
    let read = store
        .read_stream(&stream, Revision::FIRST, Page::forward(99))
        .await;
    assert_eq!(read.unwrap().len(), won.len());
}

pub(crate) async fn the_same_append_twice_at_once(fixture: impl Fixture) {
    for _ in 0..20 {
        let (store, stream, both) = (fixture.store(), fresh_stream(), events(2));
        let one = store.append(&stream, Expected::NoStream, both.clone());
        let two = store.append(&stream, Expected::NoStream, both);
        let (one, two) = tokio::join!(one, two);
        assert_eq!(one.unwrap(), two.unwrap());
        let read = store
            .read_stream(&stream, Revision::FIRST, Page::forward(9))
            .await;
        assert_eq!(read.unwrap().len(), 2);
    }
}

/// Writers of a few streams and readers of the same at once: who was answered, and whoever asks
/// after that, reads at least what was appended.
pub(crate) async fn no_read_is_older_than_an_answered_append(fixture: impl Fixture) {
    const STREAMS: usize = 3;
    const APPENDS: u64 = 12;
    let mut tasks = JoinSet::new();
    for task in 0..STREAMS * 4 {
        let stream = fresh_stream();
        let newest = Arc::new(AtomicU64::new(0));
        for reader in 0..4 {
            let (store, stream) = (fixture.store(), stream.clone());
            let newest = Arc::clone(&newest);
            tasks.spawn(async move {
                while newest.load(Ordering::SeqCst) < APPENDS {
                    // A read may be answered without waiting, and the writers want their turn.
                    tokio::task::yield_now().await;
                    let answered = newest.load(Ordering::SeqCst);
                    let page = Page::forward(99);
                    let read = store.read_stream(&stream, Revision::FIRST, page).await;
                    let read = read.unwrap().len() as u64;
                    assert!(
                        read >= answered,
                        "reader {reader} of {task}: {read} < {answered}"
                    );
                }
            });
        }
        let store = fixture.store();
        tasks.spawn(async move {
            let mut expected = Expected::NoStream;
            for number in 1..=APPENDS {
                let appended = store
                    .append(&stream, expected, vec![event()])
                    .await
                    .unwrap();
                newest.store(number, Ordering::SeqCst);
                expected = Expected::Revision(appended.revision);
            }
        });
    }
    tasks.join_all().await;
}
