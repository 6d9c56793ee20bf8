//! Subscriptions that end, fail, fall silent and repeat themselves.

use std::time::Duration;

use futures_util::FutureExt as _;
use madang::event_store::eventstoredb::Limits;
use madang::event_store::{EventStore as _, Position, Reported, StoreError};
use tonic::{Code, Status};

use super::{OnFake, fault, next, next_events, revisions, short};
use crate::event_store::contract::{at, event, given_stream};
use crate::servers::eventstoredb::{Act, Call, Ending, Foreign, Manner, said};

/// Defect 3: a stream that ends cleanly makes the client spin for ever on its thread. Here there is
/// only one.
#[tokio::test]
async fn a_subscription_that_ends_cleanly_again_and_again_goes_on() {
    for ending in [Ending::Cleanly, Ending::Reset] {
        let OnFake { server, log } = OnFake::open().await;
        given_stream(&log, 30).await;
        let acts = vec![Act::Passes(1), Act::Ends(ending)];
        server.manners().always(Call::Subscribe, Manner::Acts(acts));
        let mut subscription = log.subscribe_all(Position::START).await.unwrap();
        let events = next_events(&mut subscription, 30).await;
        assert!(revisions(&events).into_iter().eq(0..30));
        assert!(server.manners().seen(Call::Subscribe) >= 30);
    }
}

/// Defect 3, with nothing to say in between.
#[tokio::test]
async fn a_subscription_that_only_ends_is_given_up() {
    for ending in [Ending::Cleanly, Ending::Reset] {
        let OnFake { server, log } = OnFake::open().await;
        let acts = Manner::Acts(vec![Act::Ends(ending)]);
        server.manners().always(Call::Subscribe, acts);
        let mut subscription = log.subscribe_all(Position::START).await.unwrap();
        let error = fault(&mut subscription).await;
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        let renewals = u64::from(Limits::default().renewals);
        assert_eq!(server.manners().seen(Call::Subscribe), 1 + renewals);
    }
}

/// A proxy may end idle streams now and then, for weeks.
#[tokio::test]
async fn a_subscription_that_lives_for_a_while_each_time_is_not_given_up() {
    let limits = Limits {
        silence: Duration::from_nanos(1),
        owed_silence: Duration::from_hours(1),
        ..short()
    };
    let OnFake { server, log } = OnFake::with(limits).await;
    let ends = Manner::Acts(vec![Act::Ends(Ending::Cleanly)]);
    server.manners().always(Call::Subscribe, ends);
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    server.manners().until(Call::Subscribe, 20).await;
    server.manners().well();
    given_stream(&log, 1).await;
    assert_eq!(next_events(&mut subscription, 1).await.len(), 1);
}

/// Defect 4: a dropped future of the client subscribes anew, and may lose events.
#[tokio::test]
async fn waiting_for_reports_can_be_given_up_at_any_time() {
    let OnFake { server, log } = OnFake::open().await;
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let (stream, _) = given_stream(&log, 1).await;
    let mut batch = Vec::new();
    for revision in 0..50 {
        log.append(&stream, at(revision), vec![event()])
            .await
            .unwrap();
        // Polled once and dropped.
        let _ = subscription.next_batch(&mut batch, 3).now_or_never();
    }
    while batch.len() < 52 {
        subscription.next_batch(&mut batch, 9).await;
    }
    let events = batch
        .into_iter()
        .filter_map(|report| match report.unwrap() {
            Reported::Event(event) => Some(event),
            _ => None,
        });
    assert!(revisions(&events.collect::<Vec<_>>()).into_iter().eq(0..51));
    assert_eq!(server.manners().seen(Call::Subscribe), 1);
}

/// Defect 5: the client would try again at once and for ever, without the checkpoints.
#[tokio::test]
async fn an_error_in_a_subscription_is_told_once_and_left_to_the_reader() {
    for code in [
        Code::Unavailable,
        Code::Internal,
        Code::Unknown,
        Code::Aborted,
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::ResourceExhausted,
        Code::OutOfRange,
        Code::NotFound,
    ] {
        let OnFake { server, log } = OnFake::open().await;
        given_stream(&log, 2).await;
        let ends = Act::Ends(Ending::With(Status::new(code, "in the stream")));
        let acts = Manner::Acts(vec![Act::Passes(1), ends]);
        server.manners().next(Call::Subscribe, acts);
        let mut subscription = log.subscribe_all(Position::START).await.unwrap();
        let first = next_events(&mut subscription, 1).await;
        let error = fault(&mut subscription).await;
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        assert_eq!(server.manners().seen(Call::Subscribe), 1);
        let mut subscription = log.subscribe_all(first[0].position).await.unwrap();
        assert_eq!(revisions(&next_events(&mut subscription, 1).await), [1]);
    }
}

