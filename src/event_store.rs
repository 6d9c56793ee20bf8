//! The event store: an append-only log of events in streams, behind one port.
//!
//! The port deals in *wire* events: names, JSON and places. What they mean is the codec's business,
//! and which server keeps them is the adapter's. What every adapter promises is an executable suite
//! (`tests/event_store/contract.rs`):
//!
//! - An append is atomic and names the revision that it expects; a repeated append is the same
//!   append and gets the same answer.
//! - An acknowledged append survives the death of the process and of the machine.
//! - `subscribe_all` reports every event once, in position order, from the past into the present
//!   without a seam.

pub mod codec;
pub mod eventstoredb;
mod gate;
pub mod identity;
mod opening;
pub mod patient;
mod position;
pub mod sqlite;
mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use crate::domain::{Revision, Timestamp};
pub use eventstoredb::{Credentials, EsdbUrl, MalformedEsdbUrl};
pub use gate::Gate;
pub use opening::Log;
pub use position::{MalformedPosition, Position};
pub use stream::{MalformedStreamName, StreamName};

/// The most events that one append may carry.
pub const MAX_APPEND_EVENTS: usize = 100;
/// The most bytes of data and metadata that one append may carry. EventStoreDB takes 1 MiB, and counts
/// the names of the events' types, too, twice: there is room for names of 81 bytes.
pub const MAX_APPEND_BYTES: usize = 1008 * 1024;
/// The most events that one read answers with.
pub const MAX_READ_EVENTS: usize = 4096;

/// How far, in milliseconds, the clocks of those who keep one log may be apart. A log whose times step
/// back further was kept by a clock that was wrong.
pub const MAX_SKEW: i64 = 10 * 60 * 1000;

/// An event to be appended.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Makes a repeated append recognizable.
    pub event_id: Uuid,
    /// The name of the event on the wire.
    pub event_type: &'static str,
    /// The payload, as JSON.
    pub data: String,
    /// The metadata, as JSON.
    pub metadata: String,
}

/// An event as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its place in the whole log.
    pub position: Position,
    /// The stream that it belongs to.
    pub stream: StreamName,
    /// Its place in that stream.
    pub revision: Revision,
    /// What its writer called it.
    pub event_id: Uuid,
    /// The name of the event on the wire.
    pub event_type: String,
    /// The payload: JSON, if its writer was well behaved.
    pub data: String,
    /// The metadata: JSON, if its writer was well behaved.
    pub metadata: String,
    /// When the log took it, by the clock of whoever kept the log then. In an embedded log it is never
    /// earlier than the event before it; behind a change of leaders, or a clock that was set, it may
    /// be.
    pub recorded_at: Timestamp,
}

/// Checks that an append keeps to the limits, and counts its bytes.
pub(crate) fn append_size(events: &[NewEvent]) -> Result<usize, AppendError> {
    let bytes = events.iter().map(|e| e.data.len() + e.metadata.len()).sum();
    if (1..=MAX_APPEND_EVENTS).contains(&events.len()) && bytes <= MAX_APPEND_BYTES {
        Ok(bytes)
    } else {
        Err(AppendError::Size)
    }
}

impl RecordedEvent {
    /// The error of a reader who cannot go on because of what this event is.
    pub fn corrupt(&self, detail: String) -> StoreError {
        StoreError::Corrupt {
            store: "event store".to_owned(),
            place: format!("stream {} revision {}", self.stream, self.revision),
            detail,
        }
    }
}

/// Where its writer believes the stream to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The stream has no events.
    NoStream,
    /// The newest event has this revision.
    Revision(Revision),
}

impl Expected {
    /// The revision of the first event of an append with this expectation.
    pub fn first(self) -> Revision {
        match self {
            Self::NoStream => Revision::FIRST,
            Self::Revision(revision) => revision.next(),
        }
    }
}

impl From<Option<Revision>> for Expected {
    fn from(newest: Option<Revision>) -> Self {
        newest.map_or(Self::NoStream, Self::Revision)
    }
}

/// Where the last event of an append stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// In its stream.
    pub revision: Revision,
    /// In the whole log.
    pub position: Position,
}

/// Which way to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From older to newer.
    Forward,
    /// From newer to older.
    Backward,
}

/// What a subscription reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// The next event of the log.
    Event(RecordedEvent),
    /// Nothing of interest up to here; a reader may resume after this position.
    Checkpoint(Position),
    /// All that was in the log has been reported; what follows is new. Said once.
    CaughtUp,
}

impl Reported {
    /// The bytes that it holds while it waits, at most `most`.
    fn weight(&self, most: usize) -> usize {
        let bytes = match self {
            Self::Event(event) => event.data.len() + event.metadata.len(),
            Self::Checkpoint(_) | Self::CaughtUp => 0,
        };
        bytes.min(most)
    }
}

/// A running `subscribe_all`. Dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    reports: mpsc::Receiver<Result<Reported, StoreError>>,
    room: Option<Room>,
}

/// How many bytes may wait for a subscriber: whoever reports takes permits, and reports give them
/// back when they are taken.
#[derive(Clone, Debug)]
struct Room {
    permits: Arc<Semaphore>,
    /// What one report takes at most, whatever it has.
    most: usize,
}

