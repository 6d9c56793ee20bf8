//! What a server keeps: records in the order in which they were written, each at an offset in bytes,
//! and which of them belong to a stream. Records are kept as they are sent.
//!
//! One log may stand behind several nodes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use madang::ambient::{Clock, new_command_id};
use tokio::sync::watch;
use uuid::Uuid;

use super::grpc::framed;
use super::wire::{Proposed, ReadEvent, ReadResp, Recorded, StreamId};

/// The most bytes of one append.
pub(crate) const MAX_APPEND_BYTES: usize = 1024 * 1024;
/// What a record takes in the log besides what is sent of it.
const OVERHEAD: u64 = 57;
/// Where the first record stands; what a real log has there is not in `$all`.
const BEGINNING: u64 = 1_193;
/// After so many appends the server writes something of its own.
const STATISTICS_EVERY: u64 = 5;
const LINK_EVERY: u64 = 7;
const TICKS_PER_MS: u64 = 10_000;

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

impl Proposed {
    fn event_type(&self) -> &str {
        self.metadata.get("type").map_or("", String::as_str)
    }

    fn id(&self) -> Uuid {
        let id = self.id.as_ref().and_then(super::wire::Uuid::read);
        id.unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        self.data.len() + self.custom_metadata.len() + 2 * self.event_type().len()
    }
}

impl State {
    /// `first` is the revision that the first event is expected to get: 0 for a stream that is not
    /// there.
    fn append(
        &mut self,
        name: &Bytes,
        first: u64,
        events: Vec<Proposed>,
    ) -> Result<Written, Refusal> {
        if events.iter().map(Proposed::bytes).sum::<usize>() > MAX_APPEND_BYTES {
            return Err(Refusal::Size);
        }
        let stream = self.streams.entry(name.clone()).or_default();
        let (next, deleted) = (stream.records.len(), stream.deleted);
        if deleted == Deleted::Hard {
            return Err(Refusal::Deleted);
        }
        let current = next.checked_sub(1).map(|newest| newest as u64);
        let first = usize::try_from(first).map_err(|_| Refusal::Wrong { current })?;
        if first < next
            && let Some(written) = self.repeated(name, first, &events)
        {
            return Ok(written);
        }
        let anew = first == 0 && deleted == Deleted::Softly;
        if first != next && !anew {
            return Err(Refusal::Wrong { current });
        }
        Ok(self.write_all(name, events))
    }

    fn repeated(&self, name: &Bytes, first: usize, events: &[Proposed]) -> Option<Written> {
        let there = self.streams.get(name)?.records.get(first..)?;
        let there = there.get(..events.len())?;
        let ids = there.iter().map(|at| self.records[*at].id);
        ids.eq(events.iter().map(Proposed::id)).then_some(())?;
        Some(Written {
            revision: (first + events.len()).saturating_sub(1) as u64,
            position: self.records[*there.last()?].position,
        })
    }

    fn write_all(&mut self, name: &Bytes, events: Vec<Proposed>) -> Written {
        let stream = self.streams.entry(name.clone()).or_default();
        if stream.deleted == Deleted::Softly {
            stream.deleted = Deleted::No;
            stream.first = stream.records.len();
        }
        let mut written = Written {
            revision: 0,
            position: 0,
        };
        for event in events {
            written = self.write(name, event);
        }
        self.appends += 1;
        if self.appends.is_multiple_of(STATISTICS_EVERY) {
            let statistics = Foreign::new("$statsCollected", "{}");
            self.write(
                &Bytes::from_static(b"$stats-127.0.0.1:2113"),
                statistics.into(),
            );
        }
        if self.appends.is_multiple_of(LINK_EVERY) {
            let target = format!("0@{}", String::from_utf8_lossy(name));
            let link = Foreign::new("$>", target);
            self.write(&Bytes::from_static(b"$streams"), link.into());
        }
        written
    }

    fn write(&mut self, name: &Bytes, event: Proposed) -> Written {
        let now = Clock::system().now().0.cast_unsigned() * TICKS_PER_MS;
        self.ticks = now.max(self.ticks + 1);
        let stream = self.streams.entry(name.clone()).or_default();
        let revision = stream.records.len() as u64;
        stream.records.push(self.records.len());
        let position = self.end;
        let (event_type, id) = (event.event_type().to_owned(), event.id());
        let mut metadata = event.metadata;
        metadata.insert("created".to_owned(), self.ticks.to_string());
        let recorded = Recorded {
            id: event.id,
            stream: Some(StreamId { name: name.clone() }),
            revision,
            prepare: position,
            commit: position,
            metadata,
            custom_metadata: event.custom_metadata,
            data: event.data,
        };
        let framed = framed(&ReadResp {
            event: Some(ReadEvent {
                event: Some(recorded),
                commit_position: Some(position),
                ..ReadEvent::default()
            }),
            ..ReadResp::default()
        });
        self.end += framed.len() as u64 + OVERHEAD;
        self.records.push(Record {
            position,
            stream: name.clone(),
            event_type,
            id,
            framed,
        });
        Written { revision, position }
    }
}
