//! The views of a node: opened at its start, or as soon as their server can be reached; then projected
//! into, or only followed; and let go of when the node stops.
//!
//! What must hold: nobody reads from a database before it was found to be these views of this log. A
//! server that cannot be reached is asked again for ever, since the log takes commands meanwhile; one
//! that answers and refuses ends the node.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::StartError;
use super::beginning::remains;
use super::log::Log;
use super::stand::Stand;
use crate::ambient::{Clock, jittered};
use crate::calendar::Calendar;
use crate::event_store::Position;
use crate::hot::Hot;
use crate::projections::checkpoint::{self, CheckpointError, Identity};
use crate::projections::hot::NotOurs;
use crate::projections::runner::{Parts, Runner, Target};
use crate::projections::status::Status;
use crate::projections::{self, OnCommit};
use crate::query::Queries;
use crate::query::wait::Progress;
use crate::views::{Access, Views, ViewsError};

/// The first and the longest wait before a server is tried again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// How long one try may last. Making the tables is the longest part.
const TRY: Duration = Duration::from_mins(1);
/// How long the first try of views on a server may last: until it is over the node does not listen, so
/// it would be taken for dead.
const FIRST_TRY: Duration = Duration::from_secs(5);
/// How long a projector may take to say its last word to a server that may not listen any more.
const LAST_WORD: Duration = Duration::from_secs(5);
/// How often a node looks at views that others may use, too: while somebody waits for a position that
/// others fold, and else.
const LOOK_EVERY: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// Of several refusals one is enough.
const REFUSALS: usize = 1;
/// How long such a look may take. A server that is slower than this is as good as away.
const LOOK: Duration = Duration::from_secs(2);

/// What it takes to open the stores.
pub(super) struct Unopened {
    pub(super) log: Arc<Log>,
    /// The days that the views have to be of.
    pub(super) calendar: Calendar,
    pub(super) views: Views,
    pub(super) queries: Queries,
    pub(super) progress: Progress,
    pub(super) hot: Option<Hot>,
    pub(super) clock: Clock,
    /// Where the position is told, and whom.
    pub(super) position: (watch::Sender<Position>, watch::Receiver<Position>),
    /// What this node does with the views.
    pub(super) access: Access,
    /// Where the projector's status is told, once there is one.
    pub(super) status: Option<watch::Sender<Status>>,
    /// Whether the views were tried before, and Redis is followed.
    pub(super) tried: bool,
    pub(super) follows: bool,
    /// What goes on from when the log is open until the node stops.
    pub(super) tasks: JoinSet<()>,
}

/// Stores that were opened.
struct Open {
    identity: Identity,
    projectors: Vec<Projector>,
    /// Why a projector does not go on.
    refusals: Refusals,
}

type Refusals = mpsc::Receiver<Arc<str>>;

/// The views of a running node.
pub(super) struct Opened {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Opened {
    /// Stops what projects, and waits for it.
    pub(super) async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            error!(%error, "what projects died");
        }
    }
}

impl Unopened {
    /// Tries once; if that fails in a way that passes, goes on trying on a task.
    pub(super) async fn start(mut self) -> Result<(Opened, watch::Receiver<Stand>), StartError> {
        let first = match self.open().await {
            Ok(open) => Some(open),
            Err(error) if self.passes(&error) => {
                warn!(%error, "not everything can be opened yet");
                None
            }
            Err(error) => return Err(error),
        };
        let (stand, told) = watch::channel(match first {
            Some(_) => Stand::Open,
            None => Stand::Opening,
        });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(self.run(first, stand, stopped));
        Ok((Opened { stop, task }, told))
    }

    async fn run(
        mut self,
        first: Option<Open>,
        stand: watch::Sender<Stand>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        let open = if let Some(open) = first {
            open
        } else {
            let opened = tokio::select! {
                opened = self.keep_trying() => opened,
                _ = &mut stopped => return,
            };
            match opened {
                Ok(open) => open,
                Err(error) => return self.refuse(&error, &stand),
            }
        };
        stand.send_replace(Stand::Open);
        let Open {
            identity,
            projectors,
            mut refusals,
        } = open;
        tokio::select! {
            () = self.look_for_ever(&identity, &stand), if self.views.is_shared() => {
                self.log.shut();
            }
            Some(why) = refusals.recv() => {
                self.log.shut();
                stand.send_replace(Stand::Refused(why));
            }
            // A sender that is gone means stop, too.
            _ = &mut stopped => {}
        }
        for projector in projectors.into_iter().rev() {
            projector.stop().await;
        }
        self.tasks.shutdown().await;
    }

