//! How fast the projector of what is hot folds comments, likes and views into a Redis in which every
//! entry is present, against the same calls of the scripts alone.
//!
//! Alone means: what the program says to Redis for the same events, taken down beforehand, and sent
//! again over one connection that never waits for an answer, to entries that are in the same state.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use madang::domain::{ArticleId, BoardId};
use madang::event_store::codec::Decoded;
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{EventStore, Position};
use madang::hot::{
    At, Batch, Generation, GenerationName, Hot, HotArticle, HotPopular, HotPrefix, HotUrl, Missed,
    Moment, Pointer, Read,
};
use madang::projections::hot::changes::Changes;
use madang::projections::reader::Reader;
use madang::views::{Database, Views};
use tokio::runtime::Runtime;

use crate::mixed::Village;
use crate::pipeline::{Tape, play, renamed};
use crate::projector::{self, Projector};
use crate::servers::Redis;
use crate::support;

/// Articles, all of them hot. The lists of days with more than 20,000 are not kept.
const ARTICLES: u64 = if cfg!(debug_assertions) { 300 } else { 10_000 };
/// Events that are folded in a round.
const EVENTS: u64 = if cfg!(debug_assertions) {
    1_000
} else {
    100_000
};
const ROUNDS: usize = 5;
/// How many changes the projector applies before it moves its checkpoint.
const MAX_CHANGES: usize = 20_000;
/// Articles that are filled in one round trip.
const FILLED: usize = 100;
/// The prefixes of the keys: of the projector's, of those from which the calls are taken down, and of
/// those that they are sent to. All of one length.
const PREFIXES: [&str; 3] = ["fold", "tape", "play"];

/// Fills Redis, lets people talk, and folds.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async {
        let Some(redis) = Redis::start() else { return };
        let directory = support::directory();
        let mut hearth = Hearth::light(redis, directory.path()).await;
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (folded, alone) = hearth.round().await;
            rates.push(f64::from(u32::try_from(EVENTS).expect("small")) / folded);
            ratios.push(alone / folded);
        }
        println!(
            "{EVENTS} events on {ARTICLES} hot articles: {:.0} events/s, {:.2} x the same calls of \
             the scripts alone (median of {ROUNDS} rounds)",
            support::median(&mut rates),
            support::median(&mut ratios),
        );
        hearth.views.close().await;
        hearth.log.close().await;
    });
}

/// A log, SQL views of it, and what is hot three times over.
struct Hearth {
    redis: Redis,
    log: Arc<SqliteLog>,
    views: Views,
    village: Village,
    tape: Tape,
    folded: Hot,
    taped: (Hot, GenerationName),
    played: GenerationName,
}

impl Hearth {
    async fn light(redis: Redis, directory: &Path) -> Self {
        let log = support::long_log(directory, ARTICLES).await;
        let views = Database::File(directory.join("views.db"));
        let views = Views::open(&views).await.expect("views");
        projector::level(&log, &views).await;
        let tape = Tape::before(redis.address()).await;
        let [folded, taped, played] = PREFIXES;
        let folded = hot_at(&redis.url(), folded);
        let mut projector = Projector::start(projector::of_hot(&log, &views, &folded).await);
        projector.reach(log.head().await.expect("a head")).await;
        projector.stop().await;
        let pointer = folded.pointer().await.expect("an answer");
        let pointer = pointer.expect("a pointer");
        fill(&folded, &pointer).await;
        let taped = hot_at(&tape.url(), taped);
        let again = begin_like(&taped, &pointer).await;
        let played = begin_like(&hot_at(&redis.url(), played), &pointer).await;
        Self {
            village: Village::of_articles(ARTICLES),
            taped: (taped, again),
            redis,
            log,
            views,
            tape,
            folded,
            played,
        }
    }

    /// More happens, and is folded both ways; answers with the seconds of each.
    async fn round(&mut self) -> (f64, f64) {
        let from = self.log.head().await.expect("a head");
        self.village.live(&self.log, EVENTS).await;
        projector::level(&self.log, &self.views).await;
        let before = self.redis.calls("evalsha").await;
        let folded = self.fold().await;
        let folding = self.redis.calls("evalsha").await - before;
        let (said, calls) = self.take_down(from).await;
        let begun = Instant::now();
        play(&self.redis.address(), said, calls).await;
        let alone = begun.elapsed().as_secs_f64();
        println!("{folding} calls in {folded:.2} s; {calls} alone in {alone:.2} s");
        (folded, alone)
    }

