//! Counts changes, so that copies can tell whether they are still good.
//!
//! Who keeps a copy of a thing remembers the thing's count from *before* the copy began to be made,
//! and takes the copy for good only while the count is the same. Who changes the thing counts it
//! up after the change is made and before anyone is told of it. Then a copy that was under way when
//! the change came is stale the moment that it is ready, and nobody has to find and remove copies.
//!
//! Things share a fixed number of counts by their hash. Two that share one cost each other a copy,
//! never a wrong answer.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts per kind of thing.
const SLOTS: usize = 4096;

/// The counts of one kind of thing. Clones share them.
#[derive(Clone, Debug)]
pub struct ChangeCounts {
    slots: Arc<[AtomicU64]>,
    hasher: RandomState,
}

impl Default for ChangeCounts {
    fn default() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl ChangeCounts {
    /// The count of a thing now.
    pub fn of(&self, thing: &impl Hash) -> u64 {
        self.slots[self.slot(thing)].load(Ordering::Acquire)
    }

    /// Counts a change.
    pub fn changed(&self, thing: &impl Hash) {
        self.slots[self.slot(thing)].fetch_add(1, Ordering::Release);
    }

    /// Counts a change of every thing, where nobody can tell what changed.
    pub fn all_changed(&self) {
        for slot in &*self.slots {
            slot.fetch_add(1, Ordering::Release);
        }
    }

    /// Which count is the thing's.
    pub fn slot(&self, thing: &impl Hash) -> usize {
        usize::try_from(self.hasher.hash_one(thing)).unwrap_or(usize::MAX) % self.slots.len()
    }
}
