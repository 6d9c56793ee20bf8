//! What somebody else has done to the log: written into our streams, deleted, truncated, linked.

use hyper::body::Bytes;
use madang::domain::Revision;
use madang::event_store::{
    AppendError, EventStore as _, Expected, Page, Position, RecordedEvent, StoreError, StreamName,
};

use super::{OnFake, next_events, revisions};
use crate::event_store::contract::{at, event, given_stream};
use crate::servers::eventstoredb::Foreign;

async fn read(fixture: &OnFake, stream: &StreamName) -> Vec<RecordedEvent> {
    let all = fixture
        .log
        .read_stream(stream, Revision::FIRST, Page::forward(99));
    all.await.unwrap()
}

/// What it means is the codec's business: here it must only come through.
#[tokio::test]
async fn events_of_other_writers_come_as_they_are() {
    let fixture = OnFake::open().await;
    let (stream, _) = given_stream(&fixture.log, 1).await;
    let unreadable: Bytes = Bytes::from_static(b"\xff\x00\xfe");
    for (event_type, data) in [
        ("UnheardOf", Bytes::from_static(b"{\"x\":1}")),
        ("ArticleCreated", Bytes::from_static(b"{\"article_id\":")),
        ("ArticleCreated", unreadable.clone()),
        ("", Bytes::new()),
    ] {
        let mut event = Foreign::new(event_type, data);
        event.metadata = unreadable.clone();
        fixture.server.log().write(stream.as_str(), event);
    }
    let events = read(&fixture, &stream).await;
    let data: Vec<_> = events[1..]
        .iter()
        .map(|event| event.data.as_str())
        .collect();
    assert_eq!(
        data,
        ["{\"x\":1}", "{\"article_id\":", "\u{fffd}\0\u{fffd}", ""]
    );
    let mut subscription = fixture.log.subscribe_all(Position::START).await.unwrap();
    assert_eq!(next_events(&mut subscription, 5).await, events);
    let all = fixture
        .log
        .read_all(Position::START, Page::forward(9))
        .await;
    assert_eq!(all.unwrap(), events);
}

/// An id that is no UUID is no event that anybody could have appended; the nil one is.
#[tokio::test]
async fn an_event_with_the_nil_id_comes_as_it_is() {
    let fixture = OnFake::open().await;
    let mut event = Foreign::new("Happened", "{}");
    event.id = uuid::Uuid::nil();
    fixture.server.log().write("stream", event);
    let events = read(&fixture, &"stream".parse().unwrap()).await;
    assert!(events[0].event_id.is_nil());
}

/// They stand in `$all`, between the events: whoever reads sees none of them.
#[tokio::test]
async fn links_and_metadata_and_system_events_are_not_ours() {
    let OnFake { server, log } = OnFake::open().await;
    let (stream, appended) = given_stream(&log, 1).await;
    let stands = [
        server.log().link(stream.as_str(), 0),
        server.log().link("gone", 7),
        server
            .log()
            .write("$$article-1", Foreign::new("$metadata", "{}")),
        server
            .log()
            .write("$settings", Foreign::new("Settings", "{}")),
        server.log().write("article-1", Foreign::new("$own", "{}")),
    ];
    for written in stands {
        let position = Position::new(written.position, written.position);
        assert_eq!(log.event_at(position).await, Ok(None));
    }
    let all = log
        .read_all(Position::START, Page::forward(9))
        .await
        .unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(log.head().await.unwrap(), appended[0].position);
    let (_, new) = given_stream(&log, 1).await;
    let mut subscription = log.subscribe_all(appended[0].position).await.unwrap();
    let events = next_events(&mut subscription, 1).await;
    assert_eq!(events[0].position, new[0].position);
}

#[tokio::test]
async fn a_truncated_stream_starts_above_zero() {
    let fixture = OnFake::open().await;
    let (stream, _) = given_stream(&fixture.log, 5).await;
    fixture.server.log().truncate(stream.as_str(), 3);
    assert_eq!(revisions(&read(&fixture, &stream).await), [3, 4]);
    let backward = fixture
        .log
        .read_stream(&stream, Revision(4), Page::backward(9));
    assert_eq!(revisions(&backward.await.unwrap()), [4, 3]);
    let next = fixture.log.append(&stream, at(4), vec![event()]).await;
    assert_eq!(next.unwrap().revision, Revision(5));
}

/// A repeat of what was truncated is still a repeat.
#[tokio::test]
async fn an_append_to_a_truncated_stream_can_be_repeated() {
    let OnFake { server, log } = OnFake::open().await;
    let (stream, new) = (StreamName::log(), vec![event()]);
    let first = log
        .append(&stream, Expected::NoStream, new.clone())
        .await
        .unwrap();
    log.append(&stream, at(0), vec![event()]).await.unwrap();
    server.log().truncate(stream.as_str(), 1);
    let again = log.append(&stream, Expected::NoStream, new).await;
    assert_eq!(again.unwrap(), first);
}

#[tokio::test]
async fn a_soft_deleted_stream_is_empty_and_can_be_written_anew() {
    let fixture = OnFake::open().await;
    let (stream, _) = given_stream(&fixture.log, 2).await;
    fixture.server.log().soft_delete(stream.as_str());
    assert!(read(&fixture, &stream).await.is_empty());
    let newest = fixture
        .log
        .read_stream(&stream, Revision(u64::MAX), Page::backward(1));
    assert!(newest.await.unwrap().is_empty());
    let new = vec![event()];
    let appended = fixture
        .log
        .append(&stream, Expected::NoStream, new)
        .await
        .unwrap();
    assert_eq!(appended.revision, Revision(2));
    assert_eq!(revisions(&read(&fixture, &stream).await), [2]);
}

#[tokio::test]
async fn a_hard_deleted_stream_is_empty_and_refuses_for_ever() {
    let fixture = OnFake::open().await;
    let (stream, _) = given_stream(&fixture.log, 2).await;
    fixture.server.log().hard_delete(stream.as_str());
    assert!(read(&fixture, &stream).await.is_empty());
    for expected in [Expected::NoStream, at(1)] {
        let refused = fixture.log.append(&stream, expected, vec![event()]).await;
        let Err(AppendError::Store(StoreError::Refused { detail, .. })) = refused else {
            panic!("{refused:?}");
        };
        assert!(detail.contains("hard-deleted"), "{detail}");
    }
}

/// The rest of the log is not concerned.
#[tokio::test]
async fn a_deleted_stream_does_not_stop_a_subscription() {
    let OnFake { server, log } = OnFake::open().await;
    let (gone, _) = given_stream(&log, 2).await;
    server.log().hard_delete(gone.as_str());
    let (stream, _) = given_stream(&log, 1).await;
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let events = next_events(&mut subscription, 3).await;
    assert_eq!(events[2].stream, stream);
}
