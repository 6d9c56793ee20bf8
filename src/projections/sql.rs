//! The SQL views as what the log is folded into: the checkpoint moves in the same transaction.

use std::sync::Arc;

use tokio::sync::watch;

use super::checkpoint::{self, Checkpoint, CheckpointError, Identity};
use super::fold::{Batch, FoldError, OnUnfit, fold};
use super::runner::{Interruption, Runner, Surroundings, Target};
use super::status::Status;
use super::{OnCommit, SQL, parked};
use crate::ambient::Clock;
use crate::event_store::{EventStore, Position};
use crate::views::{Touched, Views};

/// What the projector of the SQL views works with.
pub struct Parts {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// The log and the calendar that the views have to be of.
    pub identity: Identity,
    /// The views.
    pub views: Views,
    /// For lags and reports.
    pub clock: Clock,
    /// Told of each commit.
    pub on_commit: OnCommit,
    /// Told of each new position, after `on_commit`.
    pub position: watch::Sender<Position>,
}

/// The SQL views.
pub struct Sql {
    store: Arc<dyn EventStore>,
    views: Views,
    identity: Identity,
    checkpoint: Checkpoint,
    on_commit: OnCommit,
    position: watch::Sender<Position>,
}

impl Runner<Sql> {
    /// Makes sure that views and log belong together.
    pub async fn start(parts: Parts) -> Result<(Self, watch::Receiver<Status>), CheckpointError> {
        let Parts {
            store,
            identity,
            views,
            clock,
            on_commit,
            position,
        } = parts;
        let checkpoint = checkpoint::verified(&views, &*store, &identity).await?;
        position.send_replace(checkpoint.position);
        let parked = parked::count(&views).await?;
        let status = Status::starting(checkpoint.position, parked);
        let around = Surroundings {
            store: Arc::clone(&store),
            views: views.clone(),
            clock,
        };
        let target = Sql {
            store,
            views,
            identity,
            checkpoint,
            on_commit,
            position,
        };
        Ok(Self::over(target, around, status))
    }
}

impl Target for Sql {
    const NAME: &'static str = SQL;
    const ELSEWHERE: bool = false;

    async fn resume(&mut self) -> Result<(Position, u64), Interruption> {
        // Of another fold's views the node hears, and ends; until then nothing is folded into them. The log
        // may have been restored from a backup since, and have grown past the checkpoint again.
        let stored = checkpoint::found(&self.views, &*self.store, &self.identity).await;
        let stored = stored.map_err(|error| match error {
            CheckpointError::NotInLog { .. } => Interruption::Refused(error.to_string().into()),
            CheckpointError::Log(error) => error.into(),
            error => failed(error.to_string()),
        })?;
        let before = std::mem::replace(&mut self.checkpoint, stored);
        if self.checkpoint != before {
            // Somebody else has committed something, or an own commit was not heard of.
            (self.on_commit)(&Touched::everything());
        }
        self.position.send_replace(self.checkpoint.position);
        // Another projector may have parked some, too.
        let parked = parked::count(&self.views).await?;
        Ok((self.checkpoint.position, parked))
    }

    async fn ready(&self, _: Position) {}

    async fn fold(&mut self, batch: &Batch) -> Result<u64, Interruption> {
        match fold(&self.views, &self.checkpoint, batch, OnUnfit::Park).await {
            Ok(folded) => {
                (self.on_commit)(&folded.touched);
                self.checkpoint = folded.checkpoint;
                self.position.send_replace(self.checkpoint.position);
                Ok(folded.parked)
            }
            Err(FoldError::Overtaken) => Err(Interruption::Overtaken),
            Err(error) => Err(failed(format!("{}: {error}", self.views.place()))),
        }
    }

    async fn check(&mut self) -> Result<(), Interruption> {
        Ok(())
    }
}

fn failed(text: String) -> Interruption {
    Interruption::Target {
        class: "views",
        text,
    }
}

impl From<sqlx::Error> for Interruption {
    fn from(error: sqlx::Error) -> Self {
        failed(error.to_string())
    }
}
