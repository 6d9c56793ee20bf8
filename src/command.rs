//! The write side: load → fold → decide → append, one file per aggregate.
//!
//! What must hold: every append names the revision that the decision was made on, and the ids of
//! its events follow from the command id. So two commands at once cannot both win, and a command
//! whose outcome is unknown can be done again without doing anything twice.
//!
//! Rules about another stream (is the board open?) are checked against its newest revision at
//! decision time. An event that comes in between may overtake them; then the log stands.

pub mod article;
pub mod board;
pub mod comment;
mod execute;
pub mod ids;
pub mod import;
pub mod like;
pub mod view;

use std::sync::Arc;

use uuid::Uuid;

use crate::ambient::{Clock, new_command_id};
use crate::change_counts::ChangeCounts;
use crate::domain::{Timestamp, UserId};
use crate::event_store::{EventStore, Position, StoreError};
pub use execute::{REPEAT_FOR, load};
use ids::{IdError, Ids};

/// Where a command comes from: what its events will say of their cause.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who asks.
    pub actor: UserId,
    /// Names the command; the ids of its events follow from it.
    pub command_id: Uuid,
    /// Shared by everything that one request or import leads to.
    pub correlation_id: Uuid,
    /// When it happened to the user.
    pub occurred_at: Timestamp,
    /// The trace of the request, if it has one.
    pub trace_id: Option<String>,
    /// The source of the import that it is part of, if it is.
    pub import: Option<String>,
}

impl Origin {
    /// A command that somebody gives now.
    pub fn now(actor: UserId, clock: &Clock) -> Self {
        let command_id = new_command_id();
        Self {
            actor,
            command_id,
            correlation_id: command_id,
            occurred_at: clock.now(),
            trace_id: None,
            import: None,
        }
    }
}

/// A command that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<A> {
    /// The aggregate as it stands after the command.
    pub state: A,
    /// Where the newest event of its stream stands: what the command appended or, if nothing had
    /// to change, what it last read. A view at this position shows the command's effect.
    pub position: Position,
}

/// Why a command was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError<R> {
    /// A rule said no.
    #[error("rejected: {rejection}")]
    Rejected {
        /// Which rule.
        rejection: R,
        /// The newest event that was read to decide so, if any was.
        position: Option<Position>,
    },
    /// Others kept changing the same stream; see [`execute`](self).
    #[error("the stream changed at every attempt")]
    Conflict {
        /// The newest event that was read, if any was.
        position: Option<Position>,
    },
    /// The store is broken.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no id for what should be made.
    #[error(transparent)]
    Ids(#[from] IdError),
}

impl<R> CommandError<R> {
    /// The same error, by somebody who has read the event at `read`, too.
    fn having_read(self, read: Option<Position>) -> Self {
        match self {
            Self::Rejected {
                rejection,
                position,
            } => Self::Rejected {
                rejection,
                position: position.max(read),
            },
            Self::Conflict { position } => Self::Conflict {
                position: position.max(read),
            },
            other => other,
        }
    }
}

/// All commands that users can give.
#[derive(Clone)]
pub struct Commands {
    store: Arc<dyn EventStore>,
    ids: Arc<Ids>,
    /// Counts deletions of articles, for those who remember that one is there.
    deletions: ChangeCounts,
}

impl Commands {
    /// Commands that append to `store` and take new ids from `ids`.
    pub fn new(store: Arc<dyn EventStore>, ids: Arc<Ids>) -> Self {
        let deletions = ChangeCounts::default();
        Self {
            store,
            ids,
            deletions,
        }
    }
}
