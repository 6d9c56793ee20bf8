//! Writing: what an expectation allows, what repeats an earlier append, and what stands in the log
//! afterwards.

use hyper::body::Bytes;
use madang::ambient::Clock;
use uuid::Uuid;

use super::super::grpc::framed;
use super::super::wire::{self, Proposed, ReadEvent, ReadResp, Recorded, StreamId};
use super::{Deleted, Foreign, MAX_APPEND_BYTES, Record, Refusal, State, Written};

/// What a record takes in the log besides what is sent of it.
const OVERHEAD: u64 = 57;
/// After so many appends the server writes something of its own.
const STATISTICS_EVERY: u64 = 5;
const LINK_EVERY: u64 = 7;
pub(super) const TICKS_PER_MS: u64 = 10_000;

impl Proposed {
    fn event_type(&self) -> &str {
        self.metadata.get("type").map_or("", String::as_str)
    }

    fn id(&self) -> Uuid {
        let id = self.id.as_ref().and_then(wire::Uuid::read);
        id.unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        self.data.len() + self.custom_metadata.len() + 2 * self.event_type().len()
    }
}

impl State {
    /// `first` is the revision that the first event is expected to get: 0 for a stream that is not
    /// there.
    pub(super) fn append(
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

    pub(super) fn write(&mut self, name: &Bytes, event: Proposed) -> Written {
        let now = Clock::system().now().0.cast_unsigned() * TICKS_PER_MS;
        self.ticks = (now - self.behind).max(self.ticks + 1);
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
