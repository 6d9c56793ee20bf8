//! Any history of commands, decided in any interleaving, gives the views that a naive model makes up;
//! in whatever batches it is folded; and in whatever order the log has what does not depend on each
//! other, as far as readers can see.
//!
//! A hundred histories or so each time; as many as `PROPTEST_CASES` says otherwise.

mod driver;

use std::collections::{HashMap, HashSet};

use madang::domain::article::ArticleEvent;
use madang::domain::comment::CommentEvent;
use madang::domain::{ArticleId, Event};
use madang::event_store::codec::{self, Decoded, UPCASTERS};
use madang::event_store::{Position, RecordedEvent, StreamName};
use madang::views::{Row, Views};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::model::Model;
use super::yard::{Yard, dump, own_stream, select};
use driver::{act, history};

/// The views hold what the model makes up of the same events.
pub(crate) async fn views_equal_the_model(views: &Views, events: &[RecordedEvent]) {
    const BOARDS: &str = "SELECT json_array(board_id, name, description, max_comment_depth, \
         article_count, closed, created_at, revision) FROM board ORDER BY board_id";
    const ARTICLES: &str = "SELECT json_array(article_id, board_id, title, content, created_at, \
         modified_at, revision, deleted) FROM article ORDER BY article_id";
    const COMMENTS: &str = "SELECT json_array(comment_id, article_id, parent_id, depth, deleted, \
         visible_replies, visible, revision, created_at, modified_at, \
         CAST(writer_id AS CHAR), writer_name, content) FROM comment ORDER BY comment_id";
    const LIKES: &str = "SELECT json_array(article_id, CAST(user_id AS CHAR), liked, since, revision) \
         FROM article_like ORDER BY article_id, user_id";
    const COUNTS: &str = "SELECT json_array(article_id, board_id, day, deleted, comments, \
         visible_comments, likes, views, score) FROM article_counts ORDER BY article_id";
    let model = Model::of(events);
    assert_eq!(select(views, BOARDS).await, model.boards());
    assert_eq!(select(views, ARTICLES).await, model.articles());
    assert_eq!(select(views, COMMENTS).await, model.comments());
    assert_eq!(select(views, LIKES).await, model.likes());
    assert_eq!(select(views, COUNTS).await, model.counts());
    trees_equal_the_model(views, &model).await;
    popular_lists_equal_the_model(views, &model).await;
}

async fn trees_equal_the_model(views: &Views, model: &Model) {
    const TREES: &str = "SELECT json_array(article_id, comment_id) FROM comment \
         WHERE visible = 1 ORDER BY article_id, path";
    let trees = model.article_ids().into_iter().flat_map(|article_id| {
        let row = move |comment| json!([article_id.to_i64(), comment]);
        model.tree(article_id).into_iter().map(row)
    });
    assert_eq!(select(views, TREES).await, trees.collect::<Vec<_>>());
}

async fn popular_lists_equal_the_model(views: &Views, model: &Model) {
    const LIST: &str = "SELECT article_id, score FROM article_counts \
         WHERE day = ? AND score > 0 ORDER BY score DESC, article_id LIMIT 10";
    for day in 20_261_118..=20_261_121 {
        let mut connection = views.writer().acquire().await.unwrap();
        let list = connection.statement(LIST).bind(day);
        let list = list.fetch_all(&mut connection).await.unwrap();
        let entry = |row: &Row| (row.try_get(0).unwrap(), row.try_get(1).unwrap());
        let list: Vec<(i64, i64)> = list.iter().map(entry).collect();
        assert_eq!(list, model.popular(day), "{day}");
    }
}

fn decoded(recorded: &RecordedEvent) -> Event {
    match codec::decode(recorded, UPCASTERS) {
        Ok(Decoded::Known(fact)) => fact.event,
        other => panic!("{other:?}"),
    }
}

/// The streams that must have begun before an event can be recorded.
fn needed(event: &Event) -> Vec<StreamName> {
    match event {
        Event::Article(ArticleEvent::Created { board_id, .. }) => {
            vec![StreamName::board(*board_id)]
        }
        Event::Comment(CommentEvent::Created {
            article_id,
            ancestors,
            ..
        }) => {
            let parent = ancestors.last().map(|id| StreamName::comment(*id));
            parent
                .into_iter()
                .chain([StreamName::article(*article_id)])
                .collect()
        }
        Event::Like(_) => {
            let stream = own_stream(event);
            let article = stream.as_str().split('-').nth(1).unwrap();
            vec![StreamName::article(article.parse().unwrap())]
        }
        Event::ArticlesViewed { views } => {
            let articles = views.iter().map(|viewed| viewed.article_id);
            articles.map(StreamName::article).collect()
        }
        _ => Vec::new(),
    }
}

