//! Events that cannot be folded because of what they are: kept aside with all that follows them in
//! their streams, while everything else goes on.

use madang::domain::Revision;
use madang::domain::article::ArticleEvent;
use madang::event_store::{NewEvent, StreamName};
use madang::projections::fold::{FoldError, OnUnfit, fold};
use madang::projections::parked;
use serde_json::{Value, json};

use super::yard::{
    Yard, article, at, batch, board, deleted, dump, edited, encoded, opened, own_stream, posted,
    select,
};

/// An event with a known name that holds nothing of what it should.
fn junk(like: ArticleEvent) -> (StreamName, NewEvent) {
    let like = like.into();
    let stream = own_stream(&like);
    let mut event = encoded(like, madang::domain::Timestamp(0));
    event.data = r#"{"junk":true}"#.into();
    (stream, event)
}

/// Folds everything at once, and then everything one by one into other views: the same is parked.
async fn parked(yard: &Yard) -> Vec<Value> {
    const SELECT: &str = "SELECT json_array(position, CAST(stream AS CHAR), revision, event_type, reason) \
         FROM parked ORDER BY position";
    yard.fold().await;
    let events = yard.events().await;
    let one_by_one = yard.folded(&events, &vec![1; events.len()]).await;
    assert_eq!(one_by_one, dump(&yard.views).await);
    select(&yard.views, SELECT).await
}

async fn live_articles(yard: &Yard) -> Vec<Value> {
    const SELECT: &str = "SELECT json_array(article_id, title) FROM article WHERE deleted = 0";
    select(&yard.views, SELECT).await
}

async fn yard_with_a_board() -> Yard {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard
}

#[tokio::test]
async fn what_cannot_be_decoded_is_parked_with_all_that_follows_in_its_stream() {
    let mut yard = yard_with_a_board().await;
    yard.happens(posted(10, 1)).await;
    let (stream, event) = junk(edited(10, 1));
    yard.happens_in(stream, event).await;
    yard.happens(posted(11, 1)).await;
    yard.happens(deleted(10, 1)).await;
    let parked = parked(&yard).await;
    assert_eq!(parked.len(), 2);
    assert!(parked[0][4].as_str().unwrap().starts_with("data: "));
    let after = "an earlier event of the stream is parked";
    let second = json!([at(6), "article-10", 2, "ArticleDeleted", after]);
    assert_eq!(parked[1], second);
    let both = [json!([10, "first"]), json!([11, "first"])];
    assert_eq!(live_articles(&yard).await, both);
}

#[tokio::test]
async fn what_follows_in_a_later_batch_is_parked_too() {
    let mut yard = yard_with_a_board().await;
    let (stream, event) = junk(posted(10, 1));
    yard.happens_in(stream, event).await;
    assert_eq!(yard.fold().await.parked, 1);
    yard.happens(edited(10, 1)).await;
    yard.happens(posted(11, 1)).await;
    assert_eq!(yard.fold().await.parked, 1);
    assert_eq!(parked::count(&yard.views).await.unwrap(), 2);
    assert_eq!(live_articles(&yard).await, [json!([11, "first"])]);
}

/// Folds, and tells the only reason that something was parked for.
async fn only_reason(yard: &Yard) -> String {
    let parked = parked(yard).await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    parked[0][4].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_event_in_the_stream_of_another_article_is_parked() {
    let mut yard = yard_with_a_board().await;
    yard.happens(posted(10, 1)).await;
    let stray = encoded(edited(10, 1).into(), madang::domain::Timestamp(0));
    yard.happens_in(StreamName::article(article(11)), stray)
        .await;
    let reason = only_reason(&yard).await;
    assert_eq!(reason, "the event stands in the stream of another article");
}

/// The stray event says "created" of an article that has a row already.
#[tokio::test]
async fn a_stray_event_does_not_harm_the_article_that_it_names() {
    let mut yard = yard_with_a_board().await;
    yard.happens(posted(10, 1)).await;
    yard.fold().await;
    let stray = encoded(posted(10, 1).into(), madang::domain::Timestamp(0));
    yard.happens_in(StreamName::article(article(11)), stray)
        .await;
    yard.happens(edited(10, 1)).await;
    only_reason(&yard).await;
    assert_eq!(live_articles(&yard).await, [json!([10, "second"])]);
}

#[tokio::test]
async fn an_event_in_the_stream_of_another_board_is_parked() {
    let mut yard = yard_with_a_board().await;
    let stray = encoded(opened(2).into(), madang::domain::Timestamp(0));
    yard.happens_in(StreamName::board(board(3)), stray).await;
    let reason = only_reason(&yard).await;
    assert_eq!(reason, "the event stands in the stream of another board");
}

#[tokio::test]
async fn an_article_on_a_board_that_never_was_is_parked() {
    let mut yard = yard_with_a_board().await;
    yard.happens(posted(10, 7)).await;
    let reason = only_reason(&yard).await;
    assert_eq!(reason, "the board of the article was never created");
}

#[tokio::test]
async fn an_article_cannot_move_to_another_board() {
    let mut yard = yard_with_a_board().await;
    yard.happens(opened(2)).await;
    yard.happens(posted(10, 1)).await;
    yard.happens(deleted(10, 2)).await;
    let reason = only_reason(&yard).await;
    assert_eq!(reason, "the article stands on another board");
    let counts = "SELECT json_array(board_id, article_count) FROM board";
    let counts = select(&yard.views, counts).await;
    assert_eq!(counts, [json!([1, 1]), json!([2, 0])]);
}

#[tokio::test]
async fn an_edit_of_what_was_never_posted_is_parked() {
    let mut yard = yard_with_a_board().await;
    yard.happens(edited(10, 1)).await;
    let reason = only_reason(&yard).await;
    assert_eq!(reason, "the article was never created");
}

#[tokio::test]
async fn a_gap_in_a_stream_is_parked() {
    let mut yard = yard_with_a_board().await;
    yard.happens(posted(10, 1)).await;
    yard.happens(edited(10, 1)).await;
    let mut events = yard.events().await;
    events.last_mut().unwrap().revision = Revision(2);
    let rows = yard.folded(&events, &[]).await;
    let parked: Vec<_> = rows.iter().filter(|r| r.starts_with("parked")).collect();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].contains("an event of this article is missing before it"));
}

#[tokio::test]
async fn an_event_never_heard_of_is_skipped_and_counted() {
    let mut yard = yard_with_a_board().await;
    yard.happens(posted(10, 1)).await;
    let (_, mut event) = junk(edited(10, 1));
    event.event_type = "CommentPraised";
    let praises = StreamName::recorded("praise-10".to_owned());
    let position = yard.happens_in(praises, event).await;
    let folded = yard.fold().await;
    assert_eq!((folded.unknown, folded.parked), (1, 0));
    assert_eq!(folded.checkpoint.position, position);
    assert_eq!(live_articles(&yard).await, [json!([10, "first"])]);
}

#[tokio::test]
async fn asked_to_fail_a_batch_with_an_unfit_event_leaves_nothing() {
    let mut yard = yard_with_a_board().await;
    let (stream, event) = junk(posted(10, 1));
    yard.happens_in(stream, event).await;
    let (checkpoint, before) = (yard.checkpoint().await, dump(&yard.views).await);
    let events = batch(&yard.events().await);
    let error = fold(&yard.views, &checkpoint, &events, OnUnfit::Fail).await;
    let error = error.unwrap_err();
    assert!(matches!(error, FoldError::Unfit { .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("event 0 of stream article-10"), "{text}");
    assert_eq!(dump(&yard.views).await, before);
}
