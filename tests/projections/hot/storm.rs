//! Everything that can befall Redis and the projectors, one after the other, while events pour in and
//! readers fill what they miss.

use std::sync::Arc;

use madang::domain::{Event, Timestamp};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{EventStore as _, Expected};
use madang::projections::status::State;
use tokio::sync::watch;

use super::super::readers::liked;
use super::super::yard::{encoded, own_stream};
use super::hearth::{Hearth, Projectors, warm};

/// Somebody else likes one of the two articles, again and again until told to stop.
async fn pour(log: Arc<SqliteLog>, stop: watch::Receiver<bool>) {
    for number in 0.. {
        if *stop.borrow() {
            return;
        }
        let event: Event = liked(10 + number % 2, &format!("user {number}")).into();
        let stream = own_stream(&event);
        let event = vec![encoded(event, Timestamp(1000))];
        let appended = log.append(&stream, Expected::NoStream, event);
        appended.await.unwrap();
    }
}

/// What happens to Redis, and back.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Says(&'static str),
    Pause,
    Kill,
    /// The projector ends where it stands, and another one begins.
    Projector,
}

impl Blow {
    async fn strike(self, hearth: &mut Hearth, projectors: Projectors) -> Projectors {
        let mut projectors = projectors;
        match self {
            Self::Says(words) => {
                let _: redis::Value = hearth.redis.run(words).await;
            }
            Self::Pause => {
                hearth.redis.process().pause();
                projectors.hot.is(State::Retrying).await;
                hearth.redis.process().resume();
            }
            Self::Kill => {
                hearth.redis.process().kill();
                projectors.hot.is(State::Retrying).await;
                hearth.redis.process().restart();
            }
            Self::Projector => {
                projectors.hot.kill().await;
                projectors.sql.kill().await;
                projectors = hearth.projectors().await;
            }
        }
        projectors
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_heals_from_all_of_it_while_events_pour_in() {
    let (mut hearth, mut projectors) = warm().await;
    let (stop, told) = watch::channel(false);
    let pouring = tokio::spawn(pour(hearth.yard.log.clone(), told));
    let blows = [
        Blow::Says("FLUSHALL"),
        Blow::Projector,
        Blow::Pause,
        Blow::Says("DEL madang:generation"),
        Blow::Kill,
        Blow::Projector,
        Blow::Says("SCRIPT FLUSH"),
        Blow::Says("DEBUG CHANGE-REPL-ID"),
        Blow::Says("CLIENT KILL TYPE normal"),
        Blow::Says("FLUSHALL"),
    ];
    for blow in blows {
        projectors = blow.strike(&mut hearth, projectors).await;
        projectors.reach(hearth.head().await).await;
        hearth.healed().await;
        hearth.fill().await;
    }
    stop.send_replace(true);
    pouring.await.unwrap();
    projectors.reach(hearth.head().await).await;
    hearth.healed().await;
    hearth.fill().await;
    assert_eq!(hearth.check().await, 4);
}