/// The same events in another order: each stream's stay in theirs, and each comes after what it
/// needs. And a comment stays on its side of its article's deletion: that side, which the log alone
/// decides, is what tells whether it is seen. All else may be swapped.
fn swapped(events: &[RecordedEvent], keys: &[u16]) -> Vec<RecordedEvent> {
    let all: Vec<_> = events.iter().map(decoded).collect();
    let deleted_at: HashMap<ArticleId, usize> = (0..).zip(&all).filter_map(deletion).collect();
    let mut order: Vec<usize> = Vec::new();
    let (mut begun, mut taken) = (HashSet::new(), vec![false; all.len()]);
    while order.len() < all.len() {
        let can_be_next = |at: &usize| {
            let untaken = |before: usize| !taken[before];
            let same_stream = |before: usize| events[before].stream == events[*at].stream;
            let sides = |before: usize| match (&all[before], &all[*at]) {
                (Event::Comment(CommentEvent::Created { article_id, .. }), Event::Article(_)) => {
                    deleted_at.get(article_id) == Some(at)
                }
                (_, Event::Comment(CommentEvent::Created { article_id, .. })) => {
                    deleted_at.get(article_id) == Some(&before)
                }
                _ => false,
            };
            let waits = |before: usize| untaken(before) && (same_stream(before) || sides(before));
            untaken(*at)
                && needed(&all[*at])
                    .iter()
                    .all(|stream| begun.contains(stream))
                && !(0..*at).any(waits)
        };
        let next = (0..all.len()).filter(can_be_next);
        let next = next.min_by_key(|at| keys[at % keys.len()]).unwrap();
        taken[next] = true;
        begun.insert(events[next].stream.clone());
        order.push(next);
    }
    let at = |(position, from): (u64, usize)| RecordedEvent {
        position: Position::new(0, position),
        ..events[from].clone()
    };
    (1..).zip(order).map(at).collect()
}

fn deletion((at, event): (usize, &Event)) -> Option<(ArticleId, usize)> {
    match event {
        Event::Article(ArticleEvent::Deleted { article_id, .. }) => Some((*article_id, at)),
        _ => None,
    }
}

/// What readers see that does not depend on who came first: every thread, and the counts of what is
/// not deleted. (A score does, for it stops at 0 on its way; and deleted articles counted until then.)
async fn seen(views: &Views) -> [Vec<Value>; 3] {
    const THREADS: &str = "SELECT json_array(article_id, comment_id, depth, deleted, \
         visible_replies, content, created_at, modified_at, revision) FROM comment \
         WHERE visible = 1 ORDER BY article_id, path";
    const COUNTS: &str = "SELECT json_array(article_id, comments, visible_comments, likes, views) \
         FROM article_counts WHERE deleted = 0 ORDER BY article_id";
    const BOARDS: &str = "SELECT json_array(board_id, article_count) FROM board ORDER BY board_id";
    [
        select(views, THREADS).await,
        select(views, COUNTS).await,
        select(views, BOARDS).await,
    ]
}

#[expect(
    clippy::disallowed_methods,
    reason = "how much to test is no setting of the program"
)]
pub(super) fn few(cases: u32) -> ProptestConfig {
    let chosen = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: chosen.and_then(|n| n.parse().ok()).unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn commands_in_any_interleaving_give_what_the_model_makes_up_in_any_batches() {
    let runtime = Runtime::new().unwrap();
    let yard = runtime.block_on(Yard::open());
    let strategy = (vec(act(), 0..60), vec(1..9_usize, 0..40));
    proptest!(few(100), |((acts, sizes) in strategy)| {
        let events = history(&acts);
        runtime.block_on(async {
            yard.fold_anew(&events, &[]).await;
            views_equal_the_model(&yard.views, &events).await;
            let at_once = dump(&yard.views).await;
            yard.fold_anew(&events, &sizes).await;
            assert_eq!(dump(&yard.views).await, at_once);
        });
    });
}

#[test]
fn what_readers_see_does_not_depend_on_the_order_of_what_is_independent() {
    let runtime = Runtime::new().unwrap();
    let yard = runtime.block_on(Yard::open());
    let strategy = (vec(act(), 0..60), vec(any::<u16>(), 1..60), 1..20_usize);
    proptest!(few(100), |((acts, keys, size) in strategy)| {
        let events = history(&acts);
        let others = swapped(&events, &keys);
        runtime.block_on(async {
            yard.fold_anew(&events, &[]).await;
            let expected = seen(&yard.views).await;
            yard.fold_anew(&others, &vec![size; others.len()]).await;
            assert_eq!(seen(&yard.views).await, expected);
        });
    });
}

/// A property over histories in which nothing happens would hold whatever the fold does.
#[test]
fn histories_hold_what_is_hard() {
    let mut runner = TestRunner::deterministic();
    let (mut placeholders, mut late, mut deep, mut swaps) = (0, 0, 0, 0);
    for _ in 0..100 {
        let acts = vec(act(), 60).new_tree(&mut runner).unwrap().current();
        let events = history(&acts);
        let rows = Model::of(&events).comments();
        let is = |row: &Value, deleted: i64, visible: i64| row[4] == deleted && row[6] == visible;
        placeholders += rows.iter().filter(|row| is(row, 1, 1)).count();
        late += rows.iter().filter(|row| is(row, 0, 0)).count();
        deep += rows.iter().filter(|row| row[3].as_i64() > Some(3)).count();
        let other = swapped(&events, &[3, 1, 4, 1, 5, 9, 2, 6]);
        let moved = events.iter().zip(&other);
        swaps += moved.filter(|(a, b)| a.event_id != b.event_id).count();
    }
    let all = [placeholders, late, deep, swaps];
    assert!(all.iter().all(|count| *count >= 20), "{all:?}");
}
