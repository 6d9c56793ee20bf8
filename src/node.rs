//! One running node without its HTTP: the stores opened in the right order, commands, queries and
//! the projector between them, and all of it closed again.

pub mod lease;
mod opening;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ambient::Clock;
use crate::command::Commands;
use crate::command::ids::{IdError, Ids};
use crate::command::view::{Counter, Viewing};
use crate::config::Config;
use crate::event_store::sqlite::SqliteLog;
use crate::event_store::{EventStore, Position, StoreError, identity};
use crate::hot::Hot;
use crate::projections;
use crate::projections::checkpoint::{CheckpointError, Identity};
use crate::projections::hot::NotOurs;
use crate::projections::status::Status;
use crate::query::Queries;
use crate::query::wait::Progress;
use crate::views::{Access, Views, ViewsError};
use opening::{Opened, Unopened};

pub use opening::Stand;

/// Why a node does not start. Each text names the file and, where there is one, the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be made.
    #[error("{}: {source}", path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// The views cannot be opened.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// The views are not of this log, or not of this time zone.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Redis answers, but not to this node.
    #[error(transparent)]
    Redis(#[from] NotOurs),
    /// The lease of ids cannot be taken up.
    #[error(transparent)]
    Ids(#[from] IdError),
}

/// A running node.
pub struct Node {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// All commands but views.
    pub commands: Commands,
    /// The counting of views.
    pub viewing: Viewing,
    /// All queries.
    pub queries: Queries,
    /// How the projector is doing, if this node has one.
    pub status: Option<watch::Receiver<Status>>,
    /// What is hot, if there is a Redis.
    pub hot: Option<Hot>,
    log: Arc<SqliteLog>,
    views: Views,
    /// How it stands with the views, if they are on a server.
    pub stand: Option<watch::Receiver<Stand>>,
    opened: Opened,
    /// What else goes on until the node stops.
    tasks: JoinSet<()>,
}

/// The file with the lease of ids, in the data directory.
pub const LEASE_FILE: &str = "ids.lease";

impl Node {
    /// Opens the stores and sets the projector going.
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let path = config.data_dir.clone();
        std::fs::create_dir_all(&path).map_err(|source| StartError::DataDir { path, source })?;
        let log = Arc::new(SqliteLog::open(&config.event_store, clock.clone()).await?);
        let started = Self::over(log.clone(), config, clock).await;
        if started.is_err() {
            // Or its file would be in use for a moment longer.
            log.close().await;
        }
        started
    }

    async fn over(log: Arc<SqliteLog>, config: &Config, clock: Clock) -> Result<Self, StartError> {
        let store: Arc<dyn EventStore> = log.clone();
        let identity = Identity {
            log_id: identity::ensure(&*store, &clock).await?,
            calendar: config.calendar.clone(),
        };
        let lease = config.data_dir.join(LEASE_FILE);
        let number = config.node.unwrap_or_default();
        let ids = Arc::new(Ids::open(&lease, number, clock.clone())?);
        let hot = redis(config, &identity).await?;
        let views = Views::begin(&config.database).await?;
        let (position, told) = watch::channel(Position::START);
        let progress = Progress::told_by(told.clone());
        let mut queries = Queries::new(views.clone(), progress.clone(), config.calendar.clone());
        if let Some(hot) = &hot {
            queries = queries.with_hot(hot.clone());
        }
        let commands = Commands::new(store.clone(), ids.clone());
        let counter = Counter {
            ids,
            calendar: config.calendar.clone(),
        };
        let log_id = identity.log_id;
        let (telling, status) = watch::channel(Status::starting(Position::START, 0));
        let projects = config.roles.projector;
        let unopened = Unopened {
            store: store.clone(),
            identity,
            views: views.clone(),
            queries: queries.clone(),
            progress,
            hot: hot.clone(),
            clock,
            position: (position, told.clone()),
            access: if projects {
                Access::Write
            } else {
                Access::Read
            },
            status: Some(telling),
        };
        let (opened, stand) = unopened.start().await?;
        let mut node = Self {
            viewing: Viewing::start(&commands, counter, hot.clone()),
            commands,
            queries,
            status: projects.then_some(status),
            hot,
            log,
            stand: views.is_shared().then_some(stand),
            views,
            opened,
            tasks: JoinSet::new(),
            store,
        };
        node.follow(log_id, told);
        Ok(node)
    }

    /// Keeps in mind whether Redis may be read, which is behind SQL at `sql`.
    fn follow(&mut self, log_id: Uuid, sql: watch::Receiver<Position>) {
        if let Some(hot) = self.hot.clone() {
            self.tasks
                .spawn(async move { hot.follow(log_id, sql).await });
        }
    }

    /// Lets the views that were accepted become durable, stops the projectors and closes the stores;
    /// what was acknowledged is on disk already.
    pub async fn stop(mut self) {
        self.viewing.stop().await;
        self.opened.stop().await;
        self.tasks.shutdown().await;
        self.views.close().await;
        self.log.close().await;
    }
}

/// Ready once the views have turned out not to be usable, with what to tell the operator.
pub async fn refused(stand: Option<watch::Receiver<Stand>>) -> Arc<str> {
    if let Some(mut stand) = stand {
        let refused = |stand: &Stand| matches!(stand, Stand::Refused(_));
        if let Ok(stand) = stand.wait_for(refused).await
            && let Stand::Refused(why) = &*stand
        {
            return Arc::clone(why);
        }
    }
    std::future::pending().await
}

/// The Redis that was chosen, if one was. It is asked once: what it refuses now it would refuse for
/// ever. If it cannot be reached, SQL answers until it can.
async fn redis(config: &Config, identity: &Identity) -> Result<Option<Hot>, StartError> {
    let Some((url, prefix)) = &config.redis else {
        return Ok(None);
    };
    let hot = Hot::new(url.clone(), prefix.clone());
    projections::hot::verify(&hot, identity.log_id).await?;
    Ok(Some(hot))
}

/// Listens for what asks a process to stop, SIGTERM or Ctrl-C, from now on. What it gives is ready
/// once one has come.
pub fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
