//! Subscriptions of which nothing is heard, for good reasons and for bad ones.

use std::time::Duration;

use madang::event_store::eventstoredb::Limits;
use madang::event_store::{EventStore as _, Position, Reported};

use super::{OnFake, next, next_events, revisions, short};
use crate::event_store::contract::{at, event, given_stream};
use crate::servers::eventstoredb::{Act, Call, Ending, Foreign, Manner, said};

/// A subscription is asked after soon, and however often a slow machine makes that necessary.
fn impatient() -> Limits {
    Limits {
        silence: Duration::from_millis(100),
        owed_silence: Duration::from_millis(50),
        renewals: 1000,
        ..short()
    }
}

/// Soon, but not before an answer that is on its way has come.
fn patient() -> Limits {
    Limits {
        silence: Duration::from_millis(300),
        owed_silence: Duration::from_hours(1),
        ..short()
    }
}

/// It never says a word, or none any more: there are events, so another is begun.
#[tokio::test]
async fn a_subscription_that_falls_silent_is_begun_anew() {
    let silence = vec![Act::Passes(1), Act::Ends(Ending::Silence)];
    for manner in [Manner::Silent, Manner::Acts(silence)] {
        let OnFake { server, log } = OnFake::with(impatient()).await;
        given_stream(&log, 3).await;
        server.manners().next(Call::Subscribe, manner);
        let mut subscription = log.subscribe_all(Position::START).await.unwrap();
        let events = next_events(&mut subscription, 3).await;
        assert_eq!(revisions(&events), [0, 1, 2]);
    }
}

/// What this process wrote, its reader must hear of.
#[tokio::test]
async fn a_subscription_that_misses_an_own_append_is_begun_anew() {
    let limits = Limits {
        silence: Duration::from_hours(1),
        ..impatient()
    };
    let OnFake { server, log } = OnFake::with(limits).await;
    let acts = vec![Act::Says(said::caught_up()), Act::Ends(Ending::Silence)];
    server.manners().next(Call::Subscribe, Manner::Acts(acts));
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    assert_eq!(next(&mut subscription).await, Some(Ok(Reported::CaughtUp)));
    let (_, appended) = given_stream(&log, 1).await;
    let events = next_events(&mut subscription, 1).await;
    assert_eq!(events[0].position, appended[0].position);
}

/// Nothing happens on an idle log: that is no fault.
#[tokio::test]
async fn an_idle_subscription_is_left_alone() {
    let OnFake { server, log } = OnFake::with(patient()).await;
    let (stream, appended) = given_stream(&log, 1).await;
    let mut subscription = log.subscribe_all(appended[0].position).await.unwrap();
    assert_eq!(next(&mut subscription).await, Some(Ok(Reported::CaughtUp)));
    let asked = server.manners().seen(Call::ReadAll);
    server.manners().until(Call::ReadAll, asked + 3).await;
    log.append(&stream, at(0), vec![event()]).await.unwrap();
    assert_eq!(revisions(&next_events(&mut subscription, 1).await), [1]);
    assert_eq!(server.manners().seen(Call::Subscribe), 1);
}

/// A reader that takes nothing for long is no silent server.
#[tokio::test]
async fn a_slow_reader_is_not_taken_for_a_silent_server() {
    let OnFake { server, log } = OnFake::with(patient()).await;
    for nth in 0..3000_u32 {
        server
            .log()
            .write("stream", Foreign::new("Happened", nth.to_string()));
    }
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let mut events = next_events(&mut subscription, 1).await;
    // Another one is idle meanwhile, and asked after.
    let mut idle = log.subscribe_all(log.head().await.unwrap()).await.unwrap();
    assert_eq!(next(&mut idle).await, Some(Ok(Reported::CaughtUp)));
    let asked = server.manners().seen(Call::ReadAll);
    server.manners().until(Call::ReadAll, asked + 3).await;
    events.extend(next_events(&mut subscription, 2999).await);
    assert!(revisions(&events).into_iter().eq(0..3000));
    assert_eq!(server.manners().seen(Call::Subscribe), 2);
}