    /// The projector's own way.
    async fn fold(&self) -> f64 {
        let head = self.log.head().await.expect("a head");
        let runner = projector::of_hot(&self.log, &self.views, &self.folded).await;
        let begun = Instant::now();
        let mut projector = Projector::start(runner);
        projector.reach(head).await;
        let took = begun.elapsed().as_secs_f64();
        projector.stop().await;
        took
    }

    /// What is said to Redis for the events after `from`, as it has to be said to the third, and how
    /// many calls that are.
    async fn take_down(&self, from: Position) -> (Vec<u8>, usize) {
        let (hot, generation) = &self.taped;
        // So that it is connected.
        hot.pointer().await.expect("an answer");
        self.tape.take();
        let mut calls = 0;
        for batch in batches(&self.log, from).await {
            calls += batch.len();
            hot.apply(generation, &batch).await.expect("a Redis");
        }
        let [_, taped, played] = PREFIXES;
        let from = format!("{taped}:{generation}:");
        let to = format!("{played}:{}:", self.played);
        (renamed(self.tape.take(), &from, &to), calls)
    }
}

fn hot_at(url: &str, prefix: &str) -> Hot {
    let prefix = HotPrefix::parse(prefix).expect("a prefix");
    Hot::new(HotUrl::parse(url).expect("a URL"), prefix)
}

/// Begins a generation where another one is, and fills it with the same.
async fn begin_like(hot: &Hot, other: &Pointer) -> GenerationName {
    let at = At {
        log_id: other.log_id,
        checkpoint: other.checkpoint,
        last: other.last,
        replication: other.replication.clone(),
    };
    let pointer = hot.begin(None, &at).await.expect("a generation");
    fill(hot, &pointer).await;
    pointer.generation
}

/// Makes all articles and their day hot. Their boards are not: nothing that follows touches them.
async fn fill(hot: &Hot, pointer: &Pointer) {
    let generation = Generation::of(pointer);
    let moment = Moment {
        rows: pointer.checkpoint,
        checkpoint: pointer.checkpoint,
    };
    let ids: Vec<ArticleId> = (0..ARTICLES)
        .map(|number| support::article_id(i64::try_from(number).expect("small")))
        .collect();
    for ids in ids.chunks(FILLED) {
        let read = hot.articles(&generation, ids).await.expect("a Redis");
        let missed = read.into_iter().map(|read| (missed(read), Some(article())));
        let missed: Vec<_> = missed.collect();
        let filled = hot.fill_articles(&missed, moment).await;
        filled.expect("a Redis that is filled");
    }
    let day = support::calendar().day_of(support::WHEN);
    let read = hot.popular(&generation, (day, 10)).await.expect("a Redis");
    let popular = HotPopular {
        scores: ids.into_iter().map(|id| (id, 0)).collect(),
    };
    let filled = hot.fill_popular(&missed(read), &popular, moment).await;
    filled.expect("a Redis that is filled");
}

fn missed<T>(read: Read<T>) -> Missed {
    match read {
        Read::Miss(missed) => missed,
        Read::Entry(_) | Read::Deleted | Read::Beyond => panic!("Redis was empty"),
    }
}

fn article() -> HotArticle {
    HotArticle {
        board_id: BoardId::from_i64(1).expect("positive"),
        title: "The thing that I wanted to say".to_owned(),
        content: "It rained in the village yard. ".repeat(8),
        writer_id: "somebody".to_owned(),
        writer_name: "Somebody".to_owned(),
        created_at: support::WHEN,
        modified_at: None,
        revision: 0,
        comment_count: 0,
        like_count: 0,
        view_count: 0,
    }
}

/// What the events after `from` change, cut as the projector cuts it.
async fn batches(log: &SqliteLog, from: Position) -> Vec<Batch> {
    let head = log.head().await.expect("a head");
    let subscription = log.subscribe_all(from).await.expect("a subscription");
    let mut reader = Reader::of(subscription, from);
    let (calendar, mut position) = (support::calendar(), from);
    let (mut batches, mut changes) = (Vec::new(), Changes::new(&calendar));
    while position < head {
        let batch = reader.next().await.expect("more of the log").batch;
        for read in &batch.events {
            if changes.len() >= MAX_CHANGES {
                let full = std::mem::replace(&mut changes, Changes::new(&calendar));
                batches.push(full.done().0);
            }
            if let Ok(Decoded::Known(fact)) = read.decoded() {
                changes.add(fact, read.recorded());
            }
        }
        position = batch.end;
    }
    batches.push(changes.done().0);
    batches
}
