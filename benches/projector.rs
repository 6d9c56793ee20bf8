//! Projectors at work, as the benchmarks set them going.

use std::sync::Arc;

use madang::ambient::Clock;
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{EventStore, Position, identity};
use madang::hot::Hot;
use madang::projections::checkpoint::Identity;
use madang::projections::runner::{Parts, Runner, Target};
use madang::projections::status::Status;
use madang::projections::{OnCommit, hot};
use madang::views::Views;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::support;

/// Folds until it is stopped.
pub(crate) struct Projector {
    status: watch::Receiver<Status>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Projector {
    /// Sets it going.
    pub(crate) fn start<T: Target + Sync>(
        (runner, status): (Runner<T>, watch::Receiver<Status>),
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            // A sender that is gone means stop, too.
            let _: Result<(), oneshot::error::RecvError> = stopped.await;
        };
        Self {
            status,
            stop,
            task: tokio::spawn(async {
                runner.run(stopped).await;
            }),
        }
    }

    /// Returns once it has folded everything up to `position`.
    pub(crate) async fn reach(&mut self, position: Position) {
        let reached = self.status.wait_for(|status| status.position >= position);
        reached.await.expect("a projector at work");
    }

    /// Stops it.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.task.await.expect("a projector at work");
    }
}

/// The log and the days that views are of.
pub(crate) async fn identity_of(log: &SqliteLog) -> Identity {
    let log_id = identity::read(log).await.expect("a log");
    Identity {
        log_id: log_id.expect("an identity"),
        calendar: support::calendar(),
    }
}

/// A projector of the SQL views.
pub(crate) async fn of_sql(
    log: &Arc<SqliteLog>,
    views: &Views,
    on_commit: OnCommit,
) -> (Runner, watch::Receiver<Status>) {
    let parts = Parts {
        store: Arc::clone(log) as Arc<dyn EventStore>,
        identity: identity_of(log).await,
        views: views.clone(),
        clock: Clock::system(),
        on_commit,
        position: watch::Sender::new(Position::START),
    };
    Runner::start(parts).await.expect("views of the log")
}

/// A projector of what is hot, behind SQL views that are level with the log already.
pub(crate) async fn of_hot(
    log: &Arc<SqliteLog>,
    views: &Views,
    hot: &Hot,
) -> (Runner<hot::Redis>, watch::Receiver<Status>) {
    let parts = hot::Parts {
        hot: hot.clone(),
        store: Arc::clone(log) as Arc<dyn EventStore>,
        identity: identity_of(log).await,
        views: views.clone(),
        clock: Clock::system(),
        on_commit: Arc::new(|_| {}),
        sql: watch::Sender::new(Position::END).subscribe(),
    };
    hot::start(parts).await.expect("a Redis of the log")
}

/// Brings the SQL views level with the log.
pub(crate) async fn level(log: &Arc<SqliteLog>, views: &Views) {
    let runner = of_sql(log, views, Arc::new(|_| {})).await;
    let mut projector = Projector::start(runner);
    projector.reach(log.head().await.expect("a head")).await;
    projector.stop().await;
}
