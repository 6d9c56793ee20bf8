//! Appending: expected revisions, repeats, limits.

use madang::domain::Revision;
use madang::event_store::{
    AppendError, EventStore, Expected, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, Page, StreamName,
};

use super::{Fixture, at, event, events, fresh_stream, given_stream};

fn wrong(current: Option<u64>) -> AppendError {
    AppendError::WrongExpectedRevision {
        current: current.map(Revision),
    }
}

async fn length(store: &dyn EventStore, stream: &StreamName) -> usize {
    let all = store.read_stream(stream, Revision::FIRST, Page::forward(4096));
    all.await.unwrap().len()
}

pub(crate) async fn a_new_stream_starts_at_revision_zero(fixture: impl Fixture) {
    let store = fixture.store();
    let appended = store
        .append(&fresh_stream(), Expected::NoStream, vec![event()])
        .await
        .unwrap();
    assert_eq!(appended.revision, Revision::FIRST);
    assert!(appended.position <= store.head().await.unwrap());
}

pub(crate) async fn revisions_follow_each_other(fixture: impl Fixture) {
    let (_, appended) = given_stream(&*fixture.store(), 3).await;
    let revisions: Vec<u64> = appended.iter().map(|a| a.revision.0).collect();
    assert_eq!(revisions, [0, 1, 2]);
    assert!(appended.is_sorted_by(|a, b| a.position < b.position));
}

pub(crate) async fn an_existing_stream_is_not_new(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 2).await;
    let again = store
        .append(&stream, Expected::NoStream, vec![event()])
        .await;
    assert_eq!(again, Err(wrong(Some(1))));
}

pub(crate) async fn a_stale_revision_is_refused_with_the_current_one(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 3).await;
    let stale = store.append(&stream, at(0), vec![event()]).await;
    assert_eq!(stale, Err(wrong(Some(2))));
}

pub(crate) async fn a_revision_of_a_missing_stream_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    let missing = store.append(&fresh_stream(), at(0), vec![event()]).await;
    assert_eq!(missing, Err(wrong(None)));
}

pub(crate) async fn a_revision_past_the_end_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 1).await;
    let ahead = store.append(&stream, at(1), vec![event()]).await;
    assert_eq!(ahead, Err(wrong(Some(0))));
}

pub(crate) async fn a_repeated_append_is_the_same_append(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, both) = (fresh_stream(), events(2));
    let first = store
        .append(&stream, Expected::NoStream, both.clone())
        .await;
    let again = store.append(&stream, Expected::NoStream, both).await;
    assert_eq!(again.unwrap(), first.unwrap());
    assert_eq!(length(&*store, &stream).await, 2);
}

pub(crate) async fn a_repeat_is_found_behind_later_appends(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 1).await;
    let repeated = events(2);
    let first = store.append(&stream, at(0), repeated.clone()).await;
    store.append(&stream, at(2), events(3)).await.unwrap();
    let again = store.append(&stream, at(0), repeated).await;
    assert_eq!(again.unwrap(), first.unwrap());
    assert_eq!(length(&*store, &stream).await, 6);
}

pub(crate) async fn a_repeat_is_found_after_reopening(mut fixture: impl Fixture) {
    let (stream, both) = (fresh_stream(), events(2));
    let store = fixture.store();
    let first = store
        .append(&stream, Expected::NoStream, both.clone())
        .await;
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    let again = store.append(&stream, Expected::NoStream, both).await;
    assert_eq!(again.unwrap(), first.unwrap());
}

pub(crate) async fn a_repeat_with_other_ids_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, first) = (fresh_stream(), events(2));
    store
        .append(&stream, Expected::NoStream, first.clone())
        .await
        .unwrap();
    let partly = vec![first[0].clone(), event()];
    let again = store.append(&stream, Expected::NoStream, partly).await;
    assert_eq!(again, Err(wrong(Some(1))));
}

pub(crate) async fn a_repeat_that_is_longer_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, mut longer) = (fresh_stream(), events(2));
    store
        .append(&stream, Expected::NoStream, longer.clone())
        .await
        .unwrap();
    longer.push(event());
    let again = store.append(&stream, Expected::NoStream, longer).await;
    assert_eq!(again, Err(wrong(Some(1))));
}

pub(crate) async fn a_repeat_in_another_order_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, mut turned) = (fresh_stream(), events(2));
    store
        .append(&stream, Expected::NoStream, turned.clone())
        .await
        .unwrap();
    turned.reverse();
    let again = store.append(&stream, Expected::NoStream, turned).await;
    assert_eq!(again, Err(wrong(Some(1))));
}

pub(crate) async fn several_events_are_appended_together(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, three) = (fresh_stream(), events(3));
    let appended = store
        .append(&stream, Expected::NoStream, three.clone())
        .await
        .unwrap();
    let read = store
        .read_stream(&stream, Revision::FIRST, Page::forward(9))
        .await
        .unwrap();
    let ids = |read: &[_]| {
        read.iter()
            .map(|e: &madang::event_store::RecordedEvent| e.event_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(&read),
        three.iter().map(|e| e.event_id).collect::<Vec<_>>()
    );
    assert_eq!(
        (read[2].revision, read[2].position),
        (appended.revision, appended.position)
    );
}

pub(crate) async fn a_refused_append_leaves_nothing(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 1).await;
    store.append(&stream, at(4), events(3)).await.unwrap_err();
    assert_eq!(length(&*store, &stream).await, 1);
}

pub(crate) async fn an_append_without_events_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    let none = store
        .append(&fresh_stream(), Expected::NoStream, vec![])
        .await;
    assert_eq!(none, Err(AppendError::Size));
}

pub(crate) async fn an_append_of_too_many_events_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    let many = events(MAX_APPEND_EVENTS + 1);
    let refused = store
        .append(&fresh_stream(), Expected::NoStream, many)
        .await;
    assert_eq!(refused, Err(AppendError::Size));
}

pub(crate) async fn an_append_of_too_many_bytes_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    let mut big = event();
    big.data = format!("\"{}\"", "x".repeat(MAX_APPEND_BYTES));
    let refused = store
        .append(&fresh_stream(), Expected::NoStream, vec![big])
        .await;
    assert_eq!(refused, Err(AppendError::Size));
}

pub(crate) async fn the_largest_append_fits(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, mut many) = (fresh_stream(), events(MAX_APPEND_EVENTS));
    let others: usize = many.iter().map(|e| e.data.len() + e.metadata.len()).sum();
    let room = MAX_APPEND_BYTES - others + many[0].data.len();
    many[0].data = format!("\"{}\"", "x".repeat(room - 2));
    let data = many[0].data.clone();
    store
        .append(&stream, Expected::NoStream, many)
        .await
        .unwrap();
    let read = store
        .read_stream(&stream, Revision::FIRST, Page::forward(1))
        .await
        .unwrap();
    assert!(read[0].data == data);
}
