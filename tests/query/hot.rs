//! Queries with a Redis before SQL: what is hot is answered without SQL, and SQL answers whatever Redis
//! does.

mod lists;
mod one;
mod popular;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use madang::domain::{ArticleId, BoardId};
use madang::event_store::Position;
use madang::hot::{Advanced, At, Generation, Hot, HotPrefix, HotUrl, Pointer, Replication};
use madang::query::{Part, QueryError};
use tokio::sync::watch;
use tokio::task::{JoinSet, yield_now};

use super::{Answer, Desk, show_article, show_articles, show_board};
use crate::projections::yard::Yard;
use crate::servers::redis::Redis;

/// How long a reader waits for Redis: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// A desk with a Redis before its views, and no cache.
struct Warm<R = Redis> {
    desk: Desk,
    redis: R,
    hot: Hot,
    pointer: Pointer,
    follow: JoinSet<()>,
}

impl Warm {
    /// What has happened is in SQL, and nothing is hot yet.
    async fn over(yard: Yard) -> Self {
        let redis = Redis::start();
        let url = redis.url();
        Self::behind((redis, &url), "madang", yard).await
    }
}

impl<R> Warm<R> {
    async fn behind((redis, url): (R, &str), prefix: &str, yard: Yard) -> Self {
        let prefix = HotPrefix::parse(prefix).unwrap();
        let hot = Hot::with_patience(HotUrl::parse(url).unwrap(), prefix, PATIENCE);
        let mut desk = Desk::over(yard).await;
        desk.queries = desk.queries.with_hot(hot.clone()).without_cache();
        let mut warm = Self {
            pointer: begin(&hot, &desk).await,
            desk,
            redis,
            hot,
            follow: JoinSet::new(),
        };
        warm.look().await;
        warm
    }

    /// Looks at Redis now, and from now on.
    async fn look(&mut self) {
        self.follow.shutdown().await;
        let (hot, log_id) = (self.hot.clone(), self.desk.yard.log_id);
        let (_, never_behind) = watch::channel(Position::new(0, 1));
        self.follow
            .spawn(async move { hot.follow(log_id, never_behind).await });
        self.finds_again().await;
    }

    /// Waits until it knows what is in Redis now.
    async fn finds_again(&self) -> Arc<Generation> {
        loop {
            match self.hot.generation() {
                Some(known) if known.checkpoint() == self.pointer.checkpoint => return known,
                _ => yield_now().await,
            }
        }
    }

    /// Moves the checkpoint of Redis to that of SQL, as if nothing had to be applied.
    async fn catch_up(&mut self) {
        let checkpoint = self.desk.yard.checkpoint().await;
        let to = (checkpoint.position, checkpoint.last.unwrap().1);
        match self.hot.advance(&self.pointer, to).await.unwrap() {
            Advanced::Moved(pointer) => self.pointer = pointer,
            Advanced::Elsewhere(pointer) => panic!("{pointer:?}"),
        }
        self.look().await;
    }

    /// From here on SQL answers nothing.
    async fn lose_sql(&self) {
        self.desk.yard.views.close().await;
    }

    async fn article(&self, id: ArticleId) -> Result<Answer, QueryError> {
        self.article_after(id, None).await
    }

    async fn article_after(
        &self,
        id: ArticleId,
        wait_for: Option<Position>,
    ) -> Result<Answer, QueryError> {
        let article = self.desk.queries.article(id, wait_for, show_article);
        article.await.map(Answer::of)
    }

    async fn board(&self, id: BoardId) -> Result<Answer, QueryError> {
        let board = self.desk.queries.board(id, None, show_board);
        board.await.map(Answer::of)
    }

    async fn list(&self, id: BoardId, part: Part) -> Result<Answer, QueryError> {
        let queries = &self.desk.queries;
        let list = queries.board_articles((id, part), None, show_articles);
        list.await.map(Answer::of)
    }
}

async fn begin(hot: &Hot, desk: &Desk) -> Pointer {
    let checkpoint = desk.yard.checkpoint().await;
    let at = At {
        log_id: desk.yard.log_id,
        checkpoint: checkpoint.position,
        last: checkpoint.last.map(|(_, id)| id),
        replication: masters(hot).await,
    };
    hot.begin(None, &at).await.unwrap()
}

/// A connection from before a restart has to fail once.
async fn masters(hot: &Hot) -> Replication {
    loop {
        match hot.replication().await {
            Ok(masters) => return masters,
            Err(_) => yield_now().await,
        }
    }
}

fn is_away<T: std::fmt::Debug>(answer: &Result<T, QueryError>) -> bool {
    matches!(answer, Err(QueryError::Unavailable(_)))
}
