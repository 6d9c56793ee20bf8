//! Everybody at once, on real connections: two projectors with cuts of their own, readers that fill
//! what they miss, and somebody who takes keys away. At the end every entry is the truth.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use madang::hot::{Advanced, Filled, Generation, Hot, Pointer};
use redis::aio::ConnectionLike;
use tokio::task::{JoinSet, yield_now};

use super::checker::Checker;
use super::reader::{self, IDS, WANTED};
use super::story::{Happening, Standing, Story};
use super::yard::{at, connect, event_id, position};
use crate::servers::redis::{Redis, RedisCluster};

/// How many events there are.
const EVENTS: usize = 2_000;
/// How many readers fill.
const READERS: usize = 6;

/// What all take part in.
struct Storm {
    url: String,
    prefix: &'static str,
    story: Story,
    /// How far SQL is.
    sql: AtomicU64,
    reads: AtomicU64,
    fills: AtomicU64,
    over: AtomicBool,
}

impl Storm {
    fn new(url: String, prefix: &'static str) -> Arc<Self> {
        let wishes = (0..EVENTS).map(|_| {
            let today = fastrand::bool();
            let happening = match fastrand::u8(0..40) {
                0..15 => Happening::Liked,
                15..30 => Happening::Unliked { today },
                30..38 => Happening::Viewed { by: 2, today },
                _ => Happening::Edited,
            };
            (IDS[fastrand::usize(0..IDS.len())], happening)
        });
        Arc::new(Self {
            url,
            prefix,
            story: Story::of(wishes),
            sql: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            fills: AtomicU64::new(0),
            over: AtomicBool::new(false),
        })
    }

    /// Everybody at once, until two projectors have delivered everything.
    async fn blow(self: &Arc<Self>, wrecker: impl Future<Output = ()> + Send + 'static) {
        let mut others = JoinSet::new();
        others.spawn(wrecker);
        others.spawn(self.clone().fold());
        for _ in 0..READERS {
            others.spawn(self.clone().read());
        }
        let mut projectors = JoinSet::new();
        for _ in 0..2 {
            projectors.spawn(self.clone().project());
        }
        projectors.join_all().await;
        self.over.store(true, Ordering::Relaxed);
        others.join_all().await;
    }

    /// Takes keys away, each time that somebody has read a little more.
    async fn wreck(self: Arc<Self>, mut connection: impl ConnectionLike + Send, all: bool) {
        let hot = connect(&self.url, self.prefix);
        let mut reads = 0;
        while !self.over.load(Ordering::Relaxed) {
            yield_now().await;
            if self.reads.load(Ordering::Relaxed) < reads + 10 {
                continue;
            }
            reads = self.reads.load(Ordering::Relaxed);
            match fastrand::u8(0..10) {
                0 if all => {
                    let flushed = redis::cmd("FLUSHALL").exec_async(&mut connection).await;
                    flushed.unwrap();
                }
                1 => hot.forget_all().await.unwrap(),
                _ => self.evict(&hot, &mut connection).await,
            }
        }
    }

    async fn evict(&self, hot: &Hot, connection: &mut (impl ConnectionLike + Send)) {
        const KEYS: [&str; 6] = [
            "article:{1}",
            "article:{10}",
            "board:{5}",
            "board:{5}:articles",
            "popular:{20261119}",
            "popular:{20261119}:meta",
        ];
        if let Some(pointer) = hot.pointer().await.unwrap() {
            let key = KEYS[fastrand::usize(0..KEYS.len())];
            let key = format!("{}:{}:{key}", self.prefix, pointer.generation);
            let deleted = redis::cmd("DEL").arg(key).exec_async(connection).await;
            deleted.unwrap();
        }
    }

    /// SQL folds a few events for each time that somebody reads.
    async fn fold(self: Arc<Self>) {
        let mut seen = 0;
        while self.sql.load(Ordering::Relaxed) < self.story.len() {
            let reads = self.reads.load(Ordering::Relaxed);
            let more = (reads - seen) * u64::from(fastrand::u8(1..4));
            seen = reads;
            let next = (self.sql.load(Ordering::Relaxed) + more).min(self.story.len());
            self.sql.store(next, Ordering::Relaxed);
            yield_now().await;
        }
    }

