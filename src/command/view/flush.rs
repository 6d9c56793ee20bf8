//! What was gathered, on its way into the log, and who waits for it.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::ViewRejection;
use super::guard::{Guard, Ticket};
use crate::ambient::jittered;
use crate::calendar::Day;
use crate::command::execute::{BACK_OFF, MAX_ATTEMPTS, append, oversized};
use crate::command::{CommandError, Origin};
use crate::domain::view::{MAX_VIEWED, Viewed};
use crate::domain::{ArticleId, Event, Revision, Timestamp};
use crate::event_store::{
    AppendError, Appended, EventStore, Expected, Page, Position, RecordedEvent, StoreError,
    StreamName, codec,
};

/// How many of the newest events are searched for one that is there already. All that this node has
/// on its way at a time, twice.
const LOOK_BACK: usize = 2 * super::gatherer::MAX_FLUSHES;

/// What became of a view that was gathered: where it stands in the log.
pub(super) type Flushed = Result<Position, CommandError<ViewRejection>>;

/// A view that counts, once it is in the log.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) article_id: ArticleId,
    pub(super) at: Timestamp,
    pub(super) ticket: Ticket,
    /// Whoever waits may have gone; the view counts all the same.
    pub(super) answer: oneshot::Sender<Flushed>,
}

/// What requests and flushes share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) guard: Guard,
    /// The newest acknowledged flush.
    pub(super) flushed: watch::Sender<Position>,
}

/// Views of one day that go into one event.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) day: Day,
    /// When the first of them happened.
    pub(super) occurred_at: Timestamp,
    /// When the first of them came in.
    pub(super) begun: Instant,
    counts: HashMap<ArticleId, u64>,
    waiting: Waiting,
}

#[derive(Debug, Default)]
struct Waiting {
    tickets: Vec<Ticket>,
    answers: Vec<oneshot::Sender<Flushed>>,
}

impl Batch {
    pub(super) fn begin(day: Day, first: Gathered) -> Self {
        let mut batch = Self {
            day,
            occurred_at: first.at,
            begun: Instant::now(),
            counts: HashMap::new(),
            waiting: Waiting::default(),
        };
        batch.add(first);
        batch
    }

    pub(super) fn add(&mut self, view: Gathered) {
        *self.counts.entry(view.article_id).or_default() += 1;
        self.waiting.tickets.push(view.ticket);
        self.waiting.answers.push(view.answer);
    }

    /// Views are bounded, and so are articles: each of them has a view.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.tickets.len() >= MAX_VIEWED
    }

    /// Ends the wait of all whose views are here.
    pub(super) fn fail(self, shared: &Shared, error: &CommandError<ViewRejection>) {
        self.waiting.end(shared, &Err(error.clone()));
    }

    fn into_event(self) -> (Event, Waiting) {
        let counted = |(article_id, count)| Viewed { article_id, count };
        let mut views: Vec<Viewed> = self.counts.into_iter().map(counted).collect();
        views.sort_unstable_by_key(|viewed| viewed.article_id);
        (Event::ArticlesViewed { views }, self.waiting)
    }
}

impl Waiting {
    /// The guard comes first: who is told that a view failed may try again at once.
    fn end(self, shared: &Shared, outcome: &Flushed) {
        let tickets = self.tickets.into_iter();
        match outcome {
            Ok(position) => {
                shared.guard.confirm(tickets);
                let newer = |newest: &mut Position| {
                    let newer = *position > *newest;
                    *newest = (*newest).max(*position);
                    newer
                };
                shared.flushed.send_if_modified(newer);
            }
            // They may be there, and must not count twice.
            Err(CommandError::Store(StoreError::OutcomeUnknown { .. })) => {
                shared.guard.confirm(tickets);
            }
            Err(_) => shared.guard.take_back(tickets),
        }
        for answer in self.answers {
            // Whoever went away does not want the answer.
            let _ = answer.send(outcome.clone());
        }
    }
}

/// One append under way.
pub(super) struct Flush {
    pub(super) store: Arc<dyn EventStore>,
    pub(super) shared: Arc<Shared>,
    pub(super) stream: StreamName,
    /// Where the stream stands if the flushes before this one end well.
    pub(super) expected: Expected,
    pub(super) origin: Origin,
}

impl Flush {
    /// Appends a batch and answers all who wait for it; tells at which revision it stands.
    pub(super) async fn run(self, batch: Batch) -> Option<Revision> {
        let (event, waiting) = batch.into_event();
        let outcome = self.settle(event).await;
        if let Err(error) = &outcome {
            tracing::warn!(%error, stream = %self.stream, "views were not counted");
        }
        let revision = outcome.as_ref().ok().map(|appended| appended.revision);
        waiting.end(&self.shared, &outcome.map(|appended| appended.position));
        revision
    }

    /// Appends the event, once. If the stream stands elsewhere, looks where, and whether the event
    /// is there already, and tries there, at most [`MAX_ATTEMPTS`] times in all.
    async fn settle(&self, event: Event) -> Result<Appended, CommandError<ViewRejection>> {
        let (store, stream, origin) = (&*self.store, &self.stream, &self.origin);
        let event_id = codec::event_id(origin.command_id, 0);
        let event = [event];
        let mut expected = self.expected;
        let mut position = None;
        for attempt in 1..=MAX_ATTEMPTS {
            match append(store, (stream, expected), origin, &event).await {
                Ok(Some(appended)) => return Ok(appended),
                Ok(None) | Err(AppendError::Size) => return Err(oversized(stream).into()),
                Err(AppendError::Store(error)) => return Err(error.into()),
                Err(AppendError::WrongExpectedRevision { .. }) => {}
            }
            if attempt > 1 {
                tokio::time::sleep(jittered(BACK_OFF * attempt)).await;
            }
            let newest = newest(store, stream, LOOK_BACK).await?;
            if let Some(landed) = newest.iter().find(|event| event.event_id == event_id) {
                return Ok(Appended {
                    revision: landed.revision,
                    position: landed.position,
                });
            }
            expected = newest.first().map(|event| event.revision).into();
            position = newest.first().map(|event| event.position);
        }
        Err(CommandError::Conflict { position })
    }
}

/// The newest events of a stream, newest first.
pub(super) async fn newest(
    store: &dyn EventStore,
    stream: &StreamName,
    max: usize,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let from = Revision(u64::MAX);
    store.read_stream(stream, from, Page::backward(max)).await
}
