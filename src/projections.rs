//! The read side's writers: a fold over the log, in position order, into the views.
//!
//! One runner folds all SQL views together. A batch of events and the checkpoint move in one
//! transaction whose first statement is the guard on the checkpoint (`checkpoint`), so no event is
//! lost or applied twice whatever dies, and a second projector is harmless. One file per view says
//! what an event does to its rows.
//!
//! What must hold: nothing is ever folded out of order. An event that cannot be folded because of
//! what it *is* gets parked with its reason, and so do the later events of its stream (`parked`).
//! An error of the store is nobody's fault but the store's: the runner tries for ever.

pub mod articles;
pub mod boards;
pub mod checkpoint;
pub mod comments;
pub mod counts;
pub mod fold;
pub mod hot;
pub mod likes;
pub mod parked;
pub mod reader;
pub mod rebuild;
pub mod rows;
pub mod runner;
pub mod sql;
pub mod status;
pub mod wanted;

use std::sync::Arc;

use crate::event_store::RecordedEvent;
use crate::views::Touched;

/// The name of the projection that keeps the SQL views.
pub const SQL: &str = "sql";
/// The name of the projection that keeps what is hot, in Redis.
pub const HOT: &str = "redis";

/// Told what a batch changed, after its commit and before anyone hears of the new position.
pub type OnCommit = Arc<dyn Fn(&Touched) + Send + Sync>;

/// An event does not fit what came before it. The text goes to operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub &'static str);

/// Whether `recorded` comes next after `revision` of its stream.
fn follows(recorded: &RecordedEvent, revision: i64) -> bool {
    i64::try_from(recorded.revision.0).is_ok_and(|next| next.checked_sub(1) == Some(revision))
}
