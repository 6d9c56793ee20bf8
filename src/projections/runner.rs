//! Follows the log and folds it into the views for as long as the process lives.
//!
//! All its state that matters is the checkpoint in the database, so it may be dropped at any await:
//! what was not committed never happened.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tracing::{error, info, warn};

use super::checkpoint::{self, Checkpoint, CheckpointError, Identity};
use super::fold::{Batch, FoldError, OnUnfit, fold};
use super::reader::{Reader, Reading};
use super::status::{State, Status};
use super::{OnCommit, parked};
use crate::ambient::{Clock, jittered};
use crate::event_store::{EventStore, Position, StoreError};
use crate::views::Views;

/// How often the status is written into the checkpoint's row.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// The first and the longest wait before a failed step is tried again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What a projector works with.
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

/// Folds the log into the SQL views.
pub struct Runner {
    parts: Parts,
    checkpoint: Checkpoint,
    status: watch::Sender<Status>,
    /// Events that the present subscription has brought, and those of them that are folded.
    known: Arc<AtomicU64>,
    applied: u64,
}

/// Why the runner has to subscribe anew.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error(transparent)]
    Log(#[from] StoreError),
    #[error("the subscription ended")]
    Ended,
    #[error("another projector is ahead")]
    Overtaken,
    #[error("the checkpoint is gone or damaged")]
    NoCheckpoint,
    #[error("the views: {0}")]
    Views(#[from] sqlx::Error),
}

impl Runner {
    /// Makes sure that views and log belong together.
    pub async fn start(parts: Parts) -> Result<(Self, watch::Receiver<Status>), CheckpointError> {
        let checkpoint = checkpoint::verified(&parts.views, &*parts.store, &parts.identity).await?;
        parts.position.send_replace(checkpoint.position);
        let parked = parked::count(&parts.views).await?;
        let (status, watcher) = watch::channel(Status::starting(checkpoint.position, parked));
        Ok((
            Self {
                parts,
                checkpoint,
                status,
                known: Arc::default(),
                applied: 0,
            },
            watcher,
        ))
    }

    /// Runs until `stop` is ready.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        tokio::select! {
            () = self.follow_for_ever() => {}
            () = &mut stop => {}
        }
        self.status
            .send_modify(|status| status.state = State::Stopped);
        self.report().await;
    }

    async fn follow_for_ever(&mut self) {
        let mut wait = BACK_OFF.0;
        loop {
            let before = self.checkpoint.position;
            let Err(interruption) = self.follow().await;
            let state = match interruption {
                Interruption::Log(_) | Interruption::Ended => State::ReaderDown,
                Interruption::Views(_) | Interruption::NoCheckpoint => State::Retrying,
                Interruption::Overtaken => State::CatchingUp,
            };
            warn!(%interruption, "the projector subscribes anew");
            self.status.send_modify(|status| status.state = state);
            self.report().await;
            let advanced = self.checkpoint.position > before;
            wait = if advanced {
                BACK_OFF.0
            } else {
                (wait * 2).min(BACK_OFF.1)
            };
            tokio::time::sleep(jittered(wait)).await;
        }
    }

    /// The life of one subscription.
    async fn follow(&mut self) -> Result<std::convert::Infallible, Interruption> {
        let stored = checkpoint::read(&self.parts.views).await?;
        self.checkpoint = stored.ok_or(Interruption::NoCheckpoint)?;
        self.parts.position.send_replace(self.checkpoint.position);
        // Another projector may have parked some, too.
        let parked = parked::count(&self.parts.views).await?;
        self.status.send_modify(|status| status.parked = parked);
        let subscription = self
            .parts
            .store
            .subscribe_all(self.checkpoint.position)
            .await?;
        let mut reader = Reader::of(subscription, self.checkpoint.position);
        (self.known, self.applied) = (reader.known(), 0);
        self.status
            .send_modify(|status| status.state = State::CatchingUp);
        let mut ticks = tokio::time::interval(REPORT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                reading = reader.next() => self.take(reading.ok_or(Interruption::Ended)?).await?,
                _ = ticks.tick() => self.report().await,
            }
        }
    }

    async fn take(&mut self, reading: Reading) -> Result<(), Interruption> {
        let end = reading.batch.end;
        self.status
            .send_modify(|status| status.head = status.head.max(end));
        if end > self.checkpoint.position {
            self.fold(&reading.batch).await?;
        }
        self.show_progress(&reading);
        reading.end.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Events known and not folded.
    fn waiting(&self) -> u64 {
        let known = self.known.load(Ordering::Relaxed);
        known.saturating_sub(self.applied)
    }

    /// Folds a batch, trying for ever while the views fail.
    async fn fold(&mut self, batch: &Batch) -> Result<(), Interruption> {
        let mut wait = BACK_OFF.0;
        loop {
            match fold(&self.parts.views, &self.checkpoint, batch, OnUnfit::Park).await {
                Ok(folded) => {
                    (self.parts.on_commit)(&folded.touched);
                    self.checkpoint = folded.checkpoint;
                    self.applied += batch.events.len() as u64;
                    if folded.parked > 0 {
                        error!(
                            events = folded.parked,
                            "parked events that cannot be folded"
                        );
                        self.status
                            .send_modify(|status| status.parked += folded.parked);
                    }
                    return Ok(());
                }
                Err(FoldError::Overtaken) => return Err(Interruption::Overtaken),
                Err(error) => {
                    error!(%error, views = self.parts.views.place(), "cannot fold");
                    let oldest = batch.events.first().map(|read| read.recorded().recorded_at);
                    self.status.send_modify(|status| {
                        status.state = State::Retrying;
                        status.waiting = self.waiting();
                        status.behind_since = oldest;
                    });
                    self.report().await;
                    tokio::time::sleep(jittered(wait)).await;
                    wait = (wait * 2).min(BACK_OFF.1);
                }
            }
        }
    }

    fn show_progress(&self, reading: &Reading) {
        let position = self.checkpoint.position;
        let Reading { batch, level, .. } = reading;
        let (level, waiting) = (*level, self.waiting());
        self.parts.position.send_replace(position);
        let newest = batch.events.last().map(|read| read.recorded().recorded_at);
        self.status.send_modify(|status| {
            if level && !status.caught_up {
                info!(%position, "the views are level with the log");
            }
            status.position = position;
            status.caught_up |= level;
            status.state = if level {
                State::Live
            } else {
                State::CatchingUp
            };
            status.waiting = waiting;
            status.behind_since = if level && waiting == 0 {
                None
            } else {
                newest.or(status.behind_since)
            };
        });
    }

    async fn report(&self) {
        let status = *self.status.borrow();
        if let Err(error) = status.report(&self.parts.views, &self.parts.clock).await {
            warn!(%error, "cannot report the projector's status");
        }
    }
}
