//! The cache under interleavings that no caller can bring about at will.

use std::future::{pending, ready};

use futures_util::poll;
use tokio::sync::oneshot;

use super::*;
use crate::domain::CommentId;
use crate::query::Document;

/// Old enough entries would be loaded again however right they are.
fn cache() -> Cache {
    Cache::keeping(Duration::from_hours(1))
}

fn article(id: i64) -> ArticleId {
    ArticleId::from_i64(id).unwrap()
}

fn touched(id: i64) -> Touched {
    Touched {
        articles: vec![article(id)],
        ..Touched::default()
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "loads may fail, and this is what they give"
)]
fn answer(text: &'static str) -> Result<Lookup, QueryError> {
    let body = text.into();
    Ok(Lookup::Found(Arc::new(Document { body, etag: None })))
}

type Answer = oneshot::Sender<Result<Lookup, QueryError>>;

/// A load that lasts until it is given its answer.
fn slow() -> (Answer, impl Future<Output = Result<Lookup, QueryError>>) {
    let (give, given) = oneshot::channel();
    (give, async { given.await.unwrap() })
}

const KEY: i64 = 7;

async fn get(
    cache: &Cache,
    load: impl Future<Output = Result<Lookup, QueryError>> + Send,
) -> Result<Lookup, QueryError> {
    cache.get_or_load(Key::Article(article(KEY)), load).await
}

#[tokio::test]
async fn what_was_loaded_is_kept_also_that_there_is_nothing() {
    for kept in [answer("a"), Ok(Lookup::Deleted), Ok(Lookup::NotFound)] {
        let cache = cache();
        assert_eq!(get(&cache, ready(kept.clone())).await, kept);
        assert_eq!(get(&cache, pending()).await, kept);
    }
}

#[tokio::test]
async fn what_is_too_old_is_loaded_again() {
    let cache = Cache::keeping(Duration::ZERO);
    assert_eq!(get(&cache, ready(answer("old"))).await, answer("old"));
    assert_eq!(get(&cache, ready(answer("new"))).await, answer("new"));
}

#[tokio::test]
async fn an_error_is_not_kept() {
    let cache = cache();
    let error = Err(QueryError::Unavailable("gone".to_owned()));
    assert_eq!(get(&cache, ready(error.clone())).await, error);
    assert_eq!(get(&cache, ready(answer("a"))).await, answer("a"));
}

#[tokio::test]
async fn what_changed_is_loaded_again() {
    let cache = cache();
    get(&cache, ready(answer("old"))).await.unwrap();
    cache.forget(&touched(KEY));
    assert_eq!(get(&cache, ready(answer("new"))).await, answer("new"));
    assert_eq!(get(&cache, pending()).await, answer("new"));
}

#[tokio::test]
async fn who_comes_during_a_load_shares_it() {
    let cache = cache();
    let (give, load) = slow();
    let mut first = Box::pin(get(&cache, load));
    assert!(poll!(&mut first).is_pending());
    let mut second = Box::pin(get(&cache, pending()));
    assert!(poll!(&mut second).is_pending());
    give.send(answer("a")).unwrap();
    assert_eq!(first.await, answer("a"));
    assert_eq!(second.await, answer("a"));
}

#[tokio::test]
async fn a_load_that_a_change_overtook_is_not_kept() {
    let cache = cache();
    let (give, load) = slow();
    let mut overtaken = Box::pin(get(&cache, load));
    assert!(poll!(&mut overtaken).is_pending());
    cache.forget(&touched(KEY));
    give.send(answer("old")).unwrap();
    overtaken.await.unwrap();
    assert_eq!(get(&cache, ready(answer("new"))).await, answer("new"));
}

#[tokio::test]
async fn who_comes_after_a_change_does_not_share_a_load_from_before_it() {
    let cache = cache();
    let (give, load) = slow();
    let mut overtaken = Box::pin(get(&cache, load));
    assert!(poll!(&mut overtaken).is_pending());
    cache.forget(&touched(KEY));
    let mut later = Box::pin(get(&cache, ready(answer("new"))));
    assert!(poll!(&mut later).is_pending());
    give.send(answer("old")).unwrap();
    assert_eq!(overtaken.await, answer("old"));
    assert_eq!(later.await, answer("new"));
}

#[tokio::test]
async fn a_reader_who_leaves_in_mid_load_leaves_the_others_theirs() {
    let cache = cache();
    let mut first = Box::pin(get(&cache, pending()));
    assert!(poll!(&mut first).is_pending());
    let mut second = Box::pin(get(&cache, ready(answer("a"))));
    assert!(poll!(&mut second).is_pending());
    drop(first);
    assert_eq!(second.await, answer("a"));
}

#[tokio::test]
async fn a_load_of_ones_own_joins_nobody_and_is_kept() {
    let cache = cache();
    let key = Key::Article(article(KEY));
    let mut first = Box::pin(get(&cache, pending()));
    assert!(poll!(&mut first).is_pending());
    let own = cache.load_now(key, ready(answer("own"))).await;
    assert_eq!(own, answer("own"));
    assert_eq!(get(&cache, pending()).await, answer("own"));
}

#[tokio::test]
async fn two_things_in_one_slot_cost_a_load_and_no_more() {
    let cache = cache();
    let place = |id: i64| cache.articles.slot(&article(id));
    let other = (KEY + 1..1_000_000)
        .find(|id| place(*id) == place(KEY))
        .unwrap();
    let key = Key::Article(article(other));
    get(&cache, ready(answer("one"))).await.unwrap();
    let two = cache.get_or_load(key, ready(answer("two"))).await;
    assert_eq!(two, answer("two"));
    assert_eq!(get(&cache, pending()).await, answer("one"));
    cache.forget(&touched(other));
    let changed = cache.get_or_load(key, ready(answer("2"))).await;
    assert_eq!(changed, answer("2"));
    assert_eq!(get(&cache, ready(answer("one"))).await, answer("one"));
}

const PART: Part = Part::After {
    after: None,
    size: 30,
};

/// What is kept under a key, after `forget` of what changed: the same, or what is loaded now.
async fn after(key: Key, touched: &Touched) -> Result<Lookup, QueryError> {
    let cache = cache();
    let old = cache.get_or_load(key, ready(answer("old"))).await;
    assert_eq!(old, answer("old"));
    cache.forget(touched);
    cache.get_or_load(key, ready(answer("new"))).await
}

#[tokio::test]
async fn a_thread_is_forgotten_whole_and_by_level_when_it_changes() {
    let level = |parent| Level {
        article_id: article(KEY),
        parent,
    };
    let changed = Touched {
        threads: vec![article(KEY)],
        ..Touched::default()
    };
    for key in [
        Key::Comments(article(KEY), PART),
        Key::Level(level(None), PART),
        Key::Level(level(CommentId::from_i64(1)), PART),
    ] {
        assert_eq!(after(key, &changed).await, answer("new"));
        // A view of the article is no reason.
        assert_eq!(after(key, &touched(KEY)).await, answer("old"));
    }
}

#[tokio::test]
async fn popular_lists_are_forgotten_with_any_article() {
    let key = Key::Popular(Day::MIN);
    assert_eq!(after(key, &touched(KEY)).await, answer("new"));
    assert_eq!(after(key, &Touched::default()).await, answer("old"));
}

#[tokio::test]
async fn everything_is_forgotten_when_nobody_can_tell_what_changed() {
    for key in [
        Key::Article(article(KEY)),
        Key::Comments(article(KEY), PART),
        Key::Popular(Day::MIN),
    ] {
        let changed = Touched::everything();
        assert_eq!(after(key, &changed).await, answer("new"));
    }
}
