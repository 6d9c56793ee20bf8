//! Short streams that were read a moment ago, kept in memory.
//!
//! Every article that is posted asks how its board stands, and every comment and like how its
//! article stands, so the streams of busy boards and hot articles are read over and over, and each
//! read costs two changes of thread. The writer of this process is the only one that the file has,
//! so it can tell when a copy is no longer good: it counts a change to each stream of a transaction
//! after the commit and before anyone is answered (`change_counts`), also when the outcome of the
//! commit is unknown. So a copy is never older than what any append that was answered has made of
//! its stream.

use std::sync::Arc;

use moka::future::Cache;

use crate::change_counts::ChangeCounts;
use crate::domain::Revision;
use crate::event_store::{Direction, Page, RecordedEvent, StreamName};

/// The most memory that copies take, in bytes: some ten thousand articles of the usual length, since
/// everyone who comments on one or likes it asks how it stands.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The longest stream of which a copy is kept.
const MAX_EVENTS: usize = 16;
/// The largest stream of which a copy is kept, in bytes.
const MAX_STREAM_BYTES: usize = 16 * 1024;
/// What an event takes besides its payload, roughly, in bytes.
const EVENT_BYTES: usize = 256;

#[derive(Clone, Debug)]
struct Copy {
    events: Arc<[RecordedEvent]>,
    bytes: usize,
    changes: u64,
}

/// The copies. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    copies: Cache<StreamName, Copy>,
    changes: ChangeCounts,
}

impl Recent {
    pub(super) fn new() -> Self {
        let weight = |_: &StreamName, copy: &Copy| u32::try_from(copy.bytes).unwrap_or(u32::MAX);
        Self {
            copies: Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(weight)
                .build(),
            changes: ChangeCounts::default(),
        }
    }

    /// To be called by the writer after a commit, before it answers.
    pub(super) fn changed(&self, stream: &StreamName) {
        self.changes.changed(stream);
    }

    /// To be called by the writer when it has looked at the file anew.
    pub(super) fn all_changed(&self) {
        self.changes.all_changed();
    }

    /// What `read` would answer, without reading if there is a good copy.
    pub(super) async fn or_read<E>(
        &self,
        (stream, from, page): (&StreamName, Revision, Page),
        read: impl Future<Output = Result<Vec<RecordedEvent>, E>>,
    ) -> Result<Vec<RecordedEvent>, E> {
        if from != Revision::FIRST || page.direction != Direction::Forward {
            return read.await;
        }
        let changes = self.changes.of(stream);
        if let Some(copy) = self.copies.get(stream).await
            && copy.changes == changes
            && copy.events.len() <= page.max
        {
            return Ok(copy.events.to_vec());
        }
        let events = read.await?;
        let whole = events.len() < page.max;
        if whole && let Some(bytes) = worth_keeping(&events) {
            let events = events.as_slice().into();
            let copy = Copy {
                events,
                bytes,
                changes,
            };
            self.copies.insert(stream.clone(), copy).await;
        }
        Ok(events)
    }
}

/// The size of a stream that is short enough to be kept. One without events is not: the next thing
/// to happen is that it gets some.
fn worth_keeping(events: &[RecordedEvent]) -> Option<usize> {
    if events.is_empty() || events.len() > MAX_EVENTS {
        return None;
    }
    let size = |event: &RecordedEvent| event.data.len() + event.metadata.len() + EVENT_BYTES;
    let bytes = events.iter().map(size).sum();
    (bytes <= MAX_STREAM_BYTES).then_some(bytes)
}
