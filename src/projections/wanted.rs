//! Which rows a batch needs, so that they are read before its first event is folded, and together.

use std::collections::BTreeSet;

use crate::domain::Revision;
use crate::event_store::RecordedEvent;

/// Ids of rows, less those whose streams begin in this batch: they have no row yet, since a stream
/// has one first event and the checkpoint lets no event pass twice.
pub struct Wanted<I> {
    ids: BTreeSet<I>,
    new: BTreeSet<I>,
}

impl<I> Default for Wanted<I> {
    fn default() -> Self {
        Self {
            ids: BTreeSet::new(),
            new: BTreeSet::new(),
        }
    }
}

impl<I: Clone + Ord> Wanted<I> {
    /// Asks for the row that an event is about, which may stand in that row's own stream.
    pub fn add(&mut self, id: I, (own_stream, recorded): (bool, &RecordedEvent)) {
        if own_stream && recorded.revision == Revision::FIRST {
            self.new.insert(id);
        } else {
            self.ids.insert(id);
        }
    }

    /// Asks for a row that an event needs besides its own.
    pub fn also(&mut self, id: I) {
        self.ids.insert(id);
    }

    /// Whether the stream begins in this batch.
    pub fn is_new(&self, id: &I) -> bool {
        self.new.contains(id)
    }

    /// The ids of the rows to read, in order.
    pub fn known(&self) -> Vec<I> {
        self.ids.difference(&self.new).cloned().collect()
    }
}
