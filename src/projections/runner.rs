//! Follows the log and folds it into a store for as long as the process lives: into the SQL views
//! (`sql`), or into what is hot (`hot`).
//!
//! All its state that matters is the checkpoint in that store, so it may be dropped at any await:
//! what was not committed never happened.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tracing::{error, info, warn};

use super::fold::Batch;
use super::reader::{Reader, Reading};
pub use super::sql::Parts;
use super::sql::Sql;
use super::status::{State, Status};
use crate::ambient::{Clock, jittered};
use crate::event_store::{EventStore, Position, StoreError};
use crate::views::Views;

/// How often the status is written into the checkpoint's row, and the target looked at.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// How long a report may take. The next one will tell what it would have.
const REPORT: Duration = Duration::from_secs(5);
/// The first and the longest wait before a failed step is tried again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What the log is folded into.
pub trait Target: Send + Sync + 'static {
    /// The name of the projection.
    const NAME: &'static str;
    /// Whether its checkpoint is kept elsewhere, so that the row in SQL only shows it.
    const ELSEWHERE: bool;

    /// Reads how far the target has got, and how many events are parked. The fold goes on from there.
    fn resume(&mut self) -> impl Future<Output = Result<(Position, u64), Interruption>> + Send;

    /// Ready once a batch whose last event stands at `last` may be folded. May be dropped and asked
    /// again.
    fn ready(&self, last: Position) -> impl Future<Output = ()> + Send;

    /// Folds a batch that follows what was folded before, and moves the checkpoint behind it. Answers
    /// how many events had to be parked. After a failure of the target the same batch may be tried
    /// again.
    fn fold(&mut self, batch: &Batch) -> impl Future<Output = Result<u64, Interruption>> + Send;

    /// Looks whether the target is still what was folded into; asked about once a second.
    fn check(&mut self) -> impl Future<Output = Result<(), Interruption>> + Send;
}

/// Why the fold cannot go on as it did.
#[derive(Debug, thiserror::Error)]
pub enum Interruption {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// The log says nothing any more.
    #[error("the subscription ended")]
    Ended,
    /// The target is not where it was left: the checkpoint has to be read again.
    #[error("another projector is ahead")]
    Overtaken,
    /// The target cannot be read or written.
    #[error("{class}: {text}")]
    Target {
        /// What is wrong, for `/v1/projections`.
        class: &'static str,
        /// For operators.
        text: String,
    },
}

/// What every runner works with, whatever it folds into.
pub struct Surroundings {
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// Where the status is reported.
    pub views: Views,
    /// For lags and reports.
    pub clock: Clock,
}

/// Folds the log into a target.
pub struct Runner<T = Sql> {
    target: T,
    around: Surroundings,
    status: watch::Sender<Status>,
    /// Everything up to here is folded.
    position: Position,
    /// Whether the present subscription has been level with the log.
    level: bool,
    /// Events that the present subscription has brought, and those of them that are folded.
    known: Arc<AtomicU64>,
    applied: u64,
}

impl<T: Target> Runner<T> {
    /// A runner over a target that stands as `status` says.
    pub fn over(
        target: T,
        around: Surroundings,
        status: Status,
    ) -> (Self, watch::Receiver<Status>) {
        let position = status.position;
        let (status, watcher) = watch::channel(status);
        let runner = Self {
            target,
            around,
            status,
            position,
            level: false,
            known: Arc::default(),
            applied: 0,
        };
        (runner, watcher)
    }

