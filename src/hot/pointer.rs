//! Which generation of entries is good, and up to where events are folded into it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::event_store::Position;

/// Names a generation: all entries that were filled since one moment. 12 random hex digits, so that
/// keys that a lost generation left behind on one node of a Cluster never come alive again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GenerationName(pub(super) Arc<str>);

impl GenerationName {
    /// The name as it stands in keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GenerationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who the masters are, digested: it differs after a fail-over, a restart, or when a Cluster gains
/// or loses a master; in short, whenever a write that was acknowledged may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replication(pub(super) String);

/// What stands in the pointer key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The generation that is good.
    pub generation: GenerationName,
    /// Whose events they are.
    pub log_id: Uuid,
    /// Every event up to here is folded into every entry of the generation (R).
    pub checkpoint: Position,
    /// The id of the event at the checkpoint; none before the first.
    pub last: Option<Uuid>,
    /// The masters when the generation began.
    pub replication: Replication,
}

/// Where a generation begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The log that is folded.
    pub log_id: Uuid,
    /// The checkpoint of SQL: no entry can be filled with less.
    pub checkpoint: Position,
    /// The id of the event at the checkpoint.
    pub last: Option<Uuid>,
    /// The masters now.
    pub replication: Replication,
}

/// What became of moving the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// It moved, and this stands there now. Also if it stood there already: an answer was lost.
    Moved(Pointer),
    /// Something else stands there, or nothing at all; nothing was written.
    Elsewhere(Option<Pointer>),
}

/// The generation that this node reads and fills, as it was found last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub(super) name: GenerationName,
    pub(super) checkpoint: Position,
    pub(super) found: Instant,
    /// Whether SQL is to be asked first: Redis waits to follow it, or did not answer a moment ago.
    pub(super) doubtful: bool,
}

impl Generation {
    /// How long a generation is good without being found again. A node that was paused must look
    /// before it goes on with what it knew.
    pub const GOOD: Duration = Duration::from_secs(2);

    /// What `pointer` says, found just now. For tests, and for those who keep no [`super::Hot::follow`] running.
    pub fn of(pointer: &Pointer) -> Self {
        Self {
            name: pointer.generation.clone(),
            checkpoint: pointer.checkpoint,
            found: Instant::now(),
            doubtful: false,
        }
    }

    /// Its name.
    pub fn name(&self) -> &GenerationName {
        &self.name
    }

    /// R: every event up to here is folded into every entry.
    pub fn checkpoint(&self) -> Position {
        self.checkpoint
    }
}
