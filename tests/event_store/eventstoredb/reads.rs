//! Reads that a server answers wrongly, late or never.

use std::time::Duration;

use madang::domain::Revision;
use madang::event_store::eventstoredb::Limits;
use madang::event_store::{EventStore as _, Page, Position, StoreError};
use tonic::Status;

use super::{OnFake, patiently, revisions, short};
use crate::event_store::contract::given_stream;
use crate::servers::eventstoredb::{Act, Call, Ending, Foreign, Manner, said};

/// Reads may be done twice, so they are.
#[tokio::test]
async fn a_read_that_fails_is_tried_again() {
    let OnFake { server, log } = OnFake::open().await;
    let (stream, _) = given_stream(&log, 3).await;
    let broken = || {
        vec![
            Act::Passes(1),
            Act::Ends(Ending::With(Status::internal("broken"))),
        ]
    };
    server
        .manners()
        .next(Call::ReadStream, Manner::Acts(broken()));
    let read = log
        .read_stream(&stream, Revision::FIRST, Page::forward(9))
        .await;
    assert_eq!(revisions(&read.unwrap()), [0, 1, 2]);
    server
        .manners()
        .next(Call::ReadAll, Manner::Fails(Status::unavailable("")));
    let read = log.read_all(Position::START, Page::forward(9)).await;
    assert_eq!(revisions(&read.unwrap()), [0, 1, 2]);
}

#[tokio::test]
async fn a_read_that_always_fails_is_given_up() {
    let OnFake { server, log } = OnFake::open().await;
    log.head().await.unwrap();
    server
        .manners()
        .always(Call::ReadAll, Manner::Fails(Status::unavailable("")));
    let error = log.head().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    server.manners().well();
    patiently(async || log.head().await).await;
}

/// The client's deadline is only a header; and a server that is silent at the very first question
/// never comes to it.
#[tokio::test]
async fn a_server_that_never_speaks_again_is_not_waited_for() {
    for call in [
        Call::Connection,
        Call::Features,
        Call::ReadAll,
        Call::ReadStream,
    ] {
        let limits = Limits {
            call: Duration::from_millis(100),
            ..short()
        };
        let OnFake { server, log } = OnFake::with(limits).await;
        server.manners().always(call, Manner::Silent);
        let stream = "stream".parse().unwrap();
        let error = match call {
            Call::ReadStream => {
                log.read_stream(&stream, Revision::FIRST, Page::forward(1))
                    .await
            }
            _ => log.read_all(Position::START, Page::forward(1)).await,
        };
        let error = error.unwrap_err();
        assert!(
            matches!(error, StoreError::Unavailable { .. }),
            "{call:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_read_that_falls_silent_is_not_waited_for() {
    let limits = Limits {
        call: Duration::from_millis(100),
        ..short()
    };
    let OnFake { server, log } = OnFake::with(limits).await;
    let (stream, _) = given_stream(&log, 3).await;
    let silence = vec![Act::Passes(1), Act::Ends(Ending::Silence)];
    server
        .manners()
        .next(Call::ReadStream, Manner::Acts(silence));
    let error = log
        .read_stream(&stream, Revision::FIRST, Page::forward(9))
        .await;
    assert!(
        matches!(error, Err(StoreError::Unavailable { .. })),
        "{error:?}"
    );
}

/// Defect 13: events without an id, without a stream, without an event.
#[tokio::test]
async fn an_event_without_its_fields_takes_nothing_with_it() {
    let OnFake { server, log } = OnFake::open().await;
    given_stream(&log, 2).await;
    for hollow in [said::event_without_fields(1), said::nothing_of_an_event()] {
        let acts = vec![
            Act::Passes(1),
            Act::Says(hollow),
            Act::Ends(Ending::Cleanly),
        ];
        server.manners().next(Call::ReadAll, Manner::Acts(acts));
        // An error, or the page without it: but no panic, and the next read is as ever.
        let _ = log.read_all(Position::START, Page::forward(9)).await;
        let read = patiently(async || log.read_all(Position::START, Page::forward(9)).await).await;
        assert_eq!(read.len(), 2);
    }
}

/// Defect 9: the client cannot filter what it reads, and a page that is not full says that the log
/// ends here.
#[tokio::test]
async fn a_page_is_full_although_most_of_the_log_is_the_servers() {
    let OnFake { server, log } = OnFake::open().await;
    let (stream, _) = given_stream(&log, 1).await;
    for _ in 0..1000 {
        server
            .log()
            .write("$stats", Foreign::new("$statsCollected", "{}"));
        server.log().link(stream.as_str(), 0);
    }
    let (_, appended) = given_stream(&log, 2).await;
    let forward = log
        .read_all(Position::START, Page::forward(2))
        .await
        .unwrap();
    assert_eq!(forward[1].position, appended[0].position);
    let backward = log
        .read_all(Position::END, Page::backward(3))
        .await
        .unwrap();
    assert_eq!(backward[2].position, forward[0].position);
    let rest = log
        .read_all(appended[0].position, Page::forward(9))
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
}

/// The newest record may be one that no subscription ever reports.
#[tokio::test]
async fn the_head_is_no_event_of_the_servers() {
    let OnFake { server, log } = OnFake::open().await;
    assert_eq!(log.head().await.unwrap(), Position::START);
    let (_, appended) = given_stream(&log, 2).await;
    for _ in 0..300 {
        server
            .log()
            .write("$stats", Foreign::new("$statsCollected", "{}"));
    }
    assert_eq!(log.head().await.unwrap(), appended[1].position);
}

/// An event of another writer, under other limits.
#[tokio::test]
async fn an_event_over_a_mebibyte_is_read() {
    let OnFake { server, log } = OnFake::open().await;
    let large = format!("\"{}\"", "x".repeat(2 * 1024 * 1024));
    server
        .log()
        .write("stream", Foreign::new("Large", large.clone()));
    let read = log
        .read_all(Position::START, Page::forward(2))
        .await
        .unwrap();
    assert!(read[0].data == large);
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let events = super::next_events(&mut subscription, 1).await;
    assert!(events[0].data == large);
}

/// Offsets in bytes: what is between two events is no position.
#[tokio::test]
async fn an_arbitrary_number_is_no_position() {
    let OnFake {
        server: _server,
        log,
    } = OnFake::open().await;
    let (_, appended) = given_stream(&log, 2).await;
    let commit = appended[0].position.commit();
    for (commit, prepare) in [
        (commit + 1, commit + 1),
        (commit, commit - 1),
        (u64::MAX, 7),
    ] {
        let position = Position::new(commit, prepare);
        assert_eq!(log.event_at(position).await, Ok(None));
        let read = log.read_all(position, Page::forward(1)).await;
        assert_eq!(read, Err(StoreError::NoSuchPosition { position }));
        let error = log.subscribe_all(position).await;
        let error = match error {
            Ok(mut subscription) => super::fault(&mut subscription).await,
            Err(error) => error,
        };
        assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_closed_log_is_asked_no_more() {
    let OnFake { server, log } = OnFake::open().await;
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    super::next(&mut subscription).await.unwrap().unwrap();
    log.close().await;
    let error = log.head().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    while super::next(&mut subscription).await.is_some() {}
    server.manners().until(Call::Unsubscribe, 1).await;
}
