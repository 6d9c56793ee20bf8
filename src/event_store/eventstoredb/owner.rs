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
use tokio::sync::{Semaphore, mpsc};

use super::EsdbUrl;
use super::event::{place, position, record};
use super::spin::{Broken, poll_unspun};
use crate::event_store::{Position, Reported, Room, StoreError, Subscription};

/// How many records the server looks at before it tells how far it is; its own default is 32.
const WINDOW: u32 = 4096;

/// The most reports that are handed on at once.
const HANDED_ON: usize = 64;
/// The most bytes of events that wait for the subscriber.
const ROOM: usize = 16 * 1024 * 1024;
/// The bytes of events that are handed on at once; also what one event counts at most, so that there
/// is room for them together.
const HANDED_ON_BYTES: usize = ROOM / 2;
/// What the server counts positions with has a sign: beyond this there are none. Some versions tell
/// checkpoints there all the same.
const LARGEST: u64 = i64::MAX.unsigned_abs();

/// How listening ended: with what the server said, or with what became of the client.
pub(super) type Listened = Result<eventstore::Result<()>, Broken>;

/// Where reports go, as long as there is room.
#[derive(Clone)]
pub(super) struct Reports {
    channel: mpsc::Sender<Result<Reported, StoreError>>,
    room: Room,
}

impl Reports {
    /// A subscription for which up to `waiting` reports may wait, and where to send them.
    pub(super) fn channel(waiting: usize) -> (Self, Subscription) {
        let (channel, receiver) = mpsc::channel(waiting);
        let room = Room {
            permits: Arc::new(Semaphore::new(ROOM)),
            most: HANDED_ON_BYTES,
        };
        let subscription = Subscription::new(receiver).with_room(room.clone());
        (Self { channel, room }, subscription)
    }

    /// Waits until the subscriber has left.
    pub(super) async fn closed(&self) {
        self.channel.closed().await;
    }

    /// Whether something has to wait: who waits has taken all there is.
    pub(super) fn are_full(&self) -> bool {
        self.channel.capacity() == 0 || self.room.permits.available_permits() == 0
    }

    /// Sends what takes no room. The subscriber may have left, which is noticed elsewhere.
    pub(super) async fn tell(&self, report: Result<Reported, StoreError>) {
        let _ = self.channel.send(report).await;
    }
}

/// What has come and is not handed on yet.
struct Ready {
    reports: Vec<Reported>,
    bytes: usize,
    last: Position,
    /// A checkpoint that nothing has come after. Some servers tell one that lies past the last record;
    /// whoever resumed there would be past the end of the log. What comes after it proves that it is
    /// not.
    unproven: Option<Position>,
}

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
    let mut subscription = {
        let options = options(&url, progress.last());
        client.subscribe_to_all(&options).await
    };
    let mut ready = Ready::after(progress.last());
    loop {
        // Never dropped before it is done, unless it is broken.
        let mut next = pin!(subscription.next_subscription_event());
        let at_once = poll_fn(|context| Poll::Ready(poll_unspun(next.as_mut(), context))).await;
        let goes_on = matches!(at_once, Poll::Ready(Ok(Ok(_)))) && !ready.are_many();
        if !goes_on && !hand_on(&reports, &progress, &mut ready).await {
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
        ready.take(message);
    }
}

impl Ready {
    fn after(last: Position) -> Self {
        Self {
            reports: Vec::with_capacity(HANDED_ON),
            bytes: 0,
            last,
            unproven: None,
        }
    }

    fn are_many(&self) -> bool {
        // A message may be two reports.
        self.reports.len() + 1 >= HANDED_ON || self.bytes >= HANDED_ON_BYTES
    }

    /// Takes what a message tells about the log behind what came before.
    fn take(&mut self, message: SubscriptionEvent) {
        match message {
            SubscriptionEvent::EventAppeared(resolved) => match record(resolved) {
                Some((place, Some(event))) => self.report(place, Reported::Event(event)),
                Some((place, None)) => self.report(place, Reported::Checkpoint(place)),
                None => {}
            },
            SubscriptionEvent::Checkpoint(checkpoint) => {
                let place = place(checkpoint);
                if place.commit() <= LARGEST && place.prepare() <= LARGEST {
                    self.prove(place);
                    self.unproven = self.unproven.max(Some(place));
                }
            }
            SubscriptionEvent::CaughtUp => self.reports.push(Reported::CaughtUp),
            _ => {}
        }
    }

    fn report(&mut self, place: Position, report: Reported) {
        self.prove(place);
        if place > self.last {
            self.last = place;
            self.bytes += report.weight(HANDED_ON_BYTES);
            self.reports.push(report);
        }
    }

    /// Something stands at `place`.
    fn prove(&mut self, place: Position) {
        let proven = self.unproven.take_if(|unproven| *unproven < place);
        if let Some(proven) = proven.filter(|proven| *proven > self.last) {
            self.last = proven;
            self.reports.push(Reported::Checkpoint(proven));
        }
    }
}

/// Hands on what is `ready` at once; false if the subscriber has left. One by one it would wake the
/// subscriber for each event.
async fn hand_on(reports: &Reports, progress: &Progress, ready: &mut Ready) -> bool {
    // Neither is closed while there is a subscriber, and the bytes fit.
    let room = u32::try_from(ready.bytes).unwrap_or(u32::MAX);
    let Ok(room) = reports.room.permits.acquire_many(room).await else {
        return false;
    };
    let Ok(mut places) = reports.channel.reserve_many(ready.reports.len()).await else {
        return false;
    };
    // Given back by whoever takes the reports.
    room.forget();
    for report in ready.reports.drain(..) {
        if report == Reported::CaughtUp && !progress.catch_up() {
            continue;
        }
        if let Some(place) = places.next() {
            place.send(Ok(report));
        }
    }
    ready.bytes = 0;
    progress.reported(ready.last);
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
