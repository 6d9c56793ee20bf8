//! What was gathered, on its way into the log, and who waits for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::ViewRejection;
use super::claim::Nodes;
use super::guard::{Guard, Ticket};
use crate::ambient::jittered;
use crate::calendar::Day;
use crate::command::execute::{BACK_OFF, MAX_ATTEMPTS, append, oversized};
use crate::command::{CommandError, Origin};
use crate::domain::view::{MAX_VIEWED, Viewed};
use crate::domain::{ArticleId, Event, Revision, Timestamp, UserId};
use crate::event_store::{
    AppendError, Appended, EventStore, Expected, Page, Position, RecordedEvent, StoreError,
    StreamName, codec,
};

/// How many of the newest events are searched for one that is there already. All that this node has
/// on its way at a time, twice.
const LOOK_BACK: usize = 2 * super::gatherer::MAX_FLUSHES;

/// What became of a view that was gathered: where it stands in the log; `None` if another node
/// counted it a moment ago.
pub(super) type Flushed = Result<Option<Position>, CommandError<ViewRejection>>;

/// A view that counts, once it is in the log.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) by: UserId,
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
    /// The guard of all nodes, asked behind this node's own.
    pub(super) nodes: Nodes,
    /// The newest acknowledged flush.
    pub(super) flushed: watch::Sender<Position>,
}

/// Views of one day that go into one event.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) day: Day,
    /// When the first of them happened.
    pub(super) occurred_at: Timestamp,
    /// When the first of them was gathered.
    pub(super) begun: Instant,
    views: Vec<Gathered>,
}

impl Batch {
    pub(super) fn begin(day: Day, first: Gathered) -> Self {
        Self {
            day,
            occurred_at: first.at,
            begun: Instant::now(),
            views: vec![first],
        }
    }

    pub(super) fn add(&mut self, view: Gathered) {
        self.views.push(view);
    }

    /// Views are bounded, and so are articles: each of them has a view.
    pub(super) fn is_full(&self) -> bool {
        self.views.len() >= MAX_VIEWED
    }

    /// Ends the wait of all whose views are here.
    pub(super) fn fail(self, shared: &Shared, error: &CommandError<ViewRejection>) {
        end(self.views, shared, &Err(error.clone()));
    }
}

fn event(views: &[Gathered]) -> Event {
    let mut counts: BTreeMap<ArticleId, u64> = BTreeMap::new();
    for view in views {
        *counts.entry(view.article_id).or_default() += 1;
    }
    let counted = |(article_id, count)| Viewed { article_id, count };
    Event::ArticlesViewed {
        views: counts.into_iter().map(counted).collect(),
    }
}

/// Ends the wait for views that came to the same. The guard comes first: who is told that a view
/// failed may try again at once.
fn end(views: Vec<Gathered>, shared: &Shared, outcome: &Flushed) {
    let tickets = views.iter().map(|view| view.ticket);
    match outcome {
        // Their places are held for a moment longer. Then the other nodes are asked again: only who
        // counted a view knows until when it keeps others out.
        Ok(None) => {}
        Ok(Some(position)) => {
            shared.guard.confirm(tickets);
            let newer = |newest: &mut Position| {
                let newer = *position > *newest;
                *newest = (*newest).max(*position);
                newer
            };
            shared.flushed.send_if_modified(newer);
        }
        Err(_) if is_failure(outcome) => shared.guard.take_back(tickets),
        // They may be there, and must not count twice.
        Err(_) => shared.guard.confirm(tickets),
    }
    for view in views {
        // Whoever went away does not want the answer.
        let _ = view.answer.send(outcome.clone());
    }
}

/// Whether the views are certainly not in the log.
fn is_failure(outcome: &Flushed) -> bool {
    let unknown = |error: &CommandError<_>| {
        matches!(
            error,
            CommandError::Store(StoreError::OutcomeUnknown { .. })
        )
    };
    outcome.as_ref().is_err_and(|error| !unknown(error))
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
    /// Appends what no other node has counted of a batch, and answers all who wait for it; tells at
    /// which revision it stands, if something was appended.
    pub(super) async fn run(self, batch: Batch) -> Option<Revision> {
        let (shared, token) = (&self.shared, self.origin.command_id);
        let (claim, views, theirs) = shared.nodes.claim(token, batch.views).await;
        end(theirs, shared, &Ok(None));
        if views.is_empty() {
            return None;
        }
        let outcome = self.settle(event(&views)).await;
        if let Err(error) = &outcome {
            tracing::warn!(%error, stream = %self.stream, "views were not counted");
        }
        let revision = outcome.as_ref().ok().map(|appended| appended.revision);
        let outcome = outcome.map(|appended| Some(appended.position));
        if is_failure(&outcome) {
            claim.take_back().await;
            end(views, shared, &outcome);
        } else {
            end(views, shared, &outcome);
            claim.confirm().await;
        }
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