/// Defect 5: what will not go away by itself is not tried for ever.
#[tokio::test]
async fn an_error_that_stays_refuses_the_reader() {
    for code in [
        Code::InvalidArgument,
        Code::PermissionDenied,
        Code::Unauthenticated,
    ] {
        let OnFake { server, log } = OnFake::open().await;
        given_stream(&log, 1).await;
        let ends = Act::Ends(Ending::With(Status::new(code, "in the stream")));
        server
            .manners()
            .next(Call::Subscribe, Manner::Acts(vec![ends]));
        let mut subscription = log.subscribe_all(Position::START).await.unwrap();
        let error = fault(&mut subscription).await;
        assert!(
            matches!(error, StoreError::Refused { .. }),
            "{code:?}: {error}"
        );
    }
}

/// Defects 6 and 13: messages that the client holds for impossible make it panic.
#[tokio::test]
async fn a_message_that_the_client_panics_at_ends_one_subscription_only() {
    for message in [
        said::stream_not_found(),
        said::event_without_fields(1),
        said::nothing_of_an_event(),
    ] {
        let OnFake { server, log } = OnFake::open().await;
        given_stream(&log, 2).await;
        let mut other = log.subscribe_all(Position::START).await.unwrap();
        next_events(&mut other, 2).await;
        let acts = vec![Act::Passes(1), Act::Says(message)];
        server.manners().next(Call::Subscribe, Manner::Acts(acts));
        let mut subscription = log.subscribe_all(Position::START).await.unwrap();
        let error = fault(&mut subscription).await;
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        given_stream(&log, 1).await;
        assert_eq!(next_events(&mut other, 1).await.len(), 1);
    }
}

/// A newer server may say what nobody here has heard of.
#[tokio::test]
async fn unknown_messages_are_passed_over() {
    let OnFake { server, log } = OnFake::open().await;
    given_stream(&log, 3).await;
    let acts = [1, 1].map(|n| [Act::Passes(n), Act::Says(said::unheard_of())]);
    let acts = acts
        .into_iter()
        .flatten()
        .chain([Act::Says(said::fell_behind())]);
    server
        .manners()
        .next(Call::Subscribe, Manner::Acts(acts.collect()));
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let events = next_events(&mut subscription, 3).await;
    assert_eq!(revisions(&events), [0, 1, 2]);
    assert_eq!(server.manners().seen(Call::Subscribe), 1);
}

/// As many as of a stream that has ended: it may be begun anew, and loses nothing.
#[tokio::test]
async fn a_flood_of_unknown_messages_loses_no_event() {
    let OnFake { server, log } = OnFake::open().await;
    given_stream(&log, 2).await;
    let flood = said::unheard_of().repeat(20_000);
    let acts = vec![Act::Passes(1), Act::Says(flood.into())];
    server.manners().next(Call::Subscribe, Manner::Acts(acts));
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    assert_eq!(revisions(&next_events(&mut subscription, 2).await), [0, 1]);
}

/// A link whose target is gone has no event: it is skipped, and what is behind it is not.
#[tokio::test]
async fn a_link_to_nowhere_is_skipped() {
    let OnFake { server, log } = OnFake::open().await;
    let (_, appended) = given_stream(&log, 2).await;
    let between = appended[0].position.commit() + 1;
    let acts = vec![Act::Passes(1), Act::Says(said::link_to_nowhere(between))];
    server.manners().next(Call::Subscribe, Manner::Acts(acts));
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    assert_eq!(revisions(&next_events(&mut subscription, 2).await), [0, 1]);
}

/// Redelivery is allowed: to go back is not.
#[tokio::test]
async fn repeated_events_and_older_checkpoints_are_not_reported() {
    let OnFake { server, log } = OnFake::open().await;
    given_stream(&log, 20).await;
    server
        .manners()
        .next(Call::Subscribe, Manner::Acts(vec![Act::Repeats]));
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let (mut last, mut events) = (Position::START, 0);
    loop {
        match next(&mut subscription).await.unwrap().unwrap() {
            Reported::Event(event) => {
                assert!(event.position > last);
                (last, events) = (event.position, events + 1);
            }
            Reported::Checkpoint(position) => {
                assert!(position > last);
                last = position;
            }
            Reported::CaughtUp => break,
        }
    }
    assert_eq!(events, 20);
}

