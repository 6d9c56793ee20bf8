//! The runner: follows the log whatever fails, and says how it is doing.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use madang::domain::Timestamp;
use madang::event_store::{EventStore, Position};
use madang::projections::runner::{Parts, Runner};
use madang::projections::status::{State, Status};
use madang::query::Queries;
use madang::query::projections::ProjectionView;
use madang::query::wait::Progress;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::faulty::{Mood, Moody};
use super::yard::{Yard, calendar, dump, encoded, opened, own_stream, posted, tamper};

/// A runner at work.
struct Running {
    position: watch::Receiver<Position>,
    status: watch::Receiver<Status>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn runner(
    yard: &Yard,
    store: Arc<dyn EventStore>,
) -> (Runner, watch::Receiver<Status>, watch::Receiver<Position>) {
    let (position, told) = watch::channel(Position::START);
    let (runner, status) = Runner::start(Parts {
        store,
        identity: yard.identity(),
        views: yard.views.clone(),
        clock: yard.clock(),
        on_commit: Arc::new(|_| {}),
        position,
    })
    .await
    .unwrap();
    (runner, status, told)
}

impl Running {
    async fn over(yard: &Yard, store: Arc<dyn EventStore>) -> Self {
        let (runner, status, position) = runner(yard, store).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async {
            let stopped = async {
                let _ = stopped.await;
            };
            assert_eq!(runner.run(stopped).await, None);
        });
        Self {
            position,
            status,
            stop,
            task,
        }
    }

    /// Waits until the views have got there.
    async fn reach(&mut self, position: Position) {
        let reached = self.position.wait_for(|at| *at >= position).await;
        assert!(reached.is_ok(), "the runner is gone");
    }

    /// Waits until it is like this.
    async fn becomes(&mut self, like: impl FnMut(&Status) -> bool) -> Status {
        *self.status.wait_for(like).await.unwrap()
    }

    async fn is(&mut self, state: State) -> Status {
        self.becomes(|status| status.state == state).await
    }

    async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }
}

/// What `/v1/projections` shows.
pub(super) async fn shown(yard: &Yard) -> Vec<ProjectionView> {
    let (_, told) = watch::channel(Position::START);
    let queries = Queries::new(yard.views.clone(), Progress::told_by(told), calendar());
    queries.projections(yard.clock().now()).await.unwrap()
}

/// What it shows where there is only one.
async fn only_shown(yard: &Yard) -> ProjectionView {
    let mut all = shown(yard).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test]
async fn the_lag_is_unknown_until_it_has_caught_up() {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    let (log, mood, _) = Moody::over(&yard.log, Mood::Silent);
    let mut running = Running::over(&yard, log).await;
    let status = running.is(State::CatchingUp).await;
    assert_eq!(
        (status.lag_events(), status.lag_ms(&yard.clock())),
        (None, None)
    );
    assert!(!status.is_healthy());
    mood.send_replace(Mood::Fine);
    let status = running.is(State::Live).await;
    assert_eq!(status.lag_events(), Some(0));
    assert_eq!(status.lag_ms(&yard.clock()), Some(0));
    assert!(status.is_healthy());
}

#[tokio::test]
async fn what_is_new_is_folded_as_it_comes() {
    let mut yard = Yard::open().await;
    let mut running = Running::over(&yard, yard.log.clone()).await;
    running.is(State::Live).await;
    yard.happens(opened(1)).await;
    let position = yard.happens(posted(10, 1)).await;
    running.reach(position).await;
    let status = running.becomes(|status| status.position == position).await;
    assert_eq!((status.head, status.waiting), (position, 0));
    running.stop().await;
    let live = dump(&yard.views).await;
    assert_eq!(yard.folded(&yard.events().await, &[]).await, live);
}

#[tokio::test]
async fn while_the_views_fail_it_lags_and_then_recovers() {
    let mut yard = Yard::open().await;
    let mut running = Running::over(&yard, yard.log.clone()).await;
    running.is(State::Live).await;
    tamper(&yard.views, "ALTER TABLE board RENAME TO hidden").await;
    let position = yard.happens(opened(1)).await;
    let status = running.is(State::Retrying).await;
    assert!(!status.is_healthy());
    assert_eq!((status.head, status.lag_events()), (position, Some(1)));
    for (now, lag) in [(1000, 0), (6000, 5000), (0, 0)] {
        yard.set_clock(now);
        assert_eq!(status.lag_ms(&yard.clock()), Some(lag));
    }
    tamper(&yard.views, "ALTER TABLE hidden RENAME TO board").await;
    running.reach(position).await;
    let status = running.is(State::Live).await;
    assert_eq!((status.lag_events(), status.behind_since), (Some(0), None));
}

