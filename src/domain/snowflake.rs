//! 64-bit ids that sort by time of making: 41 bits of milliseconds since 2024-01-01T00:00:00Z,
//! 10 bits of node, 12 bits of sequence.
//!
//! What must hold: no id is ever made twice, whatever clocks do. So ids are made only below the
//! end of a *lease* that was written down before its first use, and the next holder of the node
//! number starts at or above that end. Within a lease a clock that stands still or steps back is
//! met by counting on: first the sequence, then the milliseconds, which may run ahead of the clock.
//!
//! Nothing but order is ever read out of an id. The layout is Twitter's
//! ("Announcing Snowflake", 2010).

use std::fmt;
use std::str::FromStr;

use super::id::{MalformedId, Timestamp};

/// 2024-01-01T00:00:00Z in milliseconds since 1970: the zero of an id's milliseconds.
pub const EPOCH: Timestamp = Timestamp(1_704_067_200_000);

const NODE_BITS: u32 = 10;
const SEQUENCE_BITS: u32 = 12;
const TIME_BITS: u32 = 41;

/// Ids that one node can make within one millisecond.
pub const IDS_PER_MILLISECOND: u16 = 1 << SEQUENCE_BITS;

const LAST_MILLISECOND: u64 = (1 << TIME_BITS) - 1;

/// From here on there are no ids (in the year 2093).
pub const END: Timestamp = Timestamp(EPOCH.0 + (1 << TIME_BITS));

/// An id: positive, at most 2^63 − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Snowflake(u64);

impl Snowflake {
    /// The id as a signed column of a database holds it.
    pub fn to_i64(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// Reads a signed column back; `None` unless positive.
    pub fn from_i64(value: i64) -> Option<Self> {
        u64::try_from(value).ok().filter(|id| *id > 0).map(Self)
    }
}

impl fmt::Display for Snowflake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Snowflake {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        if !canonical {
            return Err(MalformedId);
        }
        let value: i64 = text.parse().map_err(|_| MalformedId)?;
        Self::from_i64(value).ok_or(MalformedId)
    }
}

/// The number that tells apart the ids of two processes: 0 to 1023.
/// Where nobody chooses one, 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Node(u16);

impl Node {
    /// The greatest node number.
    pub const MAX: u16 = (1 << NODE_BITS) - 1;

    /// `None` above [`Node::MAX`].
    pub fn new(number: u16) -> Option<Self> {
        (number <= Self::MAX).then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

/// Why there is no id now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoId {
    /// The next id would lie at or past the end of the lease: renew it first.
    #[error("the lease of the node number has ended")]
    LeaseEnded,
    /// 41 bits of milliseconds are used up (in the year 2093), or the clock says so.
    #[error("the clock is past the last id's time")]
    OutOfTime,
}

/// Makes the ids of one node.
#[derive(Debug)]
pub struct Snowflakes {
    node: Node,
    /// Milliseconds since [`EPOCH`] of the newest id, or of the floor that the lease began at.
    newest: u64,
    /// Sequence number of the next id within `newest`.
    sequence: u16,
    /// Ids' milliseconds stay below this.
    until: u64,
}

impl Snowflakes {
    /// A maker that may use no millisecond before `floor`: the end of the lease before this one.
    /// It holds no lease yet, so the first call of [`Self::next`] fails.
    pub fn starting_at(node: Node, floor: Timestamp) -> Self {
        Self {
            node,
            newest: since_epoch(floor),
            sequence: 0,
            until: 0,
        }
    }

    /// Extends the lease: the caller has durably recorded `until`, and nobody else uses this node
    /// number before it.
    pub fn renew(&mut self, until: Timestamp) {
        self.until = self.until.max(since_epoch(until));
    }

    /// Gives the lease up: no id is made until [`Self::renew`] names a later end.
    pub fn revoke(&mut self) {
        self.until = 0;
    }

    /// The millisecond at which the next id would be made if the clock shows `now`: a new lease
    /// has to end after it.
    pub fn next_at(&self, now: Timestamp) -> Timestamp {
        let (at, _) = self.slot(now);
        Timestamp(EPOCH.0.saturating_add_unsigned(at))
    }

    /// The millisecond after the newest id's, or the floor if there is none: whoever makes the next
    /// ids of this node may begin here.
    pub fn end(&self) -> Timestamp {
        let used = u64::from(self.sequence > 0);
        Timestamp(EPOCH.0.saturating_add_unsigned(self.newest + used))
    }

    /// Makes an id. On an error nothing changes.
    pub fn next(&mut self, now: Timestamp) -> Result<Snowflake, NoId> {
        let (at, sequence) = self.slot(now);
        if at > LAST_MILLISECOND {
            return Err(NoId::OutOfTime);
        }
        if at >= self.until {
            return Err(NoId::LeaseEnded);
        }
        self.newest = at;
        self.sequence = sequence + 1;
        let node = u64::from(self.node.0) << SEQUENCE_BITS;
        Ok(Snowflake(
            at << (NODE_BITS + SEQUENCE_BITS) | node | u64::from(sequence),
        ))
    }

    fn slot(&self, now: Timestamp) -> (u64, u16) {
        let now = since_epoch(now);
        if now > self.newest {
            (now, 0)
        } else if self.sequence < IDS_PER_MILLISECOND {
            (self.newest, self.sequence)
        } else {
            (self.newest + 1, 0)
        }
    }
}

/// Clocks before the epoch count as the epoch's first millisecond: 0 with node 0 is no id.
fn since_epoch(time: Timestamp) -> u64 {
    u64::try_from(time.0.saturating_sub(EPOCH.0))
        .unwrap_or(0)
        .max(1)
}
