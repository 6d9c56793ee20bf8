//! The one task that listens to a subscription of the client.
//!
//! Waiting for the next message is not safe to cancel: the client would subscribe anew, and could lose
//! events. So this task does nothing else, and hands on what it gets into the port's bounded channel;
//! everything with a clock is the keeper's (`subscription`).

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use eventstore::{
    Client, StreamPosition, SubscribeToAllOptions, SubscriptionEvent, SubscriptionFilter,
};
use tokio::sync::mpsc;

use super::EsdbUrl;
use super::event::{place, position, record};
use super::spin::{Broken, poll_unspun};
use crate::event_store::{Position, Reported, StoreError};

/// How many records the server looks at before it tells how far it is; its own default is 32.
const WINDOW: u32 = 4096;

/// The most reports that are handed on at once.
const HANDED_ON: usize = 64;

/// How listening ended: with what the server said, or with what became of the client.
pub(super) type Listened = Result<eventstore::Result<()>, Broken>;

/// Where reports go.
pub(super) type Reports = mpsc::Sender<Result<Reported, StoreError>>;

/// How far a subscription of the port is, whoever owns it at the moment.
#[derive(Debug)]
pub(super) struct Progress {
    last: Mutex<Position>,
    messages: AtomicU64,
    caught_up: AtomicBool,
}

impl Progress {
    pub(super) fn after(position: Position) -> Self {
        Self {
            last: Mutex::new(position),
            messages: AtomicU64::new(0),
            caught_up: AtomicBool::new(false),
        }
    }

    /// Everything up to here was reported.
    pub(super) fn last(&self) -> Position {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reported(&self, position: Position) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = position;
    }

    /// How many messages have come, of whatever kind.
    pub(super) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Whether the reader was told that it has caught up.
    pub(super) fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Relaxed)
    }

    /// True for the one who has to tell.
    pub(super) fn catch_up(&self) -> bool {
        !self.caught_up.swap(true, Ordering::Relaxed)
    }
}

/// Listens through `client` until the subscription fails; `Ok(Ok(()))` if the subscriber has left.
pub(super) async fn listen(
    (client, url): (Arc<Client>, EsdbUrl),
    progress: Arc<Progress>,
    reports: Reports,
) -> Listened {
    let mut last = progress.last();
    let mut subscription = client.subscribe_to_all(&options(&url, last)).await;
    let mut ready = Vec::with_capacity(HANDED_ON);
    loop {
        // Never dropped before it is done, unless it is broken.
        let mut next = pin!(subscription.next_subscription_event());
        let at_once = poll_fn(|context| Poll::Ready(poll_unspun(next.as_mut(), context))).await;
        let handed_on = if matches!(at_once, Poll::Ready(Ok(Ok(_)))) && ready.len() < HANDED_ON {
            true
        } else {
            hand_on(&reports, &progress, &mut ready, last).await
        };
        if !handed_on {
            return Ok(Ok(()));
        }
        let message = match at_once {
            Poll::Ready(message) => message,
            Poll::Pending => poll_fn(|context| poll_unspun(next.as_mut(), context)).await,
        };
        let message = match message? {
            Ok(message) => message,
            Err(error) => return Ok(Err(error)),
        };
        progress.messages.fetch_add(1, Ordering::Relaxed);
        ready.extend(report(message, &mut last));
    }
}

/// What a message tells about the log behind `last`, which it moves.
fn report(message: SubscriptionEvent, last: &mut Position) -> Option<Reported> {
    let (place, report) = match message {
        SubscriptionEvent::EventAppeared(resolved) => {
            let (place, event) = record(resolved)?;
            (
                place,
                event.map_or(Reported::Checkpoint(place), Reported::Event),
            )
        }
        SubscriptionEvent::Checkpoint(checkpoint) => {
            let place = place(checkpoint);
            (place, Reported::Checkpoint(place))
        }
        SubscriptionEvent::CaughtUp => return Some(Reported::CaughtUp),
        _ => return None,
    };
    (place > *last).then(|| {
        *last = place;
        report
    })
}

/// Hands on what is `ready`, up to `last`, at once; false if the subscriber has left. One by one it
/// would wake the subscriber for each event.
async fn hand_on(
    reports: &Reports,
    progress: &Progress,
    ready: &mut Vec<Reported>,
    last: Position,
) -> bool {
    let Ok(mut places) = reports.reserve_many(ready.len()).await else {
        return false;
    };
    for report in ready.drain(..) {
        if report == Reported::CaughtUp && !progress.catch_up() {
            continue;
        }
        if let Some(place) = places.next() {
            place.send(Ok(report));
        }
    }
    progress.reported(last);
    true
}

fn options(url: &EsdbUrl, after: Position) -> SubscribeToAllOptions {
    let start = match after {
        Position::START => StreamPosition::Start,
        after => StreamPosition::Position(position(after)),
    };
    let filter = SubscriptionFilter::on_event_type()
        .exclude_system_events()
        .max(WINDOW);
    // No retry: the client's own goes on at once and for ever, whatever the fault, and forgets
    // checkpoints.
    url.authenticated(
        SubscribeToAllOptions::default()
            .position(start)
            .filter(filter),
    )
}
