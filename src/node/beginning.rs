//! Before a log on a server is begun: an empty one may be a new one, or the wrong one.
//!
//! What must hold: nothing is written to a log without an identity before the views have answered, and
//! neither they nor Redis, if it is there, hold anything of another log. Otherwise a server that came up
//! without its data would take commands, and the views would be the last copy of the board. Redis is not
//! waited for: it knows of no log that the views do not know of.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use super::log::read_carefully;
use super::{Numbering, StartError};
use crate::ambient::Clock;
use crate::config::Config;
use crate::event_store::{EventStore, StoreError, identity};
use crate::hot::{Hot, HotError};
use crate::projections::checkpoint::{self, CheckpointError};
use crate::projections::hot::NotOurs;
use crate::views::Views;

/// How long the views and Redis may take to answer, each.
const ANSWER: Duration = Duration::from_secs(5);

/// What is there of a log.
pub(super) struct Remains {
    /// Who has it, and the way out if the empty log is meant.
    what: &'static str,
    remedy: &'static str,
    log_id: Uuid,
}

impl Remains {
    /// Why the empty log at `place` is not begun.
    pub(super) fn refusal(self, place: String) -> StartError {
        let Self {
            what,
            remedy,
            log_id,
        } = self;
        StartError::Emptied {
            place,
            what,
            log_id,
            remedy,
        }
    }
}

/// What the views and Redis hold of any log. Fails until the views have answered.
pub(super) async fn remains(
    views: Option<&Views>,
    hot: Option<&Hot>,
) -> Result<Option<Remains>, StartError> {
    if let Some(hot) = hot {
        match timeout(ANSWER, hot.pointer()).await {
            Ok(Ok(Some(pointer))) => {
                return Ok(Some(Remains {
                    what: "what is in Redis under this redis_prefix is",
                    remedy: "give it a redis_prefix of its own",
                    log_id: pointer.log_id,
                }));
            }
            Ok(Ok(None) | Err(HotError::Away(_))) | Err(_) => {}
            Ok(Err(error)) => return Err(NotOurs::from(error).into()),
        }
    }
    let Some(views) = views else { return Ok(None) };
    let found = timeout(ANSWER, log_of(views)).await;
    let found = found.map_err(|_| waits())??;
    Ok(found.map(|log_id| Remains {
        what: "the views are",
        remedy: "give it a database of its own",
        log_id,
    }))
}

fn waits() -> StoreError {
    StoreError::Unavailable {
        store: "the log".to_owned(),
        detail: "it is empty, and is not begun before the views could be asked".to_owned(),
    }
}

/// The log that the views are of, if they are of any.
async fn log_of(views: &Views) -> Result<Option<Uuid>, StartError> {
    match checkpoint::log_of(views).await {
        Err(CheckpointError::Views(error)) => Err(views.explained(error).into()),
        found => Ok(found?),
    }
}

/// Makes sure that the log has an identity, for who works on it without being a node. The database that
/// numbers are leased from has to be this log's.
pub async fn begin(
    config: &Config,
    log: &Arc<dyn EventStore>,
    clock: &Clock,
) -> Result<(), StartError> {
    if !config.event_store.is_shared() {
        identity::ensure(&**log, clock).await?;
        return Ok(());
    }
    if !Numbering::is_leased(config) {
        return begin_beside(config, (log, None), clock).await;
    }
    let views = Views::begin(&config.database).await?;
    let begun = begin_beside(config, (log, Some(&views)), clock).await;
    views.close().await;
    begun
}

async fn begin_beside(
    config: &Config,
    (log, views): (&Arc<dyn EventStore>, Option<&Views>),
    clock: &Clock,
) -> Result<(), StartError> {
    if let Some(log_id) = read_carefully(&**log).await? {
        let of_views = match views {
            Some(views) => log_of(views).await?,
            None => None,
        };
        return match of_views {
            Some(views) if views != log_id => {
                Err(CheckpointError::ForeignLog { views, log: log_id }.into())
            }
            _ => Ok(()),
        };
    }
    let hot = config.redis.clone();
    let hot = hot.map(|(url, prefix)| Hot::new(url, prefix));
    let remains = remains(views, hot.as_ref()).await?;
    // A node may have begun it meanwhile, and the views be of that.
    if identity::read(&**log).await?.is_none() {
        if let Some(remains) = remains {
            return Err(remains.refusal(config.event_store.place()));
        }
        identity::ensure(&**log, clock).await?;
    }
    Ok(())
}
