//! Hot views on a Redis of their own, with a generation that has begun.

use std::time::Duration;

use madang::domain::{ArticleId, BoardId, Timestamp};
use madang::event_store::Position;
use madang::hot::{
    At, Batch, Filled, Generation, Hot, HotArticle, HotBoard, HotError, HotList, HotPrefix, HotUrl,
    Missed, Moment, Pointer, Read,
};
use redis::FromRedisValue;
use uuid::Uuid;

use crate::servers::redis::Redis;

/// The prefix of all tests that have a Redis of their own.
const PREFIX: &str = "yard";

pub(super) struct Yard {
    pub(super) redis: Redis,
    pub(super) hot: Hot,
    pub(super) pointer: Pointer,
    pub(super) generation: Generation,
}

impl Yard {
    /// An empty Redis, and a generation that began at the start of the log.
    pub(super) async fn new() -> Self {
        Self::on(Redis::start()).await
    }

    pub(super) async fn on(redis: Redis) -> Self {
        let hot = connect(&redis.url(), PREFIX);
        let pointer = begin(&hot, 0).await;
        Self {
            redis,
            hot,
            generation: Generation::of(&pointer),
            pointer,
        }
    }

    /// A key of this generation, as Redis has it.
    pub(super) fn key(&self, rest: &str) -> String {
        format!("{PREFIX}:{}:{rest}", self.pointer.generation)
    }

    /// Asks the server about a key: `ask("PTTL", "article:{1}")`.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &str, rest: &str) -> T {
        self.redis
            .run(&format!("{command} {}", self.key(rest)))
            .await
    }

    pub(super) async fn apply(&self, batch: &Batch) {
        let applied = self.hot.apply(&self.pointer.generation, batch).await;
        assert_eq!(applied, Ok(()));
    }

    pub(super) async fn article(&self, id: i64) -> Read<HotArticle> {
        let read = self.hot.article(&self.generation, article_id(id)).await;
        read.unwrap()
    }

    /// The proof that the article is not hot.
    pub(super) async fn missed(&self, id: i64) -> Missed {
        match self.article(id).await {
            Read::Miss(missed) => missed,
            found => panic!("{found:?}"),
        }
    }

    pub(super) async fn fill(
        &self,
        missed: &Missed,
        article: Option<&HotArticle>,
        at: u64,
    ) -> Result<Filled, HotError> {
        self.hot.fill_article(missed, article, moment(at)).await
    }

    /// Misses an article and fills it with the rows of a position.
    pub(super) async fn fill_article(&self, id: i64, at: u64) {
        let missed = self.missed(id).await;
        let filled = self.fill(&missed, Some(&article()), at).await;
        assert_eq!(filled, Ok(Filled::Yes));
    }

    /// Misses a board and fills it with these articles.
    pub(super) async fn fill_board(&self, id: i64, (list, at): (&HotList, u64)) {
        let read = self.hot.board(&self.generation, board_id(id)).await;
        let Ok(Read::Miss(missed)) = read else {
            panic!("{read:?}");
        };
        let content = (&board(), list);
        let filled = self.hot.fill_board(&missed, content, moment(at)).await;
        assert_eq!(filled, Ok(Filled::Yes));
    }
}

/// With time enough for a machine that is busy with other tests.
pub(super) fn connect(url: &str, prefix: &str) -> Hot {
    let prefix = HotPrefix::parse(prefix).unwrap();
    let patience = Duration::from_secs(20);
    Hot::with_patience(HotUrl::parse(url).unwrap(), prefix, patience)
}

/// As readers and projectors are.
pub(super) fn connect_hasty(url: &str, prefix: &str) -> Hot {
    let prefix = HotPrefix::parse(prefix).unwrap();
    Hot::new(HotUrl::parse(url).unwrap(), prefix)
}

pub(super) async fn begin(hot: &Hot, position: u64) -> Pointer {
    let at = at(position, hot.replication().await.unwrap());
    hot.begin(hot.pointer().await.unwrap().as_ref(), &at)
        .await
        .unwrap()
}

pub(super) const LOG: Uuid = Uuid::from_u128(7);

pub(super) fn at(number: u64, replication: madang::hot::Replication) -> At {
    At {
        log_id: LOG,
        checkpoint: position(number),
        last: (number > 0).then(|| event_id(number)),
        replication,
    }
}

pub(super) fn event_id(number: u64) -> Uuid {
    Uuid::from_u64_pair(1, number)
}

pub(super) fn position(number: u64) -> Position {
    Position::new(0, number)
}

/// Rows of a position, from a SQL that is as far.
pub(super) fn moment(number: u64) -> Moment {
    Moment {
        rows: position(number),
        checkpoint: position(number),
    }
}

pub(super) fn article_id(id: i64) -> ArticleId {
    ArticleId::from_i64(id).unwrap()
}

pub(super) fn board_id(id: i64) -> BoardId {
    BoardId::from_i64(id).unwrap()
}

pub(super) fn article() -> HotArticle {
    HotArticle {
        board_id: board_id(5),
        title: "A title".to_owned(),
        content: "마당\nwith two lines".to_owned(),
        writer_id: "kim".to_owned(),
        writer_name: "Kim".to_owned(),
        created_at: Timestamp(1_700_000_000_123),
        modified_at: None,
        revision: 0,
        comment_count: 3,
        like_count: 2,
        view_count: 1,
    }
}

pub(super) fn board() -> HotBoard {
    HotBoard {
        name: "Board".to_owned(),
        description: String::new(),
        max_comment_depth: 100,
        closed: false,
        created_at: Timestamp(1_600_000_000_000),
        revision: 0,
        article_count: 2_000,
    }
}
