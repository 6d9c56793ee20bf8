//! What is hot, as what the log is folded into: entries in Redis, which follow SQL.
//!
//! What must hold:
//!
//! - A batch is applied only when SQL has reached its last event. So SQL knows which of its events are
//!   parked, and whoever fills an entry finds rows that are at least as new as the checkpoint here.
//! - The checkpoint moves by compare-and-set, after all that it covers was applied to the masters that
//!   the generation began with. Where that cannot be told any more (the pointer is gone or went back,
//!   or the masters are others), a new generation begins at SQL's checkpoint.
//! - Nobody waits for this projector: while Redis is away, SQL goes on and answers.
//!
//! Applying is idempotent by the positions in the entries, so two projectors at once, batches in
//! other cuts and answers that were lost need no more care than that.

pub mod changes;
mod entries;
mod shown;

use std::sync::Arc;

use tokio::sync::watch;
use tracing::warn;
use uuid::Uuid;

use super::OnCommit;
use super::checkpoint::Identity;
use super::runner::{Runner, Surroundings};
use super::status::Status;
use crate::ambient::Clock;
use crate::event_store::{EventStore, Position};
use crate::hot::{Hot, HotError};
use crate::views::Views;

pub use entries::Redis;

/// What the projector of what is hot works with.
pub struct Parts {
    /// Redis.
    pub hot: Hot,
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// The log and the calendar that the SQL views are of.
    pub identity: Identity,
    /// The SQL views: they tell what is parked, and show how this projector is doing.
    pub views: Views,
    /// For lags and reports.
    pub clock: Clock,
    /// Told of what was applied.
    pub on_commit: OnCommit,
    /// How far the SQL views have got.
    pub sql: watch::Receiver<Position>,
}

/// Redis answers, and is not to be used. The texts are for operators.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    /// The entries are of another log.
    #[error(
        "what is in Redis under this redis_prefix is of another log ({redis}, not {log}); \
         each log needs a redis_prefix of its own"
    )]
    ForeignLog {
        /// The log that the entries are of.
        redis: Uuid,
        /// The log that is there.
        log: Uuid,
    },
    /// It refuses what is asked of it.
    #[error("{0}; {remedy}", remedy = remedy(.0))]
    Refused(#[from] HotError),
}

fn remedy(error: &HotError) -> &'static str {
    match error {
        HotError::Away(_) => "start it",
        HotError::ReadOnly(_) => "put the address of its master into the URL",
        HotError::Full(_) => "give it more memory",
        HotError::Refused(_) => {
            "look at the user and the password in its URL, at what that user may do, and at its \
             version"
        }
        HotError::Foreign(_) => "choose another redis_prefix",
    }
}

/// Makes sure that Redis, if it answers, lets us in and holds nothing of another log. One that cannot
/// be reached will be asked again.
pub async fn verify(hot: &Hot, log_id: Uuid) -> Result<(), NotOurs> {
    match hot.pointer().await {
        Ok(Some(pointer)) if pointer.log_id != log_id => Err(NotOurs::ForeignLog {
            redis: pointer.log_id,
            log: log_id,
        }),
        Ok(_) | Err(HotError::Away(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A runner that keeps what is hot up to date, unless [`verify`] finds another log there. What Redis
/// refuses now, the runner asks for again: the node may have run for long, and SQL answers.
pub async fn start(parts: Parts) -> Result<(Runner<Redis>, watch::Receiver<Status>), NotOurs> {
    match verify(&parts.hot, parts.identity.log_id).await {
        Err(NotOurs::Refused(error)) => warn!(%error, "what is hot cannot be projected yet"),
        verified => verified?,
    }
    let around = Surroundings {
        store: Arc::clone(&parts.store),
        views: parts.views.clone(),
        clock: parts.clock.clone(),
    };
    let redis = Redis {
        parts,
        pointer: None,
        sure: true,
    };
    let status = Status::starting(Position::START, 0);
    Ok(Runner::over(redis, around, status))
}