#[tokio::test]
async fn a_checkpoint_that_is_damaged_meanwhile_is_bad_until_it_is_mended() {
    let mut yard = Yard::open().await;
    let mut running = Running::over(&yard, yard.log.clone()).await;
    running.is(State::Live).await;
    tamper(
        &yard.views,
        "UPDATE checkpoint SET position = replace(position, '0', '?')",
    )
    .await;
    let position = yard.happens(opened(1)).await;
    let status = running.is(State::Retrying).await;
    assert!(!status.is_healthy());
    tamper(
        &yard.views,
        "UPDATE checkpoint SET position = replace(position, '?', '0')",
    )
    .await;
    running.reach(position).await;
    running.is(State::Live).await;
}

#[tokio::test]
async fn a_dead_reader_is_bad_although_the_lag_reads_0() {
    for bad in [Mood::Broken, Mood::Ending] {
        let mut yard = Yard::open().await;
        let (log, mood, mut asked) = Moody::over(&yard.log, Mood::Fine);
        let mut running = Running::over(&yard, log).await;
        running.is(State::Live).await;
        mood.send_replace(bad);
        let status = running.is(State::ReaderDown).await;
        assert_eq!(status.lag_events(), Some(0));
        assert!(!status.is_healthy());
        asked.wait_for(|times| *times >= 2).await.unwrap();
        let view = only_shown(&yard).await;
        assert_eq!(view.state, "reader-down");
        assert_eq!(view.error.as_deref(), Some("event-store"));
        mood.send_replace(Mood::Fine);
        let position = yard.happens(opened(1)).await;
        running.reach(position).await;
        assert!(running.is(State::Live).await.is_healthy());
    }
}

#[tokio::test]
async fn parked_events_are_counted_and_shown() {
    let mut yard = Yard::open().await;
    let mut junk = encoded(opened(1).into(), Timestamp(0));
    junk.metadata = "junk".to_owned();
    yard.happens_in(own_stream(&opened(1).into()), junk).await;
    let position = yard.happens(opened(2)).await;
    let mut running = Running::over(&yard, yard.log.clone()).await;
    running.reach(position).await;
    let status = running.is(State::Live).await;
    assert_eq!(status.parked, 1);
    assert!(status.is_healthy(), "the views go on");
    running.stop().await;
    assert_eq!(only_shown(&yard).await.parked, 1);
    let again = Running::over(&yard, yard.log.clone()).await;
    assert_eq!(again.status.borrow().parked, 1);
}

#[tokio::test]
async fn a_stopped_runner_leaves_word() {
    let mut yard = Yard::open().await;
    let position = yard.happens(opened(1)).await;
    let mut running = Running::over(&yard, yard.log.clone()).await;
    running.reach(position).await;
    running.is(State::Live).await;
    running.stop().await;
    let expected = ProjectionView {
        name: "sql".to_owned(),
        position: position.to_string(),
        lag_events: Some(0),
        lag_ms: Some(0),
        state: "stopped".to_owned(),
        parked: 0,
        error: None,
    };
    assert_eq!(only_shown(&yard).await, expected);
}

#[tokio::test]
async fn a_runner_that_says_nothing_any_more_is_taken_for_stopped() {
    let yard = Yard::open().await;
    yard.fold().await;
    tamper(
        &yard.views,
        "UPDATE checkpoint SET state = 'live', reported_at = 1000",
    )
    .await;
    yard.set_clock(11_000);
    assert_eq!(only_shown(&yard).await.state, "live");
    yard.set_clock(11_001);
    assert_eq!(only_shown(&yard).await.state, "stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runners_over_one_log_do_what_one_does() {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    let mut one = Running::over(&yard, yard.log.clone()).await;
    let mut two = Running::over(&yard, yard.log.clone()).await;
    let mut position = Position::START;
    for number in 10..60 {
        position = yard.happens(posted(number, 1)).await;
    }
    one.reach(position).await;
    two.reach(position).await;
    one.stop().await;
    two.stop().await;
    let live = dump(&yard.views).await;
    assert_eq!(yard.folded(&yard.events().await, &[]).await, live);
}

/// Polls `work` so many times and then drops it, unless `done` is ready first.
pub(super) async fn dropped_after(polls: u32, work: impl Future, done: impl Future) {
    let mut work = Box::pin(work);
    let mut left = polls;
    let some = poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        work.as_mut().poll(context).map(drop)
    });
    tokio::select! {
        () = some => {}
        _ = done => {}
    }
}

#[tokio::test]
async fn a_runner_dropped_in_mid_work_loses_nothing() {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    for polls in 1..60 {
        let position = yard.happens(posted(i64::from(polls) + 10, 1)).await;
        let (runner, _, mut told) = runner(&yard, yard.log.clone()).await;
        let done = told.wait_for(|at| *at >= position);
        dropped_after(polls, runner.run(std::future::pending()), done).await;
    }
    let mut running = Running::over(&yard, yard.log.clone()).await;
    running.reach(yard.log.head().await.unwrap()).await;
    running.stop().await;
    let live = dump(&yard.views).await;
    assert_eq!(yard.folded(&yard.events().await, &[]).await, live);
}
