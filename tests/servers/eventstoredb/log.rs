//! What a server keeps: records in the order in which they were written, each at an offset in bytes,
//! and which of them belong to a stream. Records are kept as they are sent.
//!
//! One log may stand behind several nodes.

mod writing;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use madang::ambient::new_command_id;
use tokio::sync::watch;
use uuid::Uuid;

use super::wire::Proposed;
use writing::TICKS_PER_MS;

/// The most bytes of one append.
pub(crate) const MAX_APPEND_BYTES: usize = 1024 * 1024;
/// Where the first record stands; what a real log has there is not in `$all`.
const BEGINNING: u64 = 1_193;

/// A log that can be looked at, and written by somebody else.
#[derive(Clone)]
pub(crate) struct FakeLog {
    state: Arc<Mutex<State>>,
    /// How many records there are.
    grown: watch::Sender<usize>,
}

/// Everything in the log, to be put back later.
#[derive(Clone)]
pub(crate) struct Backup(State);

#[derive(Clone)]
pub(super) struct State {
    pub(super) records: Vec<Record>,
    pub(super) streams: HashMap<Bytes, Stream>,
    end: u64,
    /// The time of the newest record, in ticks of 100 ns: no two are of the same.
    ticks: u64,
    /// How far the clock of this leader is behind, in ticks.
    behind: u64,
    appends: u64,
}

#[derive(Clone)]
pub(super) struct Record {
    pub(super) position: u64,
    pub(super) stream: Bytes,
    pub(super) event_type: String,
    pub(super) id: Uuid,
    pub(super) framed: Bytes,
}

#[derive(Clone, Default)]
pub(super) struct Stream {
    /// Where its events stand among all records.
    pub(super) records: Vec<usize>,
    /// Events of lower revisions are not shown.
    pub(super) first: usize,
    pub(super) deleted: Deleted,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Deleted {
    #[default]
    No,
    Softly,
    Hard,
}

/// An event of somebody else's.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    pub(crate) id: Uuid,
    pub(crate) event_type: String,
    pub(crate) data: Bytes,
    pub(crate) metadata: Bytes,
}

impl Foreign {
    pub(crate) fn new(event_type: &str, data: impl Into<Bytes>) -> Self {
        Self {
            id: new_command_id(),
            event_type: event_type.to_owned(),
            data: data.into(),
            metadata: Bytes::from_static(b"{}"),
        }
    }
}

/// Where the last event of an append stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) revision: u64,
    pub(crate) position: u64,
}

/// Why an append is not done.
pub(super) enum Refusal {
    Wrong { current: Option<u64> },
    Deleted,
    Size,
}

impl FakeLog {
    /// A log with nothing but what a server writes at its first start.
    pub(super) fn new() -> Self {
        let log = Self {
            state: Arc::new(Mutex::new(State {
                records: Vec::new(),
                streams: HashMap::new(),
                end: BEGINNING,
                ticks: 0,
                behind: 0,
                appends: 0,
            })),
            grown: watch::Sender::new(0),
        };
        log.write("$$$stats-127.0.0.1:2113", Foreign::new("$metadata", "{}"));
        log.write("$users", Foreign::new("$User", "\"admin\""));
        log
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn grown(&self) -> watch::Receiver<usize> {
        self.grown.subscribe()
    }

    fn tell(&self, state: &State) {
        self.grown.send_replace(state.records.len());
    }

    /// Writes at the end of a stream, whatever stands there, as somebody else might.
    pub(crate) fn write(&self, stream: &str, event: Foreign) -> Written {
        let mut state = self.lock();
        let written = state.write(&Bytes::from(stream.to_owned()), event.into());
        self.tell(&state);
        written
    }

    /// Writes a link to an event, as the server's own projections do.
    pub(crate) fn link(&self, stream: &str, revision: u64) -> Written {
        let target = format!("{revision}@{stream}");
        self.write("$streams", Foreign::new("$>", target))
    }

    /// Deletes a stream so that it can be written again.
    pub(crate) fn soft_delete(&self, stream: &str) {
        let metadata = format!("{{\"$tb\":{}}}", i64::MAX);
        self.metadata(stream, &metadata, |stream| stream.deleted = Deleted::Softly);
    }

    /// Deletes a stream for ever.
    pub(crate) fn hard_delete(&self, stream: &str) {
        let tombstone = Foreign::new("$streamDeleted", "");
        let mut state = self.lock();
        let name = Bytes::from(stream.to_owned());
        state.write(&name, tombstone.into());
        state.streams.entry(name).or_default().deleted = Deleted::Hard;
        self.tell(&state);
    }

    /// From now on a leader keeps the log whose clock is so many milliseconds behind.
    pub(crate) fn leader_is_behind(&self, milliseconds: u64) {
        let mut state = self.lock();
        (state.ticks, state.behind) = (0, milliseconds * TICKS_PER_MS);
    }

    /// Hides the events of a stream before a revision.
    pub(crate) fn truncate(&self, stream: &str, before: u64) {
        let first = usize::try_from(before).expect("a revision that there is");
        let metadata = format!("{{\"$tb\":{before}}}");
        self.metadata(stream, &metadata, |stream| stream.first = first);
    }

    fn metadata(&self, stream: &str, metadata: &str, change: impl FnOnce(&mut Stream)) {
        let event = Foreign::new("$metadata", metadata.to_owned());
        let mut state = self.lock();
        state.write(&Bytes::from(format!("$${stream}")), event.into());
        let name = Bytes::from(stream.to_owned());
        change(state.streams.entry(name).or_default());
        self.tell(&state);
    }

    /// All that is in the log now.
    pub(crate) fn backup(&self) -> Backup {
        Backup(self.lock().clone())
    }

    /// Puts a backup in the place of what is in the log now. Who is subscribed does not hear of it:
    /// a server is stopped for this.
    pub(crate) fn restore(&self, backup: Backup) {
        let mut state = self.lock();
        *state = backup.0;
        self.tell(&state);
    }

    /// Stream and id of all events that are not the server's, in order.
    pub(crate) fn events(&self) -> Vec<(String, Uuid)> {
        let state = self.lock();
        let events = state.records.iter();
        let events = events.filter(|record| !record.event_type.starts_with('$'));
        let name = |record: &Record| String::from_utf8_lossy(&record.stream).into_owned();
        events.map(|record| (name(record), record.id)).collect()
    }

    pub(super) fn append(
        &self,
        stream: &Bytes,
        first: u64,
        events: Vec<Proposed>,
    ) -> Result<Written, Refusal> {
        let mut state = self.lock();
        let written = state.append(stream, first, events);
        self.tell(&state);
        written
    }
}

impl From<Foreign> for Proposed {
    fn from(event: Foreign) -> Self {
        let json = ("content-type".to_owned(), "application/json".to_owned());
        Self {
            id: Some(event.id.into()),
            metadata: HashMap::from([("type".to_owned(), event.event_type), json]),
            custom_metadata: event.metadata,
            data: event.data,
        }
    }
}
