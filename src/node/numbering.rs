//! Where a process has its node number from, and with it new ids: from the file in its data directory,
//! or, where the log and the views are on servers, from a lease that is kept beside the views.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;

use super::lease::{Leasing, NoNumber, Parts};
use crate::ambient::Clock;
use crate::command::ids::{IdError, Ids};
use crate::config::Config;
use crate::event_store::EventStore;
use crate::views::{Database, Views};

/// The file with the lease of ids, in the data directory.
pub const LEASE_FILE: &str = "ids.lease";

/// How long a node that is open waits for its number before it listens without one.
const FIRST: Duration = Duration::from_secs(5);

/// The ids of a process, and what keeps its number.
pub struct Numbering {
    ids: Arc<Ids>,
    leasing: Option<Leasing>,
}

impl Numbering {
    /// Whether numbers are leased: nodes have nothing of their own to keep them in.
    pub fn is_leased(config: &Config) -> bool {
        config.event_store.is_shared() && matches!(config.database, Database::Server(_))
    }

    /// Takes up the lease in the data directory, which belongs to this process then.
    pub fn in_file(config: &Config, clock: Clock) -> Result<Self, IdError> {
        let path = config.data_dir.join(LEASE_FILE);
        let ids = Ids::open(&path, config.node.unwrap_or_default(), clock)?;
        Ok(Self {
            ids: Arc::new(ids),
            leasing: None,
        })
    }

    /// What a node with such views and such a log begins with. One that takes no commands makes no ids,
    /// and leases no number.
    pub(super) fn of_node(
        config: &Config,
        stores: (&Views, &Arc<dyn EventStore>),
        clock: Clock,
    ) -> Result<Self, IdError> {
        if !Self::is_leased(config) {
            return Self::in_file(config, clock);
        }
        if config.roles.command {
            return Ok(Self::leased(config, stores, clock));
        }
        let (_, never) = watch::channel(None);
        Ok(Self {
            ids: Arc::new(Ids::leased(never, clock)),
            leasing: None,
        })
    }

    /// Begins to lease a number in the background, for ids in the log `store`.
    pub fn leased(
        config: &Config,
        (views, store): (&Views, &Arc<dyn EventStore>),
        clock: Clock,
    ) -> Self {
        let leasing = Leasing::start(Parts {
            views: views.clone(),
            store: Arc::clone(store),
            node: config.node,
            clock,
        });
        Self {
            ids: leasing.ids(),
            leasing: Some(leasing),
        }
    }

    /// Makes the ids. Fails as long as there is no number.
    pub fn ids(&self) -> Arc<Ids> {
        Arc::clone(&self.ids)
    }

    /// Waits until there is a number, for at most `limit`.
    pub async fn is_there(&self, limit: Duration) -> Result<(), NoNumber> {
        match &self.leasing {
            Some(leasing) => leasing.number(limit).await.map(drop),
            None => Ok(()),
        }
    }

    /// Waits for the number of a node that begins, but not for long.
    pub(super) async fn first(&self) {
        if let Err(error) = self.is_there(FIRST).await {
            warn!(%error, "commands that need a new id are refused until there is a number");
        }
    }

    /// Makes no more ids, and gives a leased number back.
    pub async fn stop(self) {
        if let Some(leasing) = self.leasing {
            leasing.stop().await;
        }
    }
}
