//! Articles: an event is folded in once, whatever is delivered how often.

use madang::domain::Timestamp;
use madang::event_store::Position;
use madang::hot::{ArticleChange, Batch, Edited, Filled, HotArticle, Read};

use super::yard::{Yard, article, article_id, position};

pub(super) fn like() -> ArticleChange {
    ArticleChange {
        likes: 1,
        ..ArticleChange::default()
    }
}

/// One like, at a position.
pub(super) fn liked(id: i64, at: u64) -> Batch {
    changed(id, [(at, like())])
}

pub(super) fn changed(id: i64, changes: impl IntoIterator<Item = (u64, ArticleChange)>) -> Batch {
    let mut batch = Batch::default();
    for (at, change) in changes {
        batch.article(article_id(id), position(at), change);
    }
    batch
}

pub(super) async fn likes(yard: &Yard, id: i64) -> u64 {
    match yard.article(id).await {
        Read::Entry(article) => article.like_count,
        other => panic!("{other:?}"),
    }
}

fn deleted() -> ArticleChange {
    ArticleChange {
        deleted: true,
        ..ArticleChange::default()
    }
}

#[tokio::test]
async fn events_change_an_entry() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    let change = ArticleChange {
        comments: -1,
        likes: 2,
        views: 100,
        edited: Some(Edited {
            title: "Another".to_owned(),
            content: String::new(),
            modified_at: Timestamp(9),
            revision: 1,
        }),
        deleted: false,
    };
    yard.apply(&changed(1, [(4, change)])).await;
    let expected = HotArticle {
        title: "Another".to_owned(),
        content: String::new(),
        modified_at: Some(Timestamp(9)),
        revision: 1,
        comment_count: 2,
        like_count: 4,
        view_count: 101,
        ..article()
    };
    assert_eq!(yard.article(1).await, Read::Entry(expected));
}

#[tokio::test]
async fn a_batch_that_comes_twice_counts_once() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    let batch = changed(1, (4..=9).map(|at| (at, like())));
    yard.apply(&batch).await;
    yard.apply(&batch).await;
    assert_eq!(likes(&yard, 1).await, 8);
}

#[tokio::test]
async fn what_the_rows_hold_does_not_count_again() {
    let yard = Yard::new().await;
    yard.fill_article(1, 6).await;
    yard.apply(&changed(1, (4..=9).map(|at| (at, like()))))
        .await;
    assert_eq!(likes(&yard, 1).await, 5);
}

#[tokio::test]
async fn two_projectors_with_different_cuts_count_once() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    for cuts in [vec![4..=6, 7..=9], vec![4..=5, 6..=8, 9..=9]] {
        for cut in cuts {
            yard.apply(&changed(1, cut.map(|at| (at, like())))).await;
        }
    }
    assert_eq!(likes(&yard, 1).await, 8);
}

/// More events of one entry than a batch has steps for are composed; then their share cannot be told.
#[tokio::test]
async fn composed_events_that_overlap_throw_the_entry_away() {
    let yard = Yard::new().await;
    yard.fill_article(1, 10).await;
    let composed = changed(1, (4..=200).map(|at| (at, like())));
    yard.apply(&composed).await;
    let missed = yard.missed(1).await;
    let filled = yard.fill(&missed, Some(&article()), 199).await;
    assert_eq!(
        filled,
        Ok(Filled::Overtaken),
        "the floor is at the last event"
    );
    let filled = yard.fill(&missed, Some(&article()), 200).await;
    assert_eq!(filled, Ok(Filled::Yes));
}

#[tokio::test]
async fn composed_events_that_are_all_new_count_each() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    yard.apply(&changed(1, (4..=1_003).map(|at| (at, like()))))
        .await;
    assert_eq!(likes(&yard, 1).await, 1_002);
}

/// Lua's numbers would take them for one.
#[tokio::test]
async fn positions_that_differ_in_their_last_digit_are_told_apart() {
    let yard = Yard::new().await;
    let last = u64::MAX;
    yard.fill_article(1, last - 1).await;
    yard.apply(&liked(1, last - 1)).await;
    assert_eq!(likes(&yard, 1).await, 2);
    yard.apply(&liked(1, last)).await;
    assert_eq!(likes(&yard, 1).await, 3);
    let mut batch = Batch::default();
    batch.article(article_id(1), Position::new(1, 0), like());
    yard.apply(&batch).await;
    assert_eq!(likes(&yard, 1).await, 4);
}

/// A late "created" or a late like must not bring it back.
#[tokio::test]
async fn a_deleted_article_stays_deleted() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    yard.apply(&changed(1, [(4, deleted()), (5, like())])).await;
    yard.apply(&liked(1, 6)).await;
    assert_eq!(yard.article(1).await, Read::Deleted);
    let fields: Vec<(String, String)> = yard.ask("HGETALL", "article:{1}").await;
    let expected = [
        ("deleted".to_owned(), "1".to_owned()),
        ("position".to_owned(), position(6).to_string()),
    ];
    let mut fields = fields;
    fields.sort();
    assert_eq!(fields, expected);
    let life: i64 = yard.ask("PTTL", "article:{1}").await;
    assert!(life > 60_000, "{life}");
}

#[tokio::test]
async fn articles_are_read_in_the_order_asked_for() {
    let yard = Yard::new().await;
    yard.fill_article(2, 3).await;
    yard.fill_article(3, 3).await;
    yard.apply(&changed(3, [(4, deleted())])).await;
    let ids = [3, 1, 2].map(article_id);
    let read = yard.hot.articles(&yard.generation, &ids).await.unwrap();
    assert_eq!(read[0], Read::Deleted);
    assert!(matches!(read[1], Read::Miss(_)));
    assert_eq!(read[2], Read::Entry(article()));
}

/// What an article says may be long, and no list shows it.
#[tokio::test]
async fn articles_are_listed_without_what_they_say() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    yard.fill_article(2, 3).await;
    yard.apply(&changed(2, [(4, deleted())])).await;
    let Read::Entry(whole) = yard.article(1).await else {
        panic!("not hot");
    };
    let ids = [article_id(1), article_id(2), article_id(3)];
    let listed = yard.hot.listed_articles(&yard.generation, &ids).await;
    let listed = listed.unwrap();
    let content = String::new();
    assert_eq!(listed[0], Read::Entry(HotArticle { content, ..whole }));
    assert_eq!(listed[1], Read::Deleted);
    assert!(matches!(listed[2], Read::Miss(_)), "{listed:?}");
}
