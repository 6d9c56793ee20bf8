//! One running node without its HTTP: the stores opened in the right order, commands, queries and
//! the projector between them, and all of it closed again.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::ambient::Clock;
use crate::command::Commands;
use crate::command::ids::{IdError, Ids};
use crate::command::view::{Counter, Viewing};
use crate::config::Config;
use crate::event_store::sqlite::SqliteLog;
use crate::event_store::{EventStore, Position, StoreError, identity};
use crate::projections::checkpoint::{self, CheckpointError, Identity};
use crate::projections::runner::{Parts, Runner};
use crate::projections::status::Status;
use crate::query::Queries;
use crate::query::wait::Progress;
use crate::views::{Views, ViewsError};

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
    log: Arc<SqliteLog>,
    views: Views,
    projector: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
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
        let ids = Arc::new(Ids::open(&lease, config.node, clock.clone())?);
        let views = Views::open(&config.database).await?;
        let (position, told) = watch::channel(Position::START);
        let progress = Progress::told_by(told);
        let queries = Queries::new(views.clone(), progress, config.calendar.clone());
        let commands = Commands::new(store.clone(), ids);
        let counter = Counter {
            node: config.node,
            calendar: config.calendar.clone(),
        };
        let mut node = Self {
            viewing: Viewing::start(&commands, counter, None),
            commands,
            queries,
            status: None,
            log,
            views,
            projector: None,
            store,
        };
        if config.roles.projector {
            node.project(identity, clock, position).await?;
        } else {
            let checkpoint = checkpoint::verified(&node.views, &*node.store, &identity).await?;
            position.send_replace(checkpoint.position);
        }
        Ok(node)
    }

    async fn project(
        &mut self,
        identity: Identity,
        clock: Clock,
        position: watch::Sender<Position>,
    ) -> Result<(), StartError> {
        let queries = self.queries.clone();
        let (runner, status) = Runner::start(Parts {
            store: self.store.clone(),
            identity,
            views: self.views.clone(),
            clock,
            on_commit: Arc::new(move |touched| queries.forget(touched)),
            position,
        })
        .await?;
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            // A sender that is gone means stop, too.
            let _: Result<(), oneshot::error::RecvError> = stopped.await;
        };
        self.status = Some(status);
        self.projector = Some((stop, tokio::spawn(runner.run(stopped))));
        Ok(())
    }

    /// Lets the views that were accepted become durable, stops the projector and closes the stores;
    /// what was acknowledged is on disk already.
    pub async fn stop(self) {
        self.viewing.stop().await;
        if let Some((stop, task)) = self.projector {
            drop(stop);
            if let Err(error) = task.await {
                tracing::error!(%error, "the projector died");
            }
        }
        self.views.close().await;
        self.log.close().await;
    }
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
