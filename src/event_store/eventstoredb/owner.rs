//! The one task that listens to a subscription of the client.
//!
//! Waiting for the next message is not safe to cancel: the client would subscribe anew, and could lose
//! events. So this task does nothing else, and hands on what it gets into the port's bounded channel;
//! everything with a clock is the keeper's (`subscription`).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use eventstore::{
    Client, StreamPosition, SubscribeToAllOptions, SubscriptionEvent, SubscriptionFilter,
};
use tokio::sync::mpsc;

use super::EsdbUrl;
use super::event::{place, position, record};
use crate::event_store::{Position, Reported, StoreError};

/// How many records the server looks at before it tells how far it is; its own default is 32.
const WINDOW: u32 = 4096;

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

/// Listens through `client` until the subscription fails; `Ok` if the subscriber has left.
pub(super) async fn listen(
    (client, url): (Arc<Client>, EsdbUrl),
    progress: Arc<Progress>,
    reports: Reports,
) -> eventstore::Result<()> {
    let mut last = progress.last();
    let mut subscription = client.subscribe_to_all(&options(&url, last)).await;
    loop {
        let message = subscription.next_subscription_event().await?;
        progress.messages.fetch_add(1, Ordering::Relaxed);
        let report = match message {
            SubscriptionEvent::EventAppeared(resolved) => match record(resolved) {
                Some((place, event)) if place > last => {
                    last = place;
                    event.map_or(Reported::Checkpoint(place), Reported::Event)
                }
                _ => continue,
            },
            SubscriptionEvent::Checkpoint(checkpoint) if place(checkpoint) > last => {
                last = place(checkpoint);
                Reported::Checkpoint(last)
            }
            SubscriptionEvent::CaughtUp if progress.catch_up() => Reported::CaughtUp,
            _ => continue,
        };
        if reports.send(Ok(report)).await.is_err() {
            return Ok(());
        }
        progress.reported(last);
    }
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
