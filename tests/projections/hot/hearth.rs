//! A log, SQL views and a Redis, and the two projectors of a node between them.

use std::future::Future;
use std::sync::Arc;

use madang::event_store::{EventStore, Position};
use madang::hot::{Generation, Hot, HotPrefix, HotUrl, Pointer};
use madang::projections::hot;
use madang::projections::runner::{Parts, Runner};
use madang::projections::status::{State, Status};
use madang::views::Views;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::super::yard::{Yard, opened, posted};
use super::checker;
use super::filling::fill_all;
use crate::servers::redis::Redis;

pub(crate) const PREFIX: &str = "madang";

/// A log, views and a Redis, or several.
pub(crate) struct Hearth<R = Redis> {
    pub(crate) yard: Yard,
    pub(crate) redis: R,
    pub(crate) hot: Hot,
    /// Where its servers are.
    url: String,
}

/// A projector at work.
pub(crate) struct Following {
    pub(crate) status: watch::Receiver<Status>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The two projectors of a node.
pub(crate) struct Projectors {
    pub(crate) sql: Following,
    pub(crate) hot: Following,
}

fn hot_at(url: &str) -> Hot {
    let url = HotUrl::parse(url).unwrap();
    Hot::new(url, HotPrefix::parse(PREFIX).unwrap())
}

/// A board with two articles, all of it hot, and the projectors at work.
pub(crate) async fn warm() -> (Hearth, Projectors) {
    let mut hearth = Hearth::light().await;
    let projectors = hearth.warm_up().await;
    (hearth, projectors)
}

impl Hearth {
    /// All empty, but for the log's first event.
    pub(crate) async fn light() -> Self {
        let redis = Redis::start();
        let url = redis.url();
        Self::over(redis, url).await
    }
}

impl<R> Hearth<R> {
    /// The same over the Redis at `url`.
    pub(crate) async fn over(redis: R, url: String) -> Self {
        Self {
            hot: hot_at(&url),
            yard: Yard::open().await,
            redis,
            url,
        }
    }

    /// Sets the projectors going, opens a board, posts two articles on it and makes it all hot: four
    /// entries.
    pub(crate) async fn warm_up(&mut self) -> Projectors {
        self.yard.happens(opened(1)).await;
        self.yard.happens(posted(10, 1)).await;
        let position = self.yard.happens(posted(11, 1)).await;
        let mut projectors = self.projectors().await;
        projectors.reach(position).await;
        assert_eq!(self.fill().await, 4);
        projectors
    }

    /// Another client of the same Redis: it has no connection yet that may be broken.
    pub(crate) fn other_hot(&self) -> Hot {
        hot_at(&self.url)
    }

    /// What the projector of what is hot works with, behind SQL at `sql`.
    pub(crate) fn parts(
        &self,
        store: Arc<dyn EventStore>,
        sql: watch::Receiver<Position>,
    ) -> hot::Parts {
        hot::Parts {
            hot: self.other_hot(),
            store,
            identity: self.yard.identity(),
            views: self.yard.views.clone(),
            clock: self.yard.clock(),
            on_commit: Arc::new(|_| {}),
            sql,
        }
    }

    /// The projector of what is hot alone, which is told how far SQL is.
    pub(crate) async fn hot_alone(&self, sql: watch::Receiver<Position>) -> Following {
        Following::start(self.parts(self.yard.log.clone(), sql)).await
    }

    /// Sets both projectors of one node going.
    pub(crate) async fn projectors(&self) -> Projectors {
        self.projectors_over(self.yard.log.clone()).await
    }

    /// The same, where what is hot follows the log through `store`.
    pub(crate) async fn projectors_over(&self, store: Arc<dyn EventStore>) -> Projectors {
        let (position, told) = watch::channel(Position::START);
        let (runner, status) = Runner::start(Parts {
            store: self.yard.log.clone(),
            identity: self.yard.identity(),
            views: self.yard.views.clone(),
            clock: self.yard.clock(),
            on_commit: Arc::new(|_| {}),
            position,
        })
        .await
        .unwrap();
        let sql = Following::of(status, |stopped| going_on(runner.run(stopped)));
        let hot = Following::start(self.parts(store, told)).await;
        Projectors { sql, hot }
    }

    pub(crate) async fn pointer(&self) -> Pointer {
        self.other_hot().pointer().await.unwrap().unwrap()
    }

    /// Waits until there is a pointer, and it has got as far as the log has now.
    pub(crate) async fn healed(&self) {
        let head = self.head().await;
        loop {
            match self.hot.pointer().await {
                Ok(Some(pointer)) if pointer.checkpoint >= head => return,
                _ => tokio::task::yield_now().await,
            }
        }
    }

    /// The generation that stands in Redis now.
    pub(crate) async fn generation(&self) -> Generation {
        Generation::of(&self.pointer().await)
    }

    /// Fills all that can be hot.
    pub(crate) async fn fill(&self) -> usize {
        fill_all(
            &self.other_hot(),
            &self.generation().await,
            &self.yard.views,
        )
        .await
    }

    /// Compares all that is hot with SQL; answers how many entries were filled.
    pub(crate) async fn check(&self) -> usize {
        let nodes: Vec<_> = self.url.split(',').map(str::to_owned).collect();
        checker::hot_equals_sql(&self.yard.views, &nodes, PREFIX).await
    }

    /// The newest position of the log.
    pub(crate) async fn head(&self) -> Position {
        self.yard.log.head().await.unwrap()
    }

    pub(crate) fn views(&self) -> &Views {
        &self.yard.views
    }
}

/// A runner that is never refused.
async fn going_on(run: impl Future<Output = Option<Arc<str>>>) {
    assert_eq!(run.await, None);
}

impl Following {
    /// Keeps what is hot up to date.
    pub(crate) async fn start(parts: hot::Parts) -> Self {
        let (runner, status) = hot::start(parts).await.unwrap();
        Self::of(status, |stopped| going_on(runner.run(stopped)))
    }

    fn of<F>(status: watch::Receiver<Status>, run: impl FnOnce(Stopped) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped: Stopped = Box::pin(async {
            let _ = stopped.await;
        });
        Self {
            status,
            stop,
            task: tokio::spawn(run(stopped)),
        }
    }

    /// Waits until it has got there.
    pub(crate) async fn reach(&mut self, position: Position) {
        self.becomes(|status| status.position >= position).await;
    }

    /// Waits until it is like this.
    pub(crate) async fn becomes(&mut self, like: impl FnMut(&Status) -> bool) -> Status {
        *self.status.wait_for(like).await.unwrap()
    }

    pub(crate) async fn is(&mut self, state: State) -> Status {
        self.becomes(|status| status.state == state).await
    }

    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }

    /// What `kill -9` would do.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

type Stopped = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl Projectors {
    /// Waits until both have got there.
    pub(crate) async fn reach(&mut self, position: Position) {
        self.sql.reach(position).await;
        self.hot.reach(position).await;
    }

    pub(crate) async fn stop(self) {
        self.hot.stop().await;
        self.sql.stop().await;
    }
}
