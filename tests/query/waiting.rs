//! "Read your writes": whoever names a position reads the views after they have reached it.

use futures_util::future::join_all;
use futures_util::{FutureExt as _, poll};
use madang::event_store::Position;
use madang::query::QueryError;
use madang::query::wait::MAX_WAITING;

use super::{Answer, Desk, show_board};
use crate::projections::yard::{Yard, article, board, edited, opened, posted};

async fn desk() -> Desk {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    Desk::over(yard).await
}

#[tokio::test]
async fn a_position_that_is_reached_is_not_waited_for() {
    let desk = desk().await;
    let found = Answer::found("10 first words at 0");
    let now = *desk.progress.borrow();
    for position in [Position::START, now] {
        assert_eq!(desk.article(article(10), Some(position)).await, found);
    }
}

#[tokio::test]
async fn the_answer_comes_when_the_position_is_reached() {
    let mut desk = desk().await;
    let position = desk.yard.happens(edited(10, 1)).await;
    let mut waiting = Box::pin(desk.article(article(10), Some(position)));
    assert!(poll!(&mut waiting).is_pending());
    desk.progress
        .send_replace(Position::new(0, position.prepare() - 1));
    assert!(poll!(&mut waiting).is_pending());
    desk.yard.fold().await;
    desk.progress.send_replace(position);
    assert_eq!(waiting.await, Answer::found("10 second words at 1"));
}

/// Nobody has told the cache that something changed, as on a node whose projector runs elsewhere.
#[tokio::test]
async fn who_waits_never_gets_what_is_cached_and_refreshes_it() {
    let mut desk = desk().await;
    desk.article(article(10), None).await;
    let position = desk.yard.happens(edited(10, 1)).await;
    desk.yard.fold().await;
    desk.progress.send_replace(position);
    let new = Answer::found("10 second words at 1");
    assert_eq!(desk.article(article(10), Some(position)).await, new);
    assert_eq!(desk.article(article(10), None).await, new);
}

#[tokio::test]
async fn after_five_seconds_the_views_are_behind() {
    let desk = desk().await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let late = desk
        .queries
        .board(board(1), Some(Position::END), show_board);
    assert_eq!(late.await, Err(QueryError::Behind));
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn without_a_projector_to_tell_the_views_are_behind_at_once() {
    let Desk {
        queries, progress, ..
    } = desk().await;
    drop(progress);
    let never = queries.board(board(1), Some(Position::END), show_board);
    assert_eq!(never.now_or_never(), Some(Err(QueryError::Behind)));
}

#[tokio::test]
async fn only_so_many_wait_and_their_places_are_given_back() {
    let desk = desk().await;
    let wait = || {
        desk.queries
            .board(board(1), Some(Position::END), show_board)
    };
    let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(wait())).collect();
    for one in &mut waiting {
        assert!(poll!(one).is_pending());
    }
    assert_eq!(wait().await, Err(QueryError::TooManyWaiting));
    let reached = *desk.progress.borrow();
    let not_waiting = desk.queries.board(board(1), Some(reached), show_board);
    assert!(not_waiting.await.is_ok());
    drop(waiting.pop());
    assert!(poll!(Box::pin(wait())).is_pending());
    tokio::time::pause();
    assert!(
        join_all(waiting)
            .await
            .into_iter()
            .all(|one| one == Err(QueryError::Behind))
    );
}
