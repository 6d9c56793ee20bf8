//! What each event does to the rows, in each state that they can be in.

use madang::domain::board::BoardEvent;
use madang::projections::fold::{FoldError, OnUnfit, fold};
use madang::views::Touched;
use serde_json::{Value, json};

use super::yard::{
    Yard, article, at, batch, board, deleted, dump, edited, opened, posted, select, settings,
};

async fn boards(yard: &Yard) -> Vec<Value> {
    const SELECT: &str = "SELECT json_array(board_id, name, article_count, closed, created_at, \
         revision, position) FROM board ORDER BY board_id";
    yard.fold().await;
    select(&yard.views, SELECT).await
}

async fn articles(yard: &Yard) -> Vec<Value> {
    const SELECT: &str = "SELECT json_array(article_id, board_id, title, content, created_at, \
         modified_at, revision, deleted, position) FROM article ORDER BY article_id";
    yard.fold().await;
    select(&yard.views, SELECT).await
}

/// A board with one article on it, at positions 2 and 3, folded.
async fn posted_yard() -> Yard {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard.fold().await;
    yard.set_clock(2000);
    yard
}

#[tokio::test]
async fn a_new_board_has_a_row() {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    let row = json!([1, "yard", 0, 0, 1000, 0, at(2)]);
    assert_eq!(boards(&yard).await, [row]);
}

#[tokio::test]
async fn a_board_follows_its_stream() {
    let mut yard = posted_yard().await;
    let (board_id, settings) = (board(1), settings("square"));
    yard.happens(BoardEvent::Updated { board_id, settings })
        .await;
    let row = json!([1, "square", 1, 0, 1000, 1, at(4)]);
    assert_eq!(boards(&yard).await, [row]);
    yard.happens(BoardEvent::Closed { board_id }).await;
    let row = json!([1, "square", 1, 1, 1000, 2, at(5)]);
    assert_eq!(boards(&yard).await, [row]);
}

#[tokio::test]
async fn a_new_article_has_a_row_and_counts() {
    let yard = posted_yard().await;
    let row = json!([10, 1, "first", "words", 1000, null, 0, 0, at(3)]);
    assert_eq!(articles(&yard).await, [row]);
    let row = json!([1, "yard", 1, 0, 1000, 0, at(3)]);
    assert_eq!(boards(&yard).await, [row]);
}

#[tokio::test]
async fn the_writer_is_who_posted_it() {
    const SELECT: &str = "SELECT json_array(CAST(writer_id AS CHAR), writer_name) FROM article";
    let yard = posted_yard().await;
    assert_eq!(
        select(&yard.views, SELECT).await,
        [json!(["kim", "Kim Minji"])]
    );
}

#[tokio::test]
async fn an_edited_article_says_something_else() {
    let mut yard = posted_yard().await;
    yard.happens(edited(10, 1)).await;
    let row = json!([10, 1, "second", "words", 1000, 2000, 1, 0, at(4)]);
    assert_eq!(articles(&yard).await, [row]);
    let untouched = json!([1, "yard", 1, 0, 1000, 0, at(3)]);
    assert_eq!(boards(&yard).await, [untouched]);
}

#[tokio::test]
async fn a_deleted_article_leaves_a_row_without_words() {
    let mut yard = posted_yard().await;
    yard.happens(deleted(10, 1)).await;
    let row = json!([10, 1, "", "", 1000, null, 1, 1, at(4)]);
    assert_eq!(articles(&yard).await, [row]);
    let row = json!([1, "yard", 0, 0, 1000, 0, at(4)]);
    assert_eq!(boards(&yard).await, [row]);
}

#[tokio::test]
async fn a_life_within_one_batch_ends_the_same() {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard.happens(edited(10, 1)).await;
    yard.happens(deleted(10, 1)).await;
    let row = json!([10, 1, "", "", 1000, 1000, 2, 1, at(5)]);
    assert_eq!(articles(&yard).await, [row]);
}

#[tokio::test]
async fn an_article_that_overtook_the_closing_of_its_board_stays() {
    let mut yard = Yard::open().await;
    let board_id = board(1);
    yard.happens(opened(1)).await;
    yard.happens(BoardEvent::Closed { board_id }).await;
    yard.happens(posted(10, 1)).await;
    let row = json!([1, "yard", 1, 1, 1000, 1, at(4)]);
    assert_eq!(boards(&yard).await, [row]);
}

#[tokio::test]
async fn a_late_created_cannot_revive_a_deleted_article() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        yard.happens(deleted(10, 1)).await;
        if !in_one_batch {
            yard.fold().await;
        }
        yard.happens(posted(10, 1)).await;
        let row = json!([10, 1, "", "", 1000, null, 1, 1, at(4)]);
        assert_eq!(articles(&yard).await, [row]);
        let row = json!([1, "yard", 0, 0, 1000, 0, at(4)]);
        assert_eq!(boards(&yard).await, [row]);
    }
}

#[tokio::test]
async fn a_batch_applied_twice_is_applied_once() {
    let yard = Yard::open().await;
    let before = yard.checkpoint().await;
    let mut yard = yard;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard.fold().await;
    let once = dump(&yard.views).await;
    let events = batch(&yard.events().await);
    let again = fold(&yard.views, &before, &events, OnUnfit::Park).await;
    assert!(matches!(again, Err(FoldError::Overtaken)));
    assert_eq!(dump(&yard.views).await, once);
}

#[tokio::test]
async fn a_commit_tells_what_it_touched() {
    let mut yard = posted_yard().await;
    yard.happens(edited(10, 1)).await;
    yard.happens(opened(2)).await;
    let touched = Touched {
        articles: vec![article(10)],
        boards: vec![board(2)],
        lists: vec![board(1), board(2)],
        ..Touched::default()
    };
    assert_eq!(yard.fold().await.touched, touched);
}
