//! One article, one board: filled by the first who asks, and then answered without SQL.

use madang::domain::Event;
use madang::event_store::Position;

use super::{Answer, Warm, is_away};
use crate::projections::readers::liked;
use crate::projections::yard::{Yard, article, board, deleted, edited, opened, posted};
use crate::query::show_article;

/// A board with the article 10.
async fn warm() -> Warm {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    Warm::over(yard).await
}

impl Warm {
    /// Folds into SQL alone, as if the projector of Redis were late.
    pub(super) async fn happens(&mut self, event: impl Into<Event>) -> Position {
        let position = self.desk.yard.happens(event).await;
        self.desk.yard.fold().await;
        self.desk.progress.send_replace(position);
        position
    }
}

#[tokio::test]
async fn an_article_is_hot_once_somebody_has_read_it() {
    let warm = warm().await;
    let found = Ok(Answer::found("10 first words at 0"));
    assert_eq!(warm.article(article(10)).await, found);
    warm.lose_sql().await;
    assert_eq!(warm.article(article(10)).await, found);
}

#[tokio::test]
async fn all_of_an_article_is_hot() {
    let mut warm = warm().await;
    warm.desk.yard.happens(edited(10, 1)).await;
    warm.happens(liked(10, "lee")).await;
    let all = |view| crate::query::document(format!("{view:?}"));
    let read = || warm.desk.queries.article(article(10), None, all);
    let from_sql = Answer::of(read().await.unwrap());
    warm.lose_sql().await;
    assert_eq!(Answer::of(read().await.unwrap()), from_sql);
    assert!(format!("{from_sql:?}").contains("likes: 1"), "{from_sql:?}");
}

#[tokio::test]
async fn that_an_article_was_deleted_is_hot_too() {
    let mut warm = warm().await;
    warm.happens(deleted(10, 1)).await;
    assert_eq!(warm.article(article(10)).await, Ok(Answer::Deleted));
    warm.lose_sql().await;
    assert_eq!(warm.article(article(10)).await, Ok(Answer::Deleted));
}

/// It may be posted the next moment.
#[tokio::test]
async fn what_never_was_is_asked_of_sql_each_time() {
    let warm = warm().await;
    assert_eq!(warm.article(article(11)).await, Ok(Answer::NotFound));
    assert_eq!(warm.board(board(2)).await, Ok(Answer::NotFound));
    warm.lose_sql().await;
    assert!(is_away(&warm.article(article(11)).await));
    assert!(is_away(&warm.board(board(2)).await));
}

#[tokio::test]
async fn a_board_is_hot_once_somebody_has_read_it() {
    let warm = warm().await;
    let found = Ok(Answer::found("1 yard 1 false"));
    assert_eq!(warm.board(board(1)).await, found);
    warm.lose_sql().await;
    assert_eq!(warm.board(board(1)).await, found);
}

#[tokio::test]
async fn who_waits_for_what_redis_has_not_reached_is_answered_by_sql() {
    let mut warm = warm().await;
    warm.article(article(10)).await.unwrap();
    let position = warm.happens(edited(10, 1)).await;
    let (old, new) = ("10 first words at 0", "10 second words at 1");
    let waited = warm.article_after(article(10), Some(position)).await;
    assert_eq!(waited, Ok(Answer::found(new)));
    assert_eq!(warm.article(article(10)).await, Ok(Answer::found(old)));
}

#[tokio::test]
async fn who_waits_for_what_redis_has_reached_is_answered_by_it() {
    let mut warm = warm().await;
    let position = warm.happens(edited(10, 1)).await;
    warm.catch_up().await;
    let new = Ok(Answer::found("10 second words at 1"));
    for sql in [true, false] {
        let waited = warm.article_after(article(10), Some(position)).await;
        assert_eq!(waited, new, "SQL: {sql}");
        warm.lose_sql().await;
    }
}

/// SQL was brought back from an older copy, say: what it does not know must not become hot.
#[tokio::test]
async fn rows_that_are_older_than_redis_fill_nothing() {
    let mut warm = warm().await;
    let later: Position = format!("{:032x}", 1_000_000).parse().unwrap();
    let to = (later, uuid::Uuid::from_u128(1));
    warm.hot.advance(&warm.pointer, to).await.unwrap();
    warm.pointer.checkpoint = later;
    warm.look().await;
    let found = Ok(Answer::found("10 first words at 0"));
    assert_eq!(warm.article(article(10)).await, found);
    warm.lose_sql().await;
    assert!(is_away(&warm.article(article(10)).await));
}

#[tokio::test]
async fn the_cache_stands_before_redis() {
    let warm = warm().await;
    let cached = warm.desk.yard.views.clone();
    let (_, told) = tokio::sync::watch::channel(Position::START);
    let progress = madang::query::wait::Progress::told_by(told);
    let calendar = crate::projections::yard::calendar();
    let cached = madang::query::Queries::new(cached, progress, calendar).with_hot(warm.hot.clone());
    let read = || cached.article(article(10), None, show_article);
    let found = Answer::of(read().await.unwrap());
    let _: () = warm.redis.run("FLUSHALL").await;
    warm.lose_sql().await;
    assert_eq!(Answer::of(read().await.unwrap()), found);
}
