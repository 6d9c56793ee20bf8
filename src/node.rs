//! One running node without its HTTP: the stores opened in the right order, commands, queries and
//! the projector between them, and all of it closed again.

mod beginning;
pub mod lease;
mod log;
mod numbering;
mod opening;
mod stand;

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
use crate::event_store::eventstoredb::provide_tls;
use crate::event_store::{EventStore, Position, StoreError};
use crate::hot::Hot;
use crate::projections::checkpoint::CheckpointError;
use crate::projections::hot::NotOurs;
use crate::projections::status::Status;
use crate::query::Queries;
use crate::query::wait::Progress;
use crate::views::{Access, Views, ViewsError};
use log::Log;
use opening::{Opened, Unopened};

pub use beginning::begin;
pub use numbering::{LEASE_FILE, Numbering};
pub use stand::{Stand, refused};

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
    /// The log is empty, and others have seen one that was not.
    #[error(
        "{place}: no log of Madang is there, but {what} of the log {log_id}: name the event store that has \
         it, or bring back its data; if a new log is meant, {remedy}"
    )]
    Emptied {
        /// Where the log is.
        place: String,
        /// Who has seen another one.
        what: &'static str,
        /// Which.
        log_id: Uuid,
        /// What to do for a new log.
        remedy: &'static str,
    },
}

/// A running node.
pub struct Node {
    /// The log. One on a server fails everybody until it is open.
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
    /// How it stands with the log, if it is on a server.
    pub store_stand: Option<watch::Receiver<Stand>>,
    /// How it stands with the views, if they or the log are on a server.
    pub stand: Option<watch::Receiver<Stand>>,
    /// Tells whether this node has a number, if it leases one.
    pub number: Option<Arc<Ids>>,
    views: Views,
    opened: Opened,
    numbering: Numbering,
}

impl Node {
    /// Opens the stores and sets the projector going.
    pub async fn start(config: &Config, clock: Clock) -> Result<Self, StartError> {
        let path = config.data_dir.clone();
        std::fs::create_dir_all(&path).map_err(|source| StartError::DataDir { path, source })?;
        // Before anybody connects anywhere by TLS.
        if config.may_use_tls() {
            provide_tls().await;
        }
        let log = config.event_store.open(clock.clone()).await?;
        let started = Self::over(Arc::clone(&log), config, clock).await;
        if started.is_err() {
            // Or its file would be in use for a moment longer.
            log.close().await;
        }
        started
    }

    async fn over(
        store: Arc<dyn EventStore>,
        config: &Config,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let log = Log::of(config, store, clock.clone());
        let redis = config.redis.clone();
        let hot = redis.map(|(url, prefix)| Hot::new(url, prefix));
        let views = Views::begin(&config.database).await?;
        if log.is_shared() {
            views.hold_readers();
        }
        let (position, told) = watch::channel(Position::START);
        let progress = Progress::told_by(told.clone());
        let mut queries = Queries::new(views.clone(), progress.clone(), config.calendar.clone());
        if let Some(hot) = &hot {
            queries = queries.with_hot(hot.clone());
        }
        let store = log.for_others();
        let numbering = Numbering::of_node(config, (&views, &store, log.stand()), clock.clone())?;
        let ids = numbering.ids();
        let commands = Commands::new(Arc::clone(&store), Arc::clone(&ids));
        let counter = Counter {
            ids,
            calendar: config.calendar.clone(),
        };
        let (telling, status) = watch::channel(Status::starting(Position::START, 0));
        let projects = config.roles.projector;
        let (store_stand, waits) = (log.stand(), log.is_shared() || views.is_shared());
        let unopened = Unopened {
            log: Arc::new(log),
            calendar: config.calendar.clone(),
            views: views.clone(),
            queries: queries.clone(),
            progress,
            hot: hot.clone(),
            clock,
            position: (position, told),
            access: if projects {
                Access::Write
            } else {
                Access::Read
            },
            status: Some(telling),
            tried: false,
            follows: false,
            tasks: JoinSet::new(),
        };
        let (opened, stand) = match unopened.start().await {
            Ok(opened) => opened,
            Err(error) => {
                numbering.stop().await;
                return Err(error);
            }
        };
        if *stand.borrow() == Stand::Open {
            // Or the first commands of a node that says it is ready would be refused for a moment.
            numbering.first().await;
        }
        Ok(Self {
            viewing: Viewing::start(&commands, counter, hot.clone()),
            commands,
            queries,
            status: projects.then_some(status),
            hot,
            store_stand,
            stand: waits.then_some(stand),
            number: numbering.stand().map(|_| numbering.ids()),
            views,
            opened,
            numbering,
            store,
        })
    }

    /// Ready once the log, the views or the node's number have turned out not to be usable, with what to tell the operator.
    pub fn refused(&self) -> impl Future<Output = Arc<str>> + use<> {
        let (log, views) = (self.store_stand.clone(), self.stand.clone());
        let number = self.numbering.stand();
        async {
            tokio::select! {
                why = refused(log) => why,
                why = refused(views) => why,
                why = refused(number) => why,
            }
        }
    }

    /// Lets the views that were accepted become durable, stops the projectors and closes the stores;
    /// what was acknowledged is on disk already.
    pub async fn stop(self) {
        self.viewing.stop().await;
        self.opened.stop().await;
        self.numbering.stop().await;
        self.views.close().await;
        self.store.close().await;
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
