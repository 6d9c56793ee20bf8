//! New ids, under a lease of the node number that was written down before it is used.
//!
//! The embedded lease is a file (`file`). Where many nodes share a log, a table says who holds which
//! number until when; whoever keeps the lease tells of it, and here ids are made under it (`leased`).
//! What must hold: what is written down is never behind an id that was given out, and whoever holds
//! the number next begins where the lease before ended.

mod file;
mod leased;

use std::path::{Path, PathBuf};

use tokio::sync::watch;

use crate::ambient::Clock;
use crate::domain::Timestamp;
use crate::domain::snowflake::{NoId, Node, Snowflake};
pub use file::LEASE_STEP;
use file::LeaseFile;
use leased::Leased;

/// A node number, and the milliseconds in which its holder may make ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The number.
    pub node: Node,
    /// The end of the lease before: no id is made in an earlier millisecond. It stays when the lease
    /// is renewed, and tells it from a later one of the same number.
    pub from: Timestamp,
    /// Ids' milliseconds stay below this.
    pub until: Timestamp,
}

/// Why there is no new id. The text is for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The lease file cannot be read or written, so no id would be safe.
    #[error("{}: {detail}", path.display())]
    Lease {
        /// The lease file.
        path: PathBuf,
        /// What is wrong, with the remedy if there is one.
        detail: String,
    },
    /// This node holds no number: it was not given one yet, or has not been able to renew its lease.
    /// It passes.
    #[error("this node has no node number now")]
    NoNode,
    /// The clock is past the last id's time.
    #[error(transparent)]
    OutOfTime(NoId),
}

/// Makes the ids of this process.
#[derive(Debug)]
pub struct Ids {
    clock: Clock,
    source: Source,
}

#[derive(Debug)]
enum Source {
    File(LeaseFile),
    Leased(Leased),
}

impl Ids {
    /// Takes up the lease in the file at `path`, or begins one if there is no file.
    pub fn open(path: &Path, node: Node, clock: Clock) -> Result<Self, IdError> {
        let source = Source::File(LeaseFile::open(path, node)?);
        Ok(Self { clock, source })
    }

    /// Makes ids under the lease that is told of, as long as there is one. Whoever tells of one has
    /// recorded it durably before.
    pub fn leased(lease: watch::Receiver<Option<Lease>>, clock: Clock) -> Self {
        let source = Source::Leased(Leased::under(lease));
        Self { clock, source }
    }

    /// A new id. With a file: writes the lease ahead when the present one has ended, one durable write
    /// for each [`LEASE_STEP`] in which ids are made, none while nobody asks. Else it waits for nothing.
    pub async fn next(&self) -> Result<Snowflake, IdError> {
        match &self.source {
            Source::File(file) => file.next(&self.clock).await,
            Source::Leased(leased) => leased.next(self.clock.now()),
        }
    }

    /// The number that this process holds now, if it holds one.
    pub fn node(&self) -> Option<Node> {
        match &self.source {
            Source::File(file) => Some(file.node()),
            Source::Leased(leased) => leased.node(self.clock.now()),
        }
    }

    /// Makes no more ids under leases that are told of. Answers with the last of them that ids were
    /// made under, and the first millisecond of it that the next holder may use.
    pub fn give_up(&self) -> Option<(Lease, Timestamp)> {
        match &self.source {
            Source::File(_) => None,
            Source::Leased(leased) => leased.give_up(),
        }
    }
}
