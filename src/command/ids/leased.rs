//! Ids under a lease that others keep: it may be renewed, lost, and followed by one of another number.
//!
//! What must hold: an id lies in the milliseconds of a lease that was told of when it was made. A process
//! that was stopped for an hour between looking at the clock and making the id still makes one that
//! nobody else can: where the lease ends, the next one begins.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{IdError, Lease};
use crate::domain::Timestamp;
use crate::domain::snowflake::{NoId, Node, Snowflake, Snowflakes};

#[derive(Debug)]
pub(super) struct Leased {
    told: watch::Receiver<Option<Lease>>,
    /// The lease is looked at while this is held, so nobody goes back to an earlier one.
    using: Mutex<Using>,
}

#[derive(Debug)]
enum Using {
    Nothing,
    Lease(Lease, Snowflakes),
    GivenUp,
}

impl Leased {
    pub(super) fn under(told: watch::Receiver<Option<Lease>>) -> Self {
        let using = Mutex::new(Using::Nothing);
        Self { told, using }
    }

    pub(super) fn next(&self, now: Timestamp) -> Result<Snowflake, IdError> {
        let mut using = self.using();
        let lease = self.told.borrow().ok_or(IdError::NoNode)?;
        let snowflakes = using.take_up(lease).ok_or(IdError::NoNode)?;
        snowflakes.next(now).map_err(|error| match error {
            NoId::LeaseEnded => IdError::NoNode,
            NoId::OutOfTime => IdError::OutOfTime(error),
        })
    }

    pub(super) fn node(&self, now: Timestamp) -> Option<Node> {
        let lease = self.told.borrow().filter(|lease| now < lease.until);
        lease.map(|lease| lease.node)
    }

    pub(super) fn give_up(&self) -> Option<(Lease, Timestamp)> {
        match std::mem::replace(&mut *self.using(), Using::GivenUp) {
            Using::Lease(lease, snowflakes) => Some((lease, snowflakes.end())),
            Using::Nothing | Using::GivenUp => None,
        }
    }

    fn using(&self) -> MutexGuard<'_, Using> {
        self.using.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Using {
    /// What makes ids under `lease`: what has made some under it, if it was only renewed.
    fn take_up(&mut self, lease: Lease) -> Option<&mut Snowflakes> {
        if matches!(self, Self::GivenUp) {
            return None;
        }
        let is_renewed = |held: &Lease| (held.node, held.from) == (lease.node, lease.from);
        if !matches!(self, Self::Lease(held, _) if is_renewed(held)) {
            *self = Self::Lease(lease, Snowflakes::starting_at(lease.node, lease.from));
        }
        match self {
            Self::Lease(_, snowflakes) => {
                snowflakes.renew(lease.until);
                Some(snowflakes)
            }
            Self::Nothing | Self::GivenUp => None,
        }
    }
}
