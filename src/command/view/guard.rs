//! Who viewed what a moment ago, so that one user counts once per article in ten minutes.
//!
//! A view first *takes* its place, for as long as an append may reasonably last; when its append is
//! acknowledged the place is *confirmed* and kept for ten minutes from the view, and when it failed
//! the place is *taken back*. So an append that is never heard of again costs ten seconds.
//!
//! What must hold: each call costs the same however many places there are; the memory is bounded;
//! time comes in from outside and may step back. In memory and best effort: a restart forgets.
//!
//! A place is known by a keyed 64-bit hash of article and user. Two views with the same hash are
//! taken for one: with four million places held, that costs a view with a probability of 2 × 10⁻¹³,
//! and nobody outside knows the key that would let them aim.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::{ArticleId, Timestamp, UserId};

/// How long a confirmed view keeps its user from counting again, in milliseconds from the view on.
pub(super) const CONFIRMED_MS: i64 = 10 * 60 * 1000;
/// How long a view whose append nobody has confirmed does, in milliseconds.
pub(super) const TAKEN_MS: i64 = 10 * 1000;
/// The most places that are held; the oldest goes first. At this bound the guard takes about 210 MB:
/// 64 MB for their order (4,194,304 × 16 bytes), 142 MB to find them (8,388,608 × 17 bytes). It
/// takes 6,667 counted views a second to get there.
pub(super) const MAX_PLACES: usize = 4_000_000;
/// The most places past their time that one call clears away. More than one, so that they get fewer
/// while there is work; few, so that no call has to pay for a quiet hour.
const SWEEP: usize = 4;

/// A place that was taken: needed to confirm it or to take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    fingerprint: u64,
    turn: u32,
}

/// The places, shared by the requests that take them and the flushes that settle them.
#[derive(Debug)]
pub(super) struct Guard {
    key: RandomState,
    // One lock: it is held for some 100 ns per view, a hundredth of what the view's request costs,
    // and never across an await; and only one order of all places can say which is the oldest.
    // Rarely (22 times on the way to the bound) a call finds the table full and moves it.
    places: Mutex<Places>,
}

impl Guard {
    /// Nobody has viewed anything.
    pub(super) fn new() -> Self {
        Self {
            key: RandomState::new(),
            places: Mutex::new(Places::at_most(MAX_PLACES)),
        }
    }

    /// A place for this user's view of the article, unless it counted a moment ago or is about to.
    pub(super) fn take(&self, by: &UserId, article: ArticleId, now: Timestamp) -> Option<Ticket> {
        let fingerprint = self.key.hash_one((article, by));
        self.places().take(fingerprint, now)
    }

    /// These views are in the log.
    pub(super) fn confirm(&self, tickets: impl Iterator<Item = Ticket>) {
        let mut places = self.places();
        tickets.for_each(|ticket| places.confirm(ticket));
    }

    /// These views are not in the log.
    pub(super) fn take_back(&self, tickets: impl Iterator<Item = Ticket>) {
        let mut places = self.places();
        tickets.for_each(|ticket| places.take_back(ticket));
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a turn was taken, and by whom.
#[derive(Clone, Copy, Debug)]
struct Taken {
    fingerprint: u64,
    at: Timestamp,
}

/// Which turn of `order` a fingerprint's place is.
#[derive(Clone, Copy, Debug)]
struct Place {
    turn: u32,
    confirmed: bool,
}

/// The places themselves.
#[derive(Debug)]
struct Places {
    held: HashMap<u64, Place, BuildHasherDefault<AsItIs>>,
    /// Every place in the order of taking, and some that were taken back or again since.
    order: VecDeque<Taken>,
    /// The turn of the first in `order`. Turns are numbered on past the end of the numbers: far
    /// fewer are held than there are numbers.
    first: u32,
    most: usize,
}

impl Places {
    fn at_most(most: usize) -> Self {
        Self {
            held: HashMap::default(),
            order: VecDeque::new(),
            first: 0,
            most,
        }
    }

    fn take(&mut self, fingerprint: u64, now: Timestamp) -> Option<Ticket> {
        if self.is_held(fingerprint, now) {
            return None;
        }
        self.sweep(now);
        if self.order.len() >= self.most {
            self.drop_oldest();
        }
        let turn = self.turn(self.order.len());
        let at = now;
        self.order.push_back(Taken { fingerprint, at });
        let confirmed = false;
        self.held.insert(fingerprint, Place { turn, confirmed });
        Some(Ticket { fingerprint, turn })
    }

    fn confirm(&mut self, ticket: Ticket) {
        let place = self.held.get_mut(&ticket.fingerprint);
        if let Some(place) = place.filter(|place| place.turn == ticket.turn) {
            place.confirmed = true;
        }
    }

    fn take_back(&mut self, ticket: Ticket) {
        let place = self.held.get(&ticket.fingerprint);
        if place.is_some_and(|place| place.turn == ticket.turn) {
            self.held.remove(&ticket.fingerprint);
        }
    }

    fn is_held(&self, fingerprint: u64, now: Timestamp) -> bool {
        let place = self.held.get(&fingerprint);
        place.is_some_and(|place| self.lives(*place, now))
    }

    fn lives(&self, place: Place, now: Timestamp) -> bool {
        let index = place.turn.wrapping_sub(self.first);
        let taken = usize::try_from(index).ok().and_then(|i| self.order.get(i));
        taken.is_some_and(|taken| {
            let life = if place.confirmed {
                CONFIRMED_MS
            } else {
                TAKEN_MS
            };
            let age = now.0.saturating_sub(taken.at.0);
            // From so far in the future only if the clock was wrong then: nobody should wait for it
            // to come.
            (-CONFIRMED_MS..life).contains(&age)
        })
    }

    /// Clears away what stands first and counts for nothing any more.
    fn sweep(&mut self, now: Timestamp) {
        for _ in 0..SWEEP {
            let Some(oldest) = self.order.front() else {
                return;
            };
            let place = self.held.get(&oldest.fingerprint);
            if place.is_some_and(|place| place.turn == self.first && self.lives(*place, now)) {
                return;
            }
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let turn = self.first;
        if let Some(Taken { fingerprint, .. }) = self.order.pop_front() {
            self.take_back(Ticket { fingerprint, turn });
            self.first = self.turn(1);
        }
    }

    /// The turn that stands at `index`.
    fn turn(&self, index: usize) -> u32 {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.first.wrapping_add(index)
    }
}

/// Fingerprints are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests;
