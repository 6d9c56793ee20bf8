//! Sums up views and appends them, many as one event: one task per node.
//!
//! What gathers is flushed when the flush before it is acknowledged, so that a lone view waits for
//! nobody and a crowd shares its appends; but after [`LONGEST`] at the latest, so that a slow append
//! does not hold back the next, as long as fewer than [`MAX_FLUSHES`] are under way. Flushes under
//! way at the same time expect revisions one after the other. If one of them fails, those behind it
//! find the stream elsewhere and settle it themselves (`flush`).
//!
//! What must hold: one event is of one day of the configured zone and says one time, its first
//! view's; so is its stream, by the day of UTC. This node is its stream's only writer; should
//! another one have been given its number meanwhile, both settle where their events stand.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinError, JoinSet};

use super::Counter;
use super::flush::{Batch, Flush, Gathered, Shared, newest};
use crate::ambient::new_command_id;
use crate::calendar::Calendar;
use crate::command::Origin;
use crate::command::ids::IdError;
use crate::domain::snowflake::Node;
use crate::domain::{Revision, Timestamp, UserId};
use crate::event_store::{EventStore, Expected, StoreError, StreamName};

/// The longest that a view waits for others before it is flushed.
pub(super) const LONGEST: Duration = Duration::from_millis(50);
/// The most flushes under way. Fewer than an append has attempts, so that all of them get through
/// if each is in the way of the others.
pub(super) const MAX_FLUSHES: usize = 4;

/// A flush that has ended.
struct Landed {
    number: u64,
    /// Where it stands, unless it failed.
    revision: Option<Revision>,
    foreseen: Revision,
}

/// The task, and what it holds.
pub(super) struct Gatherer {
    store: Arc<dyn EventStore>,
    shared: Arc<Shared>,
    counter: Counter,
    utc: Calendar,
    queue: mpsc::Receiver<Gathered>,
    /// Nobody will view any more.
    ended: bool,
    batch: Option<Batch>,
    /// A view of another day, which closes the batch.
    next: Option<Gathered>,
    flights: JoinSet<Landed>,
    /// How many flushes there were.
    flushes: u64,
    /// Whether the newest of them is acknowledged.
    acknowledged: bool,
    /// The stream of the newest of them, and where that stands once all is well; `None` after
    /// something went wrong, and at first: then it has to be read.
    tail: Option<(StreamName, Expected)>,
}

impl Gatherer {
    pub(super) fn new(
        store: Arc<dyn EventStore>,
        shared: Arc<Shared>,
        counter: Counter,
        queue: mpsc::Receiver<Gathered>,
    ) -> Self {
        Self {
            store,
            shared,
            counter,
            utc: Calendar::utc(),
            queue,
            ended: false,
            batch: None,
            next: None,
            flights: JoinSet::new(),
            flushes: 0,
            acknowledged: true,
            tail: None,
        }
    }

    /// Gathers until `stop`, or until nobody is left who could view; then flushes what is left.
    pub(super) async fn run(mut self, stop: Arc<Notify>) {
        while !self.is_done() {
            if self.is_due() {
                self.flush().await;
                continue;
            }
            let (waits, room) = (self.waits_for_time(), self.has_room());
            let due = self.due_at();
            tokio::select! {
                biased;
                Some(landed) = self.flights.join_next() => self.landed(landed),
                () = stop.notified() => self.queue.close(),
                view = self.queue.recv(), if room => self.gather(view).await,
                () = tokio::time::sleep_until(due), if waits => {}
            }
        }
    }

    fn is_done(&self) -> bool {
        self.ended && self.batch.is_none() && self.flights.is_empty()
    }

    fn has_room(&self) -> bool {
        !self.ended && !self.is_closed()
    }

    /// Whether the batch takes no more.
    fn is_closed(&self) -> bool {
        self.next.is_some() || self.batch.as_ref().is_some_and(Batch::is_full)
    }

