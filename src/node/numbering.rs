//! Where a process has its node number from, and with it new ids: from the file in its data directory,
//! or, where the log and the views are on servers, from a lease that is kept beside the views.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;

use super::lease::{Leasing, NoNumber, Parts};
use super::stand::Stand;
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

    /// Whether this process would have to guess a number that others on the same log may guess, too: none
    /// is leased, and the operator has chosen none.
    pub fn is_a_guess(config: &Config) -> bool {
        config.event_store.is_shared() && !Self::is_leased(config) && config.node.is_none()
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
        (views, store, stand): (&Views, &Arc<dyn EventStore>, Option<watch::Receiver<Stand>>),
        clock: Clock,
    ) -> Result<Self, IdError> {
        if !Self::is_leased(config) {
            return Self::in_file(config, clock);
        }
        if config.roles.command {
            let parts = parts(config, (views, store), clock);
            return Ok(Self::by(Leasing::start_when(open(stand), parts)));
        }
        let (_, never) = watch::channel(None);
        Ok(Self {
            ids: Arc::new(Ids::leased(never, clock)),
            leasing: None,
        })
    }

    /// Begins to lease a number in the background, for ids in the log `store`, which can be used.
    pub fn leased(
        config: &Config,
        (views, store): (&Views, &Arc<dyn EventStore>),
        clock: Clock,
    ) -> Self {
        Self::by(Leasing::start(parts(config, (views, store), clock)))
    }

    fn by(leasing: Leasing) -> Self {
        Self {
            ids: leasing.ids(),
            leasing: Some(leasing),
        }
    }

    /// How it stands with a number that is leased.
    pub fn stand(&self) -> Option<watch::Receiver<Stand>> {
        self.leasing.as_ref().map(Leasing::stand)
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

fn parts(config: &Config, (views, store): (&Views, &Arc<dyn EventStore>), clock: Clock) -> Parts {
    Parts {
        views: views.clone(),
        store: Arc::clone(store),
        node: config.node,
        clock,
    }
}

/// Ready once a log can be used. What cannot be told of never is.
async fn open(stand: Option<watch::Receiver<Stand>>) {
    if let Some(mut stand) = stand
        && stand.wait_for(|stand| *stand == Stand::Open).await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}
