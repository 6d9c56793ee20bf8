//! Reading: streams and the whole log, both ways, in pages.

use madang::domain::Revision;
use madang::event_store::{
    EventStore, Expected, MAX_READ_EVENTS, Page, Position, RecordedEvent, StreamName,
};

use super::{Fixture, at, event, events, fresh_stream, given_stream};

fn revisions(read: &[RecordedEvent]) -> Vec<u64> {
    read.iter().map(|event| event.revision.0).collect()
}

async fn read(store: &dyn EventStore, stream: &StreamName, from: u64, page: Page) -> Vec<u64> {
    let read = store.read_stream(stream, Revision(from), page).await;
    revisions(&read.unwrap())
}

pub(crate) async fn a_missing_stream_is_empty(fixture: impl Fixture) {
    let (store, stream) = (fixture.store(), fresh_stream());
    assert!(read(&*store, &stream, 0, Page::forward(9)).await.is_empty());
    assert!(
        read(&*store, &stream, 9, Page::backward(9))
            .await
            .is_empty()
    );
}

pub(crate) async fn an_event_comes_back_as_it_was_written(fixture: impl Fixture) {
    let (store, stream, event) = (fixture.store(), fresh_stream(), event());
    let appended = store
        .append(&stream, Expected::NoStream, vec![event.clone()])
        .await
        .unwrap();
    let read = store
        .read_stream(&stream, Revision::FIRST, Page::forward(1))
        .await
        .unwrap();
    let expected = RecordedEvent {
        position: appended.position,
        stream,
        revision: appended.revision,
        event_id: event.event_id,
        event_type: event.event_type.to_owned(),
        data: event.data,
        metadata: event.metadata,
        recorded_at: read[0].recorded_at,
    };
    assert_eq!(read, [expected]);
}

pub(crate) async fn any_text_comes_back(fixture: impl Fixture) {
    let (store, stream, mut event) = (fixture.store(), fresh_stream(), event());
    let data = r#"{"마당":"\u0000 '\"; DROP TABLE event; -- 🏡"}"#;
    event.data = data.into();
    store
        .append(&stream, Expected::NoStream, vec![event])
        .await
        .unwrap();
    let read = store
        .read_stream(&stream, Revision::FIRST, Page::forward(1))
        .await
        .unwrap();
    assert_eq!(read[0].data, data);
}

pub(crate) async fn a_stream_is_read_forward_in_pages(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 5).await;
    assert_eq!(read(&*store, &stream, 0, Page::forward(2)).await, [0, 1]);
    assert_eq!(read(&*store, &stream, 2, Page::forward(2)).await, [2, 3]);
    assert_eq!(read(&*store, &stream, 4, Page::forward(2)).await, [4]);
    assert!(read(&*store, &stream, 5, Page::forward(2)).await.is_empty());
}

pub(crate) async fn a_stream_is_read_backward_in_pages(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 5).await;
    assert_eq!(read(&*store, &stream, 4, Page::backward(2)).await, [4, 3]);
    assert_eq!(read(&*store, &stream, 2, Page::backward(2)).await, [2, 1]);
    assert_eq!(read(&*store, &stream, 0, Page::backward(2)).await, [0]);
}

pub(crate) async fn backward_from_past_the_end_begins_at_the_newest(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 3).await;
    assert_eq!(read(&*store, &stream, 99, Page::backward(2)).await, [2, 1]);
    assert_eq!(
        read(&*store, &stream, u64::MAX, Page::backward(1)).await,
        [2]
    );
}

pub(crate) async fn no_more_than_the_limit_is_read(fixture: impl Fixture) {
    let (store, stream) = (fixture.store(), fresh_stream());
    let mut expected = Expected::NoStream;
    for _ in 0..=MAX_READ_EVENTS / 100 {
        let appended = store.append(&stream, expected, events(100)).await.unwrap();
        expected = Expected::Revision(appended.revision);
    }
    let all = read(&*store, &stream, 0, Page::forward(usize::MAX)).await;
    assert_eq!(all.len(), MAX_READ_EVENTS);
    assert!(read(&*store, &stream, 0, Page::forward(0)).await.is_empty());
}

pub(crate) async fn the_whole_log_is_read_forward(fixture: impl Fixture) {
    let store = fixture.store();
    let before = store.head().await.unwrap();
    let (stream, appended) = given_stream(&*store, 4).await;
    let mut seen = Vec::new();
    let mut after = before;
    while after < appended[3].position {
        let page = store.read_all(after, Page::forward(3)).await.unwrap();
        assert!(page.is_sorted_by(|a, b| a.position < b.position));
        after = page.last().unwrap().position;
        seen.extend(page.into_iter().filter(|e| e.stream == stream));
    }
    assert_eq!(revisions(&seen), [0, 1, 2, 3]);
}

pub(crate) async fn the_whole_log_is_read_backward(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, appended) = given_stream(&*store, 4).await;
    let mut seen = Vec::new();
    let mut from = Position::END;
    while from > appended[0].position {
        let page = store.read_all(from, Page::backward(3)).await.unwrap();
        assert!(page.is_sorted_by(|a, b| a.position > b.position));
        from = page.last().unwrap().position;
        seen.extend(page.into_iter().filter(|e| e.stream == stream));
    }
    assert_eq!(revisions(&seen), [3, 2, 1, 0]);
}

pub(crate) async fn the_ends_of_the_whole_log_are_exclusive(fixture: impl Fixture) {
    let store = fixture.store();
    let (_, appended) = given_stream(&*store, 1).await;
    let own = appended[0].position;
    for page in [Page::forward(1), Page::backward(1)] {
        let read = store.read_all(own, page).await.unwrap();
        assert!(read.iter().all(|event| event.position != own));
    }
}

pub(crate) async fn an_event_is_found_at_its_position(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, appended) = given_stream(&*store, 2).await;
    let found = store.event_at(appended[0].position).await.unwrap().unwrap();
    assert_eq!((found.stream, found.revision), (stream, Revision(0)));
}

pub(crate) async fn no_event_stands_at_the_start_or_the_end(fixture: impl Fixture) {
    let store = fixture.store();
    given_stream(&*store, 1).await;
    assert_eq!(store.event_at(Position::START).await, Ok(None));
    assert_eq!(store.event_at(Position::END).await, Ok(None));
}

pub(crate) async fn the_head_is_the_newest_position(fixture: impl Fixture) {
    let store = fixture.store();
    let (_, appended) = given_stream(&*store, 2).await;
    assert!(store.head().await.unwrap() >= appended[1].position);
}

pub(crate) async fn the_position_before_a_time_is_before_its_events(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 3).await;
    let read = store
        .read_stream(&stream, Revision::FIRST, Page::forward(3))
        .await
        .unwrap();
    for event in read {
        let before = store.position_before(event.recorded_at).await.unwrap();
        assert!(before < event.position);
    }
}

pub(crate) async fn all_is_there_after_reopening(mut fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, appended) = given_stream(&*store, 2).await;
    drop(store);
    fixture.reopen().await;
    let store = fixture.store();
    assert!(store.head().await.unwrap() >= appended[1].position);
    let next = store.append(&stream, at(1), vec![event()]).await.unwrap();
    assert!(next.position > appended[1].position);
    assert_eq!(read(&*store, &stream, 0, Page::forward(9)).await, [0, 1, 2]);
}