impl Room {
    fn weight(&self, reports: &[Result<Reported, StoreError>]) -> usize {
        let reports = reports.iter().flatten();
        reports.map(|report| report.weight(self.most)).sum()
    }
}

impl Subscription {
    /// Wraps the receiving end of a *bounded* channel; the adapter's task holds the other end and
    /// closes it after an error.
    pub fn new(reports: mpsc::Receiver<Result<Reported, StoreError>>) -> Self {
        Self {
            reports,
            room: None,
        }
    }

    /// The same, and what is taken gives back its room.
    fn with_room(mut self, room: Room) -> Self {
        self.room = Some(room);
        self
    }

    /// Waits for at least one report and adds up to `limit` to `batch`; 0 when the subscription
    /// has ended. Safe to cancel: nothing is lost.
    pub async fn next_batch(
        &mut self,
        batch: &mut Vec<Result<Reported, StoreError>>,
        limit: usize,
    ) -> usize {
        let before = batch.len();
        let taken = self.reports.recv_many(batch, limit).await;
        if let Some(room) = &self.room {
            room.permits.add_permits(room.weight(&batch[before..]));
        }
        taken
    }

    /// Reports that are ready and have not been taken.
    pub fn waiting(&self) -> usize {
        self.reports.len()
    }
}

/// Something about the store is broken. The texts are for operators and name the file or server;
/// they are never shown to callers of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too many appends are waiting. Nothing was written.
    #[error("{store}: too many appends are waiting")]
    Busy {
        /// The file or server.
        store: String,
    },
    /// The store cannot be reached, or is not able to do this now. Nothing was written.
    #[error("{store}: {detail}")]
    Unavailable {
        /// The file or server.
        store: String,
        /// What it said.
        detail: String,
    },
    /// The append may or may not be in the log. Repeating it, with the same ids and the same
    /// expectation, settles the question.
    #[error("{store}: the outcome of the append is unknown: {detail}")]
    OutcomeUnknown {
        /// The file or server.
        store: String,
        /// What it said.
        detail: String,
    },
    /// The store refuses for a reason that will not go away by itself: in use by another process,
    /// read-only, not a log of Madang, too new.
    #[error("{store}: {detail}")]
    Refused {
        /// The file or server.
        store: String,
        /// The reason, with the remedy.
        detail: String,
    },
    /// A record that no Madang would have written.
    #[error("{store}: corrupt record at {place}: {detail}")]
    Corrupt {
        /// The file or server.
        store: String,
        /// Stream and revision, or position.
        place: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The log was to be read from a position that is none of this log.
    #[error("{position} is no position of this log")]
    NoSuchPosition {
        /// The position.
        position: Position,
    },
}

impl StoreError {
    /// Whether it may be better later, without anybody doing anything about it.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Unavailable { .. } | Self::OutcomeUnknown { .. }
        )
    }
}

/// Why an append was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The stream does not stand where the writer believed: load and decide again.
    #[error("the stream stands at {current:?}, not as expected")]
    WrongExpectedRevision {
        /// Where it stands; `None` if it has no events.
        current: Option<Revision>,
    },
    /// No events, more than [`MAX_APPEND_EVENTS`], or more than [`MAX_APPEND_BYTES`].
    #[error("an append is 1 to {MAX_APPEND_EVENTS} events of at most {MAX_APPEND_BYTES} bytes")]
    Size,
    /// The store is broken.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The log, as the rest of Madang knows it.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Appends `events` to `stream`, all or none, if it stands where `expected` says. Returns once
    /// they are durable. If exactly these ids already stand behind `expected`, answers what the
    /// first append answered.
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// Up to `max` events of a stream, beginning *at* `from`: forward to newer ones, backward to
    /// older ones; backward from past the end begins at the newest. Empty if there are none.
    async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Up to `max` events of the whole log: forward those *after* `from`, backward those *before*
    /// it, in the order of reading.
    async fn read_all(&self, from: Position, page: Page) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The event that stands exactly at `position`, if one does.
    async fn event_at(&self, position: Position) -> Result<Option<RecordedEvent>, StoreError>;

    /// A position such that every event recorded at `time` or later stands after it. As close to
    /// those events as the store can tell cheaply; [`Position::START`] is always true.
    async fn position_before(&self, time: Timestamp) -> Result<Position, StoreError>;

    /// How much earlier than an event before it one may have been recorded, in milliseconds: 0 if times
    /// only rise.
    fn skew(&self) -> i64 {
        MAX_SKEW
    }

    /// Reports every event after `after`, then goes on with new ones as they come.
    async fn subscribe_all(&self, after: Position) -> Result<Subscription, StoreError>;

    /// The position of the newest event; [`Position::START`] if there is none.
    async fn head(&self) -> Result<Position, StoreError>;

    /// Finishes the appends that wait, takes no more, and lets go of the file or the connections.
    async fn close(&self);
}

/// How much to read, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Which way.
    pub direction: Direction,
    /// The most events to answer with; no more than [`MAX_READ_EVENTS`] are.
    pub max: usize,
}

impl Page {
    /// The oldest `max` first.
    pub fn forward(max: usize) -> Self {
        Self {
            direction: Direction::Forward,
            max,
        }
    }

    /// The newest `max` first.
    pub fn backward(max: usize) -> Self {
        Self {
            direction: Direction::Backward,
            max,
        }
    }
}
