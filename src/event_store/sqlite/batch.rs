//! Decides a batch of appends in the order of the queue, without touching the file.
//!
//! An append sees what the appends before it in the same batch have written, although none of it
//! is committed yet. So nobody may be answered before the commit, not even with a refusal.

use std::collections::HashMap;

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::domain::{Revision, Timestamp};
use crate::event_store::{AppendError, Appended, Expected, NewEvent, Position, StreamName};

/// An append that waits for its turn.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) stream: StreamName,
    pub(super) expected: Expected,
    pub(super) events: Vec<NewEvent>,
    pub(super) bytes: usize,
    pub(super) answer: oneshot::Sender<Result<Appended, AppendError>>,
}

/// A row to be inserted.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) position: u64,
    pub(super) stream: StreamName,
    pub(super) revision: Revision,
    pub(super) event: NewEvent,
    pub(super) recorded_at: Timestamp,
}

/// What stands at one revision of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) event_id: Uuid,
    pub(super) position: Position,
}

/// Where an append belongs in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Right behind the newest event.
    Next,
    /// Where events stand already: the same append, or somebody was quicker.
    Taken,
    /// Where nothing can stand yet.
    Wrong,
}

/// The end of a stream: what the file holds, and what this batch adds.
#[derive(Debug, Default)]
struct Tail {
    stored: Option<Revision>,
    written: Vec<Standing>,
}

impl Tail {
    fn next(&self) -> Revision {
        let stored = self.stored.map_or(0, |newest| newest.0.saturating_add(1));
        Revision(stored.saturating_add(self.written.len() as u64))
    }

    fn newest(&self) -> Option<Revision> {
        self.next().0.checked_sub(1).map(Revision)
    }
}

/// The batch so far.
#[derive(Debug)]
pub(super) struct Batch {
    tails: HashMap<StreamName, Tail>,
    rows: Vec<Row>,
    newest: u64,
    recorded_at: Timestamp,
}

impl Batch {
    /// An empty batch behind position `newest`, for streams that stand where `heads` says.
    pub(super) fn new(
        newest: u64,
        recorded_at: Timestamp,
        heads: impl Iterator<Item = (StreamName, Option<Revision>)>,
    ) -> Self {
        let tail = |stored| Tail {
            stored,
            written: Vec::new(),
        };
        Self {
            tails: heads.map(|(name, stored)| (name, tail(stored))).collect(),
            rows: Vec::new(),
            newest,
            recorded_at,
        }
    }

    /// Where an append belongs.
    pub(super) fn judge(&self, job: &Job) -> Judgement {
        let next = self
            .tails
            .get(&job.stream)
            .map_or(Revision::FIRST, Tail::next);
        let first = job.expected.first();
        let past = first.0.saturating_add(job.events.len() as u64);
        if first == next {
            Judgement::Next
        } else if past <= next.0 {
            Judgement::Taken
        } else {
            Judgement::Wrong
        }
    }

    /// Writes an append that was judged to be next.
    pub(super) fn write(&mut self, job: &mut Job) -> Appended {
        let tail = self.tails.entry(job.stream.clone()).or_default();
        for event in std::mem::take(&mut job.events) {
            self.newest += 1;
            let revision = tail.next();
            tail.written.push(Standing {
                event_id: event.event_id,
                position: Position::new(0, self.newest),
            });
            self.rows.push(Row {
                position: self.newest,
                stream: job.stream.clone(),
                revision,
                event,
                recorded_at: self.recorded_at,
            });
        }
        Appended {
            revision: Revision(tail.next().0.saturating_sub(1)),
            position: Position::new(0, self.newest),
        }
    }

    /// The refusal of an append.
    pub(super) fn wrong(&self, job: &Job) -> AppendError {
        AppendError::WrongExpectedRevision {
            current: self.tails.get(&job.stream).and_then(Tail::newest),
        }
    }

    /// What this batch has written at the revisions where the append wants to stand.
    pub(super) fn written_at(&self, job: &Job) -> &[Standing] {
        let Some(tail) = self.tails.get(&job.stream) else {
            return &[];
        };
        let stored = tail.stored.map_or(0, |newest| newest.0.saturating_add(1));
        let first = job.expected.first().0;
        let within = |revision: u64| {
            let index = usize::try_from(revision.saturating_sub(stored)).unwrap_or(usize::MAX);
            index.min(tail.written.len())
        };
        &tail.written[within(first)..within(first.saturating_add(job.events.len() as u64))]
    }

    /// The rows to insert, and the newest position with them.
    pub(super) fn into_rows(self) -> (Vec<Row>, u64) {
        (self.rows, self.newest)
    }
}

/// The answer to an append whose place is taken by `standing`: the first answer again if the ids
/// are the same in the same order.
pub(super) fn repeated(job: &Job, standing: &[Standing]) -> Option<Appended> {
    let same = standing.len() == job.events.len()
        && standing
            .iter()
            .zip(&job.events)
            .all(|(there, event)| there.event_id == event.event_id);
    let last = standing.last().filter(|_| same)?;
    let revision = job.expected.first().0 + (standing.len() as u64 - 1);
    Some(Appended {
        revision: Revision(revision),
        position: last.position,
    })
}