    fn is_due(&self) -> bool {
        let now = tokio::time::Instant::now;
        self.waits_for_time()
            && (self.acknowledged || self.is_closed() || self.ended || now() >= self.due_at())
    }

    /// Whether there is something that could be flushed.
    fn waits_for_time(&self) -> bool {
        self.batch.is_some() && self.flights.len() < MAX_FLUSHES
    }

    fn due_at(&self) -> tokio::time::Instant {
        let begun = self.batch.as_ref().map(|batch| batch.begun);
        begun.unwrap_or_else(tokio::time::Instant::now) + LONGEST
    }

    /// Takes a view and all that wait behind it.
    async fn gather(&mut self, view: Option<Gathered>) {
        let Some(view) = view else {
            self.ended = true;
            return;
        };
        self.add(view);
        // Those who were just answered may view more: let them run first, so that they share the
        // append rather than wait for the next.
        tokio::task::yield_now().await;
        while self.has_room() {
            let Ok(view) = self.queue.try_recv() else {
                return;
            };
            self.add(view);
        }
    }

    fn add(&mut self, view: Gathered) {
        let day = self.counter.calendar.day_of(view.at);
        match &mut self.batch {
            None => self.batch = Some(Batch::begin(day, view)),
            Some(batch) if batch.day == day => batch.add(view),
            Some(_) => self.next = Some(view),
        }
    }

    async fn flush(&mut self) {
        let Some(batch) = self.batch.take() else {
            return;
        };
        if let Some(next) = self.next.take() {
            self.add(next);
        }
        let day = self.utc.day_of(batch.occurred_at);
        // Asked each time: a node may lose its number and be given another one.
        let Some(node) = self.counter.ids.node() else {
            tracing::warn!(%day, "views were not counted: this node has no number now");
            batch.fail(&self.shared, &IdError::NoNode.into());
            return;
        };
        let stream = StreamName::views(node, day.to_i64());
        match self.expected(&stream).await {
            Ok(expected) => self.send((stream, expected), by(node, batch.occurred_at), batch),
            Err(error) => {
                tracing::warn!(%error, %stream, "views were not counted");
                batch.fail(&self.shared, &error.into());
            }
        }
    }

    /// Where the stream stands once all that is under way has ended well.
    async fn expected(&self, stream: &StreamName) -> Result<Expected, StoreError> {
        match &self.tail {
            Some((of, expected)) if of == stream => Ok(*expected),
            _ => {
                let newest = newest(&*self.store, stream, 1).await?;
                Ok(newest.first().map(|event| event.revision).into())
            }
        }
    }

    fn send(&mut self, (stream, expected): (StreamName, Expected), origin: Origin, batch: Batch) {
        let foreseen = expected.first();
        self.tail = Some((stream.clone(), Expected::Revision(foreseen)));
        self.flushes += 1;
        self.acknowledged = false;
        let number = self.flushes;
        let flush = Flush {
            store: Arc::clone(&self.store),
            shared: Arc::clone(&self.shared),
            stream,
            expected,
            origin,
        };
        self.flights.spawn(async move {
            Landed {
                number,
                revision: flush.run(batch).await,
                foreseen,
            }
        });
    }

    fn landed(&mut self, landed: Result<Landed, JoinError>) {
        match landed {
            Ok(landed) => {
                self.acknowledged |= landed.number == self.flushes;
                if landed.revision != Some(landed.foreseen) {
                    self.tail = None;
                }
            }
            Err(error) => {
                tracing::error!(%error, "a flush of views died");
                self.acknowledged = true;
                self.tail = None;
            }
        }
    }
}

/// What a node does with the views that it has gathered since `occurred_at`.
fn by(node: Node, occurred_at: Timestamp) -> Origin {
    let command_id = new_command_id();
    Origin {
        actor: UserId::system(&format!("node-{}", node.get())),
        command_id,
        correlation_id: command_id,
        occurred_at,
        trace_id: None,
        import: None,
    }
}