/// A quiet log would be scanned from far back at every start. The last checkpoint is kept back: nothing
/// proves yet that it is not past the end.
#[tokio::test]
async fn a_checkpoint_is_reported_where_nothing_is_ours() {
    let OnFake { server, log } = OnFake::open().await;
    let (_, appended) = given_stream(&log, 1).await;
    for _ in 0..10_000 {
        server
            .log()
            .write("$stats", Foreign::new("$statsCollected", "{}"));
    }
    let mut subscription = log.subscribe_all(appended[0].position).await.unwrap();
    let first = next(&mut subscription).await.unwrap().unwrap();
    assert!(matches!(first, Reported::Checkpoint(at) if at > appended[0].position));
}

/// Some versions tell a checkpoint that lies past the last record when they have caught up, or past all
/// that a position can be. Whoever went on from there would be refused, or miss what comes.
#[tokio::test]
async fn a_checkpoint_past_the_end_is_not_believed() {
    for beyond in [1_000_000, i64::MAX.unsigned_abs() + 1, u64::MAX] {
        let OnFake { server, log } = OnFake::open().await;
        let (stream, appended) = given_stream(&log, 2).await;
        let acts = vec![
            Act::Passes(2),
            Act::Says(said::checkpoint(beyond)),
            Act::Ends(Ending::Cleanly),
        ];
        server.manners().next(Call::Subscribe, Manner::Acts(acts));
        let mut subscription = log.subscribe_all(Position::START).await.unwrap();
        log.append(&stream, at(1), vec![event()]).await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < 3 {
            match next(&mut subscription).await.unwrap().unwrap() {
                Reported::Event(event) => seen.push(event.position),
                Reported::Checkpoint(place) => assert!(place <= appended[1].position, "{place}"),
                Reported::CaughtUp => {}
            }
        }
        assert_eq!(seen[..2], [appended[0].position, appended[1].position]);
    }
}

/// What waits for a slow reader is bounded by its bytes, and nothing is lost by that.
#[tokio::test]
async fn a_slow_reader_does_not_pile_up_large_events() {
    const MEBIBYTE: usize = 1024 * 1024;
    let OnFake { server, log } = OnFake::open().await;
    for mebibytes in [1, 1, 12, 16].into_iter().chain([1; 30]) {
        let large = format!("\"{}\"", "x".repeat(mebibytes * MEBIBYTE));
        let written = Foreign::new("Large", large);
        server.log().write("stream", written);
    }
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let (mut events, mut most) = (0, 0);
    while events < 34 {
        most = subscription.waiting().max(most);
        events += next_events(&mut subscription, 1).await.len();
    }
    assert!(most < 18, "{most} mebibytes");
}

/// A subscription begun anew does not catch up a second time for its reader.
#[tokio::test]
async fn caught_up_is_said_once_whatever_the_server_says() {
    let OnFake { server, log } = OnFake::open().await;
    let (stream, _) = given_stream(&log, 1).await;
    let twice = Act::Says(said::caught_up());
    let acts = vec![
        Act::Passes(1),
        twice,
        Act::Passes(1),
        Act::Ends(Ending::Cleanly),
    ];
    server.manners().next(Call::Subscribe, Manner::Acts(acts));
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    log.append(&stream, at(0), vec![event()]).await.unwrap();
    server.manners().until(Call::Subscribe, 2).await;
    log.append(&stream, at(1), vec![event()]).await.unwrap();
    let (mut caught_up, mut events) = (0, 0);
    while events < 3 {
        match next(&mut subscription).await.unwrap().unwrap() {
            Reported::CaughtUp => caught_up += 1,
            Reported::Event(_) => events += 1,
            Reported::Checkpoint(_) => {}
        }
    }
    assert_eq!(caught_up, 1);
}

/// A reader that leaves takes everything with it.
#[tokio::test]
async fn a_dropped_subscription_ends_at_the_server() {
    let OnFake { server, log } = OnFake::open().await;
    given_stream(&log, 3).await;
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    next_events(&mut subscription, 1).await;
    drop(subscription);
    server.manners().until(Call::Unsubscribe, 1).await;
    assert_eq!(server.manners().seen(Call::Subscribe), 1);
}

/// Views that have seen what the log has lost would miss what is written in its place.
#[tokio::test]
async fn a_checkpoint_past_the_head_of_a_restored_log_is_refused() {
    let OnFake { mut server, log } = OnFake::open().await;
    given_stream(&log, 1).await;
    let backup = server.log().backup();
    let (_, appended) = given_stream(&log, 9).await;
    server.stop().await;
    server.log().restore(backup);
    server.start_again().await;
    let checkpoint = appended[8].position;
    let error = super::patiently(async || match log.subscribe_all(checkpoint).await {
        Err(error @ StoreError::Refused { .. }) => Ok(error),
        other => Err(other.map(|_| ())),
    });
    assert!(error.await.to_string().contains("backup"));
}