    /// Runs until `stop` is ready.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        tokio::select! {
            () = self.follow_for_ever() => {}
            () = &mut stop => {}
        }
        self.turn(State::Stopped, None);
        self.report().await;
    }

    async fn follow_for_ever(&mut self) {
        let mut wait = BACK_OFF.0;
        loop {
            let before = self.position;
            let Err(interruption) = self.follow().await;
            warn!(projection = T::NAME, %interruption, "the projector subscribes anew");
            self.suffer(&interruption);
            self.report().await;
            let advanced = self.position > before;
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
        let (position, parked) = self.target.resume().await?;
        self.position = position;
        let subscription = self.around.store.subscribe_all(position).await?;
        let mut reader = Reader::of(subscription, position);
        (self.known, self.applied, self.level) = (reader.known(), 0, false);
        self.status.send_modify(|status| {
            status.position = position;
            status.parked = parked;
        });
        self.turn(State::CatchingUp, None);
        let mut ticks = tokio::time::interval(REPORT_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut held: Option<Reading> = None;
        loop {
            let last = held.as_ref().and_then(|held| held.batch.last());
            let last = last.unwrap_or(position);
            tokio::select! {
                reading = reader.next(), if held.is_none() => {
                    let reading = reading.ok_or(Interruption::Ended)?;
                    self.hold(&reading);
                    held = Some(reading);
                }
                () = self.target.ready(last), if held.is_some() => {
                    if let Some(reading) = held.take() {
                        self.take(reading).await?;
                    }
                }
                _ = ticks.tick() => self.look().await?,
            }
        }
    }

    /// Tells of events that are about to be folded.
    fn hold(&mut self, reading: &Reading) {
        let (waiting, oldest) = (self.waiting(), oldest(&reading.batch));
        self.status.send_modify(|status| {
            status.head = status.head.max(reading.batch.end);
            status.waiting = waiting;
            status.behind_since = status.behind_since.or(oldest);
        });
    }

    async fn take(&mut self, reading: Reading) -> Result<(), Interruption> {
        self.level |= reading.level;
        if reading.batch.end > self.position {
            self.fold(&reading.batch).await?;
        }
        self.show_progress(&reading.batch);
        reading.end.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Events known and not folded.
    fn waiting(&self) -> u64 {
        let known = self.known.load(Ordering::Relaxed);
        known.saturating_sub(self.applied)
    }

    /// Folds a batch, trying for ever while the target fails.
    async fn fold(&mut self, batch: &Batch) -> Result<(), Interruption> {
        let mut wait = BACK_OFF.0;
        loop {
            match self.target.fold(batch).await {
                Ok(parked) => {
                    self.position = batch.end;
                    self.applied += batch.events.len() as u64;
                    if parked > 0 {
                        error!(events = parked, "parked events that cannot be folded");
                        self.status.send_modify(|status| status.parked += parked);
                    }
                    return Ok(());
                }
                Err(interruption @ Interruption::Target { .. }) => {
                    error!(projection = T::NAME, %interruption, "cannot fold");
                    self.suffer(&interruption);
                    let (waiting, oldest) = (self.waiting(), oldest(batch));
                    self.status.send_modify(|status| {
                        status.waiting = waiting;
                        status.behind_since = oldest;
                    });
                    self.report().await;
                    tokio::time::sleep(jittered(wait)).await;
                    wait = (wait * 2).min(BACK_OFF.1);
                }
                Err(interruption) => return Err(interruption),
            }
        }
    }

    fn show_progress(&self, batch: &Batch) {
        let (position, level, waiting) = (self.position, self.level, self.waiting());
        let newest = batch.events.last().map(|read| read.recorded().recorded_at);
        self.status.send_modify(|status| {
            if level && !status.caught_up {
                info!(projection = T::NAME, %position, "level with the log");
            }
            status.position = position;
            status.caught_up |= level;
            (status.state, status.error) = (State::following(level), None);
            status.waiting = waiting;
            status.behind_since = if level && waiting == 0 {
                None
            } else {
                newest.or(status.behind_since)
            };
        });
    }

    /// Looks at the target while nothing is being folded, and reports.
    async fn look(&mut self) -> Result<(), Interruption> {
        match self.target.check().await {
            Ok(()) => {
                let retrying = self.status.borrow().state == State::Retrying;
                if retrying {
                    self.turn(State::following(self.level), None);
                }
            }
            Err(interruption @ Interruption::Target { .. }) => {
                if self.status.borrow().state != State::Retrying {
                    warn!(projection = T::NAME, %interruption, "cannot look at what was folded");
                }
                self.suffer(&interruption);
            }
            Err(interruption) => return Err(interruption),
        }
        self.report().await;
        Ok(())
    }

    /// Shows what is wrong.
    fn suffer(&self, interruption: &Interruption) {
        match interruption {
            Interruption::Log(_) | Interruption::Ended => {
                self.turn(State::ReaderDown, Some("event-store"));
            }
            Interruption::Overtaken => self.turn(State::CatchingUp, None),
            Interruption::Target { class, .. } => self.turn(State::Retrying, Some(class)),
        }
    }

    fn turn(&self, state: State, error: Option<&'static str>) {
        self.status
            .send_modify(|status| (status.state, status.error) = (state, error));
    }

    async fn report(&self) {
        let status = *self.status.borrow();
        let Surroundings { views, clock, .. } = &self.around;
        let reported = status.report((T::NAME, T::ELSEWHERE), views, clock);
        match tokio::time::timeout(REPORT, reported).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                warn!(projection = T::NAME, %error, "cannot report the projector's status");
            }
            Err(_) => warn!(
                projection = T::NAME,
                "the views do not take the projector's status"
            ),
        }
    }
}

fn oldest(batch: &Batch) -> Option<crate::domain::Timestamp> {
    batch.events.first().map(|read| read.recorded().recorded_at)
}