    async fn project(self: Arc<Self>) {
        let hot = connect(&self.url, self.prefix);
        let mut pointer = None;
        loop {
            let from = match pointer.take() {
                Some(pointer) => pointer,
                None => self.begin(&hot).await,
            };
            let done = from.checkpoint.prepare();
            if done == self.story.len() {
                return;
            }
            let to = (done + u64::from(fastrand::u8(1..150))).min(self.sql.load(Ordering::Relaxed));
            let batch = self.story.batch((done, to));
            hot.apply(&from.generation, &batch).await.unwrap();
            pointer = match hot.advance(&from, (position(to), event_id(to))).await {
                Ok(Advanced::Moved(pointer)) => Some(pointer),
                Ok(Advanced::Elsewhere(found)) => found,
                Err(error) => panic!("{error}"),
            };
        }
    }

    async fn begin(&self, hot: &Hot) -> Pointer {
        if let Some(pointer) = hot.pointer().await.unwrap() {
            return pointer;
        }
        let replication = hot.replication().await.unwrap();
        let sql = self.sql.load(Ordering::Relaxed);
        hot.begin(None, &at(sql, replication)).await.unwrap()
    }

    async fn read(self: Arc<Self>) {
        let hot = connect(&self.url, self.prefix);
        while !self.over.load(Ordering::Relaxed) {
            let Some(pointer) = hot.pointer().await.unwrap() else {
                continue;
            };
            let generation = Generation::of(&pointer);
            self.reads.fetch_add(1, Ordering::Relaxed);
            let wanted = WANTED[fastrand::usize(0..WANTED.len())];
            let missed = reader::miss((&hot, &generation), wanted).await.unwrap();
            let snapshot = self.sql.load(Ordering::Relaxed);
            for _ in 0..fastrand::u8(0..50) {
                yield_now().await;
            }
            if let Some(missed) = missed {
                let from = (&self.story, snapshot);
                let filled = reader::fill(&hot, (&missed, wanted), from).await.unwrap();
                let filled = u64::from(filled == Some(Filled::Yes));
                self.fills.fetch_add(filled, Ordering::Relaxed);
            }
        }
    }

    /// Fills what is missing, and compares all.
    async fn check(&self, connection: impl ConnectionLike) {
        let hot = connect(&self.url, self.prefix);
        let pointer = self.begin(&hot).await;
        let generation = Generation::of(&pointer);
        let end = (&self.story, self.story.len());
        let mut checker = Checker {
            connection,
            start: format!("{}:{}", self.prefix, pointer.generation),
        };
        checker.check(&self.story, &IDS).await;
        for id in IDS {
            let read = hot.article(&generation, super::yard::article_id(id)).await;
            if let madang::hot::Read::Entry(article) = read.unwrap() {
                let expected = self.story.at(self.story.len()).article(id);
                assert_eq!(expected, Standing::Live(article));
            }
        }
        for wanted in WANTED {
            let missed = reader::miss((&hot, &generation), wanted).await.unwrap();
            if let Some(missed) = missed {
                let filled = reader::fill(&hot, (&missed, wanted), end).await.unwrap();
                assert_eq!(filled, Some(Filled::Yes), "{wanted:?}");
            }
        }
        assert_eq!(checker.check(&self.story, &IDS).await, WANTED.len());
        let fills = self.fills.load(Ordering::Relaxed);
        assert!(fills > 20, "{fills} fills: no race");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once_every_entry_is_true() {
    let redis = Redis::start();
    let storm = Storm::new(redis.url(), "storm");
    let wrecker = storm.clone().wreck(redis.connect().await, true);
    storm.blow(wrecker).await;
    storm.check(redis.connect().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once_every_entry_on_a_cluster_is_true() {
    let cluster = RedisCluster::shared().await;
    let storm = Storm::new(cluster.url(), "storm");
    let wrecker = storm.clone().wreck(cluster.connect().await, false);
    storm.blow(wrecker).await;
    storm.check(cluster.connect().await).await;
}
