//! One article, one board: found, gone, never there, and what the cache may answer.

use madang::domain::board::BoardEvent;
use madang::query::{Part, QueryError};

use super::{Answer, Desk, show_article};
use crate::projections::yard::{Yard, article, board, deleted, edited, opened, posted, tamper};

/// A board with the article 10.
async fn desk() -> Desk {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    Desk::over(yard).await
}

impl Desk {
    /// Folds what has happened and forgets what that changed, as the projector does.
    pub(super) async fn follow(&self) {
        let folded = self.yard.fold().await;
        self.warm_up().await;
        self.queries.forget(&folded.touched);
        self.progress.send_replace(folded.checkpoint.position);
    }
}

#[tokio::test]
async fn an_article_is_found() {
    let desk = desk().await;
    let found = Answer::found("10 first words at 0");
    assert_eq!(desk.article(article(10), None).await, found);
}

#[tokio::test]
async fn an_article_that_never_was_is_not_found() {
    let desk = desk().await;
    assert_eq!(desk.article(article(11), None).await, Answer::NotFound);
}

#[tokio::test]
async fn a_cached_article_is_forgotten_when_it_changes() {
    let mut desk = desk().await;
    desk.article(article(10), None).await;
    desk.yard.happens(edited(10, 1)).await;
    desk.follow().await;
    let found = Answer::found("10 second words at 1");
    assert_eq!(desk.article(article(10), None).await, found);
    desk.yard.happens(deleted(10, 1)).await;
    desk.follow().await;
    assert_eq!(desk.article(article(10), None).await, Answer::Deleted);
}

#[tokio::test]
async fn not_found_is_forgotten_when_it_is_created() {
    let mut desk = desk().await;
    assert_eq!(desk.article(article(11), None).await, Answer::NotFound);
    assert_eq!(desk.board(board(2)).await, Answer::NotFound);
    desk.yard.happens(opened(2)).await;
    desk.yard.happens(posted(11, 2)).await;
    desk.follow().await;
    let found = Answer::found("11 first words at 0");
    assert_eq!(desk.article(article(11), None).await, found);
    assert_eq!(desk.board(board(2)).await, Answer::found("2 yard 1 false"));
}

#[tokio::test]
async fn a_board_counts_its_articles_and_is_closed() {
    let mut desk = desk().await;
    assert_eq!(desk.board(board(1)).await, Answer::found("1 yard 1 false"));
    let board_id = board(1);
    desk.yard.happens(deleted(10, 1)).await;
    desk.yard.happens(BoardEvent::Closed { board_id }).await;
    desk.follow().await;
    assert_eq!(desk.board(board(1)).await, Answer::found("1 yard 0 true"));
}

#[tokio::test]
async fn cached_lists_are_forgotten_too() {
    let mut desk = desk().await;
    let part = Part::Page { number: 1, size: 9 };
    let first = desk.board_articles(board(1), part).await.listed();
    assert_eq!((first.ids, first.total), (vec![10], 1));
    assert_eq!(desk.boards(part).await.listed().ids, [1]);
    desk.yard.happens(posted(11, 1)).await;
    desk.yard.happens(opened(2)).await;
    desk.follow().await;
    let second = desk.board_articles(board(1), part).await.listed();
    assert_eq!((second.ids, second.total), (vec![11, 10], 2));
    assert_eq!(desk.boards(part).await.listed().ids, [1, 2]);
}

#[tokio::test]
async fn an_error_of_the_views_is_said_and_not_kept() {
    let desk = desk().await;
    tamper(&desk.yard.views, "ALTER TABLE article RENAME TO hidden").await;
    let failed = desk.queries.article(article(10), None, show_article).await;
    assert!(
        matches!(failed, Err(QueryError::Unavailable(_))),
        "{failed:?}"
    );
    tamper(&desk.yard.views, "ALTER TABLE hidden RENAME TO article").await;
    let found = Answer::found("10 first words at 0");
    assert_eq!(desk.article(article(10), None).await, found);
}

#[tokio::test]
async fn the_answers_of_commands_get_their_counts() {
    let desk = desk().await;
    assert_eq!(desk.queries.article_count(board(1)).await, Ok(1));
    assert_eq!(desk.queries.article_count(board(2)).await, Ok(0));
    let counts = desk.queries.counts(article(10)).await.unwrap();
    assert_eq!((counts.comments, counts.likes, counts.views), (0, 0, 0));
}
