//! Reading a long thread: a page of 50 comments by cursor, from anywhere in the tree of 100,000,
//! against the first page. In process, by queries that name a position, so that no answer comes
//! from the cache; JSON and HTTP are left out, which would only make pages more alike.

use std::time::Instant;

use futures_util::StreamExt;
use madang::domain::comment::CommentEvent;
use madang::domain::text::{Content, WriterName};
use madang::domain::{ArticleId, CommentId};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{EventStore, Expected, Position, StreamName};
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::query::comments::CommentView;
use madang::query::wait::Progress;
use madang::query::{Document, Items, Lookup, Part, Queries};
use madang::views::{Database, Views};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::support;

const COMMENTS: usize = 100_000;
const DEEPEST: usize = 48;
const SIZE: u32 = 50;
/// How often each place is read, in turn with the others.
const ROUNDS: usize = 300;

/// Makes a log, folds it, and reads.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async {
        let directory = support::directory();
        let log = support::long_log(directory.path(), 1).await;
        let paths = paths(&mut Dice(7));
        comment(&log, &paths).await;
        let database = Database::File(directory.path().join("views.db"));
        let calendar = support::calendar();
        rebuild(&*log, (&database, &calendar), OnUnfit::Fail, |_| {})
            .await
            .expect("views");
        log.close().await;
        let views = Views::open(&database).await.expect("views");
        let (_progress, told) = watch::channel(Position::END);
        let queries = Queries::new(views.clone(), Progress::told_by(told), calendar);
        read(&queries, in_order(&paths)).await;
        views.close().await;
    });
}

/// Numbers that look thrown and are the same in each run: Knuth's linear congruence.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

fn article_id() -> ArticleId {
    // The first that `long_log` posts.
    ArticleId::from_i64(1_000).expect("positive")
}

/// The way to each comment, oldest first. People mostly reply to what was said a moment ago.
fn paths(dice: &mut Dice) -> Vec<Vec<CommentId>> {
    let mut paths: Vec<Vec<CommentId>> = Vec::with_capacity(COMMENTS);
    for number in 0..COMMENTS {
        let mut path = if number % 200 == 0 {
            Vec::new()
        } else {
            paths[number - 1 - dice.below(number.min(20))].clone()
        };
        path.truncate(DEEPEST - 1);
        let id = i64::try_from(number).expect("small") + 1_000_000;
        path.push(CommentId::from_i64(id).expect("positive"));
        paths.push(path);
    }
    paths
}

/// Depth by depth, so that many can be appended at once and no reply comes before its parent.
async fn comment(log: &SqliteLog, paths: &[Vec<CommentId>]) {
    for depth in 1..=DEEPEST {
        let level = paths.iter().filter(|path| path.len() == depth);
        let appends = level.map(|path| append(log, path));
        futures_util::stream::iter(appends)
            .buffer_unordered(1_000)
            .for_each(|()| async {})
            .await;
    }
    let deepest = paths.iter().map(Vec::len).max().unwrap_or(0);
    println!("{COMMENTS} comments under one article, up to {deepest} deep");
}

async fn append(log: &SqliteLog, path: &[CommentId]) {
    let Some((comment_id, ancestors)) = path.split_last() else {
        return;
    };
    let created = CommentEvent::Created {
        comment_id: *comment_id,
        article_id: article_id(),
        ancestors: ancestors.to_vec(),
        content: Content::recorded("It rained in the village yard. ".repeat(4)),
        writer_name: WriterName::recorded("Somebody".to_owned()),
    };
    let stream = StreamName::comment(*comment_id);
    log.append(
        &stream,
        Expected::NoStream,
        vec![support::new_event(created)],
    )
    .await
    .expect("a comment");
}

/// The ids in the order of the tree, which is that of the paths.
fn in_order(paths: &[Vec<CommentId>]) -> Vec<i64> {
    let mut sorted: Vec<_> = paths.iter().collect();
    sorted.sort();
    let last = sorted.into_iter().filter_map(|path| path.last());
    last.map(|id| id.to_i64()).collect()
}

async fn read(queries: &Queries, order: Vec<i64>) {
    let mut dice = Dice(11);
    let end = order.len() - 1 - usize::try_from(SIZE).expect("small");
    let mut places = [
        ("first", Vec::new()),
        ("middle", Vec::new()),
        ("last", Vec::new()),
        ("random", Vec::new()),
    ];
    for _ in 0..ROUNDS {
        let after = [None, Some(end / 2), Some(end), Some(dice.below(end))];
        for ((_, times), place) in places.iter_mut().zip(after) {
            let after = place.map(|place| order[place]);
            times.push(page(queries, after).await);
        }
    }
    let mut first = 0.0;
    for (place, mut times) in places {
        let took = support::median(&mut times);
        if place == "first" {
            first = took;
        }
        println!(
            "a page of {SIZE}, {place}: {took:.0} µs, {:.2} x the first",
            took / first
        );
    }
}

/// Reads a full page; answers with how long it took, in microseconds.
async fn page(queries: &Queries, after: Option<i64>) -> f64 {
    let part = Part::After { after, size: SIZE };
    let begun = Instant::now();
    let wanted = (article_id(), part);
    let found = queries.comments(wanted, Some(Position::END), show).await;
    let took = begun.elapsed().as_secs_f64() * 1e6;
    let Ok(Lookup::Found(document)) = found else {
        panic!("no page after {after:?}: {found:?}");
    };
    assert_eq!(document.body.len(), usize::try_from(SIZE).expect("small"));
    took
}

/// A byte for each comment.
fn show(_: ArticleId, items: Items<CommentView>) -> Document {
    Document {
        body: items.items.into_iter().map(|_| b'.').collect(),
        etag: None,
    }
}
