//! Events of readers that do not fit what came before them: parked, and nothing else changes.

use madang::domain::{Event, Revision, Timestamp};
use madang::event_store::StreamName;
use serde_json::{Value, json};

use super::readers::{comment, commented, liked, removed, replied, reworded, unliked, viewed};
use super::yard::{Yard, article, dump, encoded, opened, posted, select};

/// A board with articles 10 and 11, comment 20 under 10, comment 30 under 11, both with a reply, and
/// a like of 10 by Lee.
async fn busy_yard() -> Yard {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    for (on, root) in [(10, 20), (11, 30)] {
        yard.happens(posted(on, 1)).await;
        yard.happens(commented(root, on)).await;
        yard.happens(replied(root + 1, on, &[root])).await;
    }
    yard.happens(liked(10, "lee")).await;
    yard
}

/// What the readers' views hold, and the article counts.
async fn rows(yard: &Yard) -> Vec<String> {
    let mut rows = dump(&yard.views).await;
    rows.retain(|row| !row.starts_with("parked") && !row.starts_with("checkpoint"));
    rows
}

async fn reasons(yard: &Yard) -> Vec<Value> {
    const SELECT: &str = "SELECT json_array(reason) FROM parked ORDER BY position";
    select(&yard.views, SELECT).await
}

/// The event is parked for this reason, whether it comes with what it follows or after it.
async fn does_not_fit(stream: Option<StreamName>, event: impl Into<Event>, reason: &str) {
    let event = event.into();
    let mut yard = busy_yard().await;
    yard.fold().await;
    let before = rows(&yard).await;
    match stream {
        None => yard.happens(event).await,
        Some(stream) => yard.happens_in(stream, encoded(event, Timestamp(0))).await,
    };
    yard.fold().await;
    assert_eq!(reasons(&yard).await, [json!([reason])]);
    assert_eq!(rows(&yard).await, before, "{reason}");
    let events = yard.events().await;
    let at_once = yard.folded(&events, &[]).await;
    assert_eq!(at_once, dump(&yard.views).await, "{reason}");
}

#[tokio::test]
async fn comments_that_do_not_fit_are_parked() {
    let never = "the article was never created";
    does_not_fit(None, commented(40, 12), never).await;
    let never = "what the comment replies to was never created";
    does_not_fit(None, replied(40, 10, &[39]), never).await;
    let elsewhere = "what the comment replies to is under another article";
    does_not_fit(None, replied(40, 10, &[30]), elsewhere).await;
    let ancestors = "the comment's ancestors are not its parent's";
    does_not_fit(None, replied(40, 10, &[21]), ancestors).await;
    does_not_fit(None, replied(40, 10, &[30, 21]), ancestors).await;
    does_not_fit(None, replied(40, 10, &[20, 20, 21]), ancestors).await;
    let itself = "what the comment replies to was never created";
    does_not_fit(None, replied(40, 10, &[40]), itself).await;
}

#[tokio::test]
async fn changes_of_comments_that_do_not_fit_are_parked() {
    does_not_fit(None, reworded(40, 10), "the comment was never created").await;
    does_not_fit(None, removed(40, 10), "the comment was never created").await;
    does_not_fit(
        None,
        removed(20, 11),
        "the comment is under another article",
    )
    .await;
    does_not_fit(None, commented(20, 10), "the comment exists already").await;
    let stream = || Some(StreamName::comment(comment(21)));
    let another = "the event stands in the stream of another comment";
    does_not_fit(stream(), removed(20, 10), another).await;
    does_not_fit(stream(), commented(40, 10), another).await;
    let middle = "a comment begins in the middle of its stream";
    let mut yard = busy_yard().await;
    let stream = StreamName::comment(comment(40));
    let board = encoded(opened(2).into(), Timestamp(0));
    yard.happens_in(stream, board).await;
    yard.happens(commented(40, 10)).await;
    let mut events = yard.events().await;
    events.remove(events.len() - 2);
    assert!(
        yard.folded(&events, &[])
            .await
            .iter()
            .any(|row| row.contains(middle))
    );
}

#[tokio::test]
async fn nothing_follows_the_deletion_of_a_comment() {
    let mut yard = busy_yard().await;
    yard.happens(removed(21, 10)).await;
    yard.fold().await;
    let before = rows(&yard).await;
    yard.happens(reworded(21, 10)).await;
    yard.happens(removed(21, 10)).await;
    yard.fold().await;
    let after = [
        "nothing follows a deletion",
        "an earlier event of the stream is parked",
    ];
    assert_eq!(reasons(&yard).await, after.map(|reason| json!([reason])));
    assert_eq!(rows(&yard).await, before);
}

#[tokio::test]
async fn likes_that_do_not_fit_are_parked() {
    does_not_fit(None, liked(12, "lee"), "the article was never created").await;
    does_not_fit(None, unliked(12, "lee"), "the article was never created").await;
    let lee = madang::domain::UserId::parse("lee").unwrap();
    let stream = Some(StreamName::like(article(10), &lee));
    let another = "the event stands in the stream of another like";
    does_not_fit(stream, liked(10, "Lee"), another).await;
}

#[tokio::test]
async fn gaps_in_the_streams_of_readers_are_parked() {
    for (event, reason) in [
        (
            Event::from(unliked(10, "lee")),
            "an event of this like is missing before it",
        ),
        (
            reworded(20, 10).into(),
            "an event of this comment is missing before it",
        ),
        (
            liked(10, "kim").into(),
            "a like begins in the middle of its stream",
        ),
    ] {
        let mut yard = busy_yard().await;
        yard.happens(event).await;
        let mut events = yard.events().await;
        events.last_mut().unwrap().revision = Revision(2);
        let rows = yard.folded(&events, &[]).await;
        let parked: Vec<_> = rows.iter().filter(|r| r.starts_with("parked")).collect();
        assert!(
            parked.len() == 1 && parked[0].contains(reason),
            "{parked:?}"
        );
    }
}

/// The article's creation is parked; a day of views of other articles is not.
#[tokio::test]
async fn views_of_an_article_that_has_no_row_do_not_park_the_views_of_others() {
    const VIEWS: &str = "SELECT json_array(article_id, views) FROM article_counts";
    let mut yard = busy_yard().await;
    yard.happens(posted(12, 7)).await;
    yard.happens(viewed(&[(12, 5), (10, 1)])).await;
    yard.happens(viewed(&[(11, 2), (12, 1)])).await;
    yard.happens(liked(12, "lee")).await;
    yard.fold().await;
    let parked = [
        "the board of the article was never created",
        "the article was never created",
    ];
    assert_eq!(reasons(&yard).await, parked.map(|reason| json!([reason])));
    let views = select(&yard.views, VIEWS).await;
    assert_eq!(views, [json!([10, 1]), json!([11, 2])]);
}

#[tokio::test]
async fn views_in_a_stream_of_something_else_are_parked() {
    let stream = Some(StreamName::comment(comment(99)));
    let reason = "the event stands in a stream that holds no views";
    does_not_fit(stream, viewed(&[(10, 1)]), reason).await;
}

#[tokio::test]
async fn imported_views_count() {
    const VIEWS: &str = "SELECT json_array(views) FROM article_counts WHERE article_id = 10";
    let mut yard = busy_yard().await;
    let stream = StreamName::imported_views("old forum");
    let event = encoded(viewed(&[(10, 20)]), Timestamp(0));
    yard.happens_in(stream, event).await;
    yard.fold().await;
    assert_eq!(select(&yard.views, VIEWS).await, [json!([20])]);
}