    /// Tells whoever ends the node. Whatever was refused, commands are not taken any more.
    fn refuse(&self, error: &StartError, stand: &watch::Sender<Stand>) {
        let why = Arc::<str>::from(error.to_string());
        if matches!(error, StartError::Log(_)) {
            self.log.refuse(why);
        } else {
            self.log.shut();
            stand.send_replace(Stand::Refused(why));
        }
    }

    /// Whether a failure may be over by itself.
    fn passes(&self, error: &StartError) -> bool {
        match error {
            StartError::Log(error) | StartError::Checkpoint(CheckpointError::Log(error)) => {
                self.log.passes(error)
            }
            StartError::Views(error) => error.passes(),
            StartError::Checkpoint(CheckpointError::NotBegun) => self.views.is_shared(),
            _ => false,
        }
    }

    /// What a statement failed of says whether it passes, and what to do.
    fn explained(&self, error: StartError) -> StartError {
        match error {
            StartError::Checkpoint(CheckpointError::Views(error)) => {
                StartError::Views(self.views.explained(error))
            }
            error => error,
        }
    }

    async fn keep_trying(&mut self) -> Result<Open, StartError> {
        let mut wait = BACK_OFF.0;
        loop {
            tokio::time::sleep(jittered(wait)).await;
            wait = (wait * 2).min(BACK_OFF.1);
            match self.open().await {
                Ok(open) => {
                    info!(views = self.views.place(), "the views are open");
                    return Ok(open);
                }
                Err(error) if self.passes(&error) => {
                    warn!(%error, "not everything can be opened yet");
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The log, then what is asked of the log's identity. Commands are taken once it is known that neither
    /// Redis nor the views are of another log, as far as they can be reached.
    async fn open(&mut self) -> Result<Open, StartError> {
        let identity = Identity {
            log_id: self.log_id().await?,
            calendar: self.calendar.clone(),
        };
        self.verify_redis(identity.log_id).await?;
        let opened = self.open_views(&identity).await;
        if opened.as_ref().is_err_and(|error| !self.passes(error)) {
            return opened;
        }
        if !self.log.admit() {
            let log = Arc::clone(&self.log);
            self.tasks.spawn(async move { log.look_for_ever().await });
        }
        opened
    }

    /// The log's identity. It is begun only where nobody knows of another one.
    async fn log_id(&self) -> Result<Uuid, StartError> {
        if let Some(log_id) = self.log.identify().await? {
            return Ok(log_id);
        }
        if self.access == Access::Write {
            let prepared = timeout(FIRST_TRY, self.views.prepare(self.access)).await;
            prepared.map_err(|_| self.silent())??;
        }
        let remains = remains(Some(&self.views), self.hot.as_ref()).await?;
        // Another node may have begun it meanwhile, and the views be of that.
        match (self.log.identify().await?, remains) {
            (Some(log_id), _) => Ok(log_id),
            (None, None) => Ok(self.log.begin().await?),
            (None, Some(remains)) => Err(remains.refusal(self.log.place())),
        }
    }

    fn silent(&self) -> ViewsError {
        ViewsError::Unreachable {
            place: self.views.place().to_owned(),
            why: "the server does not answer".to_owned(),
        }
    }

    /// Redis is asked once: what it refuses now it would refuse for ever. If it cannot be reached, SQL
    /// answers until it can.
    async fn verify_redis(&mut self, log_id: Uuid) -> Result<(), NotOurs> {
        let Some(hot) = &self.hot else {
            return Ok(());
        };
        if self.follows {
            return Ok(());
        }
        projections::hot::verify(hot, log_id).await?;
        self.follows = true;
        let (hot, sql) = (hot.clone(), self.position.1.clone());
        self.tasks
            .spawn(async move { hot.follow(log_id, sql).await });
        Ok(())
    }

    async fn open_views(&mut self, identity: &Identity) -> Result<Open, StartError> {
        let limit = if self.views.is_shared() && !self.tried {
            FIRST_TRY
        } else {
            TRY
        };
        self.tried = true;
        match timeout(limit, Box::pin(self.try_to_open_views(identity))).await {
            Ok(Ok((projectors, refusals))) => Ok(Open {
                identity: identity.clone(),
                projectors,
                refusals,
            }),
            Ok(Err(error)) => Err(self.explained(error)),
            Err(_) => Err(self.silent().into()),
        }
    }

    async fn try_to_open_views(
        &mut self,
        identity: &Identity,
    ) -> Result<(Vec<Projector>, Refusals), StartError> {
        let (refusing, refusals) = mpsc::channel(REFUSALS);
        self.views.prepare(self.access).await?;
        let projectors = if self.access == Access::Write {
            self.project(identity, &refusing).await?
        } else {
            let store = &**self.log.store();
            let found = if self.views.is_shared() {
                checkpoint::found(&self.views, store, identity).await?
            } else {
                checkpoint::verified(&self.views, store, identity).await?
            };
            self.position.0.send_replace(found.position);
            Vec::new()
        };
        self.views.admit_readers();
        Ok((projectors, refusals))
    }

    async fn project(
        &mut self,
        identity: &Identity,
        refusing: &mpsc::Sender<Arc<str>>,
    ) -> Result<Vec<Projector>, StartError> {
        let queries = self.queries.clone();
        let on_commit: OnCommit = Arc::new(move |touched| queries.forget(touched));
        let (runner, status) = Runner::start(Parts {
            store: Arc::clone(self.log.store()),
            identity: identity.clone(),
            views: self.views.clone(),
            clock: self.clock.clone(),
            on_commit: Arc::clone(&on_commit),
            position: self.position.0.clone(),
        })
        .await?;
        let hot = match self.hot.clone() {
            Some(hot) => {
                let parts = projections::hot::Parts {
                    hot,
                    store: Arc::clone(self.log.store()),
                    identity: identity.clone(),
                    views: self.views.clone(),
                    clock: self.clock.clone(),
                    on_commit,
                    sql: self.position.1.clone(),
                };
                Some(projections::hot::start(parts).await?.0)
            }
            None => None,
        };
        if let Some(told) = self.status.take() {
            tokio::spawn(tell(status, told));
        }
        let mut projectors = vec![Projector::start(runner, refusing.clone())];
        projectors.extend(hot.map(|hot| Projector::start(hot, refusing.clone())));
        Ok(projectors)
    }

    /// Looks whether the views can be reached and are still this fold's, and on a node that does not
    /// project how far others have got. Returns once the views turn out to be another fold's.
    async fn look_for_ever(&self, identity: &Identity, stand: &watch::Sender<Stand>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY.0);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looked = Instant::now();
        loop {
            ticks.tick().await;
            let is_waited_for = self.access == Access::Read && self.progress.is_waited_for();
            if !is_waited_for && looked.elapsed() < LOOK_EVERY.1 {
                continue;
            }
            let now = self.look(identity).await;
            looked = Instant::now();
            if *stand.borrow() == now {
                continue;
            }
            match &now {
                Stand::Open | Stand::Opening => info!("the views can be reached again"),
                Stand::Away => warn!("the views cannot be reached"),
                Stand::Refused(why) => error!(%why, "the views were replaced"),
            }
            let is_over = matches!(now, Stand::Refused(_));
            stand.send_replace(now);
            if is_over {
                return;
            }
        }
    }

    /// How it stands with views that were open once.
    async fn look(&self, identity: &Identity) -> Stand {
        let looking = checkpoint::current(&self.views, identity);
        match timeout(LOOK, looking).await {
            Ok(Ok(found)) => {
                if self.access == Access::Read {
                    self.position.0.send_if_modified(|position| {
                        std::mem::replace(position, found.position) != found.position
                    });
                }
                Stand::Open
            }
            Ok(Err(
                error @ (CheckpointError::ForeignLog { .. }
                | CheckpointError::OtherZone { .. }
                | CheckpointError::OlderRelease),
            )) => Stand::Refused(error.to_string().into()),
            Ok(Err(error)) => {
                debug!(%error, "cannot look at the views");
                Stand::Away
            }
            Err(_) => {
                debug!("the views do not answer");
                Stand::Away
            }
        }
    }
}

/// Tells of a status until nobody tells of it any more.
async fn tell(mut status: watch::Receiver<Status>, told: watch::Sender<Status>) {
    loop {
        let now = *status.borrow_and_update();
        told.send_replace(now);
        if status.changed().await.is_err() {
            return;
        }
    }
}

/// A projector at work, and what stops it.
struct Projector(oneshot::Sender<()>, JoinHandle<()>);

impl Projector {
    fn start(runner: Runner<impl Target>, refusing: mpsc::Sender<Arc<str>>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            // A sender that is gone means stop, too.
            let _: Result<(), oneshot::error::RecvError> = stopped.await;
        };
        let run = async move {
            if let Some(why) = runner.run(stopped).await {
                // The other one may have been refused first.
                let _ = refusing.try_send(why);
            }
        };
        Self(stop, tokio::spawn(run))
    }

    async fn stop(self) {
        let Self(stop, mut task) = self;
        drop(stop);
        match timeout(LAST_WORD, &mut task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => error!(%error, "a projector died"),
            // What it has not committed never happened.
            Err(_) => task.abort(),
        }
    }
}
