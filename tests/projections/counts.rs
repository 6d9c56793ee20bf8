//! What likes, comments and views do to an article's counts, and to its place in the popular list of
//! the day on which it was posted.

use madang::domain::Event;
use serde_json::{Value, json};

use super::readers::{commented, liked, removed, replied, reworded, unliked, viewed};
use super::yard::{Yard, at, deleted, dump, edited, opened, posted, select, tamper};

/// 2026-11-19, 00:00 in Seoul.
const MIDNIGHT: i64 = 1_795_014_000_000;
const SECOND: i64 = 1000;
const DAY: i64 = 24 * 3600 * SECOND;

/// A board with article 10 on it, posted at noon of 2026-11-19, folded.
async fn posted_yard() -> Yard {
    let mut yard = Yard::open().await;
    yard.set_clock(MIDNIGHT + DAY / 2);
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard.fold().await;
    yard
}

/// Comments, visible comments, likes, views and score of the only article.
async fn counted(yard: &Yard) -> Value {
    const SELECT: &str = "SELECT json_array(comments, visible_comments, likes, views, score) \
         FROM article_counts";
    yard.fold().await;
    select(&yard.views, SELECT).await.remove(0)
}

async fn likes(yard: &Yard) -> Vec<Value> {
    const SELECT: &str = "SELECT json_array(article_id, CAST(user_id AS CHAR), liked, since, revision, \
         position) FROM article_like ORDER BY article_id, user_id";
    yard.fold().await;
    select(&yard.views, SELECT).await
}

async fn happen_at(yard: &mut Yard, time: i64, event: impl Into<Event>) {
    yard.set_clock(time);
    yard.happens(event).await;
}

#[tokio::test]
async fn a_new_article_begins_with_nothing() {
    const SELECT: &str = "SELECT json_array(article_id, board_id, day, deleted, position) \
         FROM article_counts";
    let yard = posted_yard().await;
    assert_eq!(counted(&yard).await, json!([0, 0, 0, 0, 0]));
    let rows = select(&yard.views, SELECT).await;
    assert_eq!(rows, [json!([10, 1, 20_261_119, 0, at(3)])]);
}

#[tokio::test]
async fn an_edited_article_keeps_its_counts() {
    let mut yard = posted_yard().await;
    yard.happens(liked(10, "lee")).await;
    yard.happens(edited(10, 1)).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 1, 0, 3]));
}

#[tokio::test]
async fn a_like_a_comment_and_a_view_are_worth_three_two_and_one() {
    let mut yard = posted_yard().await;
    yard.happens(liked(10, "lee")).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 1, 0, 3]));
    yard.happens(commented(20, 10)).await;
    assert_eq!(counted(&yard).await, json!([1, 1, 1, 0, 5]));
    yard.happens(viewed(&[(10, 4)])).await;
    assert_eq!(counted(&yard).await, json!([1, 1, 1, 4, 9]));
    yard.happens(reworded(20, 10)).await;
    assert_eq!(counted(&yard).await, json!([1, 1, 1, 4, 9]));
    yard.happens(removed(20, 10)).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 1, 4, 7]));
    yard.happens(unliked(10, "lee")).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 0, 4, 4]));
}

#[tokio::test]
async fn a_like_follows_its_stream() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        for (time, event) in [
            (1, liked(10, "lee")),
            (2, unliked(10, "lee")),
            (3, liked(10, "Lee")),
            (4, liked(10, "lee")),
        ] {
            happen_at(&mut yard, time, event).await;
            if !in_one_batch {
                yard.fold().await;
            }
        }
        let both = [
            json!([10, "Lee", 1, 3, 0, at(6)]),
            json!([10, "lee", 1, 4, 2, at(7)]),
        ];
        assert_eq!(likes(&yard).await, both);
        assert_eq!(counted(&yard).await, json!([0, 0, 2, 0, 0]));
    }
}

#[tokio::test]
async fn saying_the_same_twice_counts_once() {
    let mut yard = posted_yard().await;
    yard.happens(liked(10, "lee")).await;
    yard.happens(liked(10, "lee")).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 1, 0, 3]));
    yard.happens(unliked(10, "lee")).await;
    yard.happens(unliked(10, "lee")).await;
    yard.happens(unliked(10, "kim")).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 0, 0, 0]));
}

#[tokio::test]
async fn an_article_named_twice_in_one_event_is_viewed_as_often_as_both_say() {
    let mut yard = posted_yard().await;
    yard.happens(viewed(&[(10, 2), (11, 5), (10, 3)])).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 0, 5, 5]));
}

#[tokio::test]
async fn more_views_than_a_number_holds_are_as_many_as_it_holds() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        yard.happens(liked(10, "lee")).await;
        yard.happens(viewed(&[(10, u64::MAX), (10, u64::MAX)]))
            .await;
        if !in_one_batch {
            yard.fold().await;
        }
        yard.happens(viewed(&[(10, 1)])).await;
        yard.happens(liked(10, "kim")).await;
        assert_eq!(counted(&yard).await, json!([0, 0, 2, i64::MAX, i64::MAX]));
    }
}

#[tokio::test]
async fn the_day_ends_at_midnight_of_the_zone() {
    let mut yard = posted_yard().await;
    for (time, score) in [
        (MIDNIGHT - 1, 0),
        (MIDNIGHT, 1),
        (MIDNIGHT + DAY - 1, 2),
        (MIDNIGHT + DAY, 2),
        (MIDNIGHT + DAY / 2, 3),
    ] {
        happen_at(&mut yard, time, viewed(&[(10, 1)])).await;
        assert_eq!(counted(&yard).await[4], score);
    }
    assert_eq!(counted(&yard).await[3], 5);
}

#[tokio::test]
async fn an_article_posted_in_the_last_instant_is_of_that_day() {
    const DAYS: &str = "SELECT json_array(day) FROM article_counts ORDER BY article_id";
    let mut yard = posted_yard().await;
    happen_at(&mut yard, MIDNIGHT + DAY - 1, posted(11, 1)).await;
    happen_at(&mut yard, MIDNIGHT + DAY, posted(12, 1)).await;
    yard.fold().await;
    let days = [20_261_119, 20_261_119, 20_261_120].map(|day| json!([day]));
    assert_eq!(select(&yard.views, DAYS).await, days);
}

#[tokio::test]
async fn an_unlike_after_midnight_leaves_the_score() {
    let mut yard = posted_yard().await;
    yard.happens(liked(10, "lee")).await;
    happen_at(&mut yard, MIDNIGHT + DAY, unliked(10, "lee")).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 0, 0, 3]));
}

#[tokio::test]
async fn a_comment_deleted_after_midnight_leaves_the_score() {
    let mut yard = posted_yard().await;
    yard.happens(commented(20, 10)).await;
    happen_at(&mut yard, MIDNIGHT + DAY, removed(20, 10)).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 0, 0, 2]));
}

/// The like was before its article's day (a clock was wrong), the unlike on it.
#[tokio::test]
async fn a_score_is_never_below_zero() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        happen_at(&mut yard, MIDNIGHT - 1, liked(10, "lee")).await;
        happen_at(&mut yard, MIDNIGHT, unliked(10, "lee")).await;
        if !in_one_batch {
            assert_eq!(counted(&yard).await, json!([0, 0, 0, 0, 0]));
        }
        yard.happens(viewed(&[(10, 1)])).await;
        assert_eq!(counted(&yard).await, json!([0, 0, 0, 1, 1]));
    }
}

#[tokio::test]
async fn a_deletion_three_days_later_empties_the_score() {
    const POPULAR: &str = "SELECT json_array(article_id) FROM article_counts WHERE score > 0";
    let mut yard = posted_yard().await;
    yard.happens(liked(10, "lee")).await;
    yard.fold().await;
    assert_eq!(select(&yard.views, POPULAR).await, [json!([10])]);
    happen_at(&mut yard, MIDNIGHT + 3 * DAY, deleted(10, 1)).await;
    assert_eq!(counted(&yard).await, json!([0, 0, 1, 0, 0]));
    assert_eq!(select(&yard.views, POPULAR).await, [Value::Null; 0]);
}

#[tokio::test]
async fn what_follows_the_articles_deletion_counts_for_nothing() {
    const ROW: &str = "SELECT json_array(deleted, position) FROM article_counts";
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        yard.happens(liked(10, "lee")).await;
        yard.happens(commented(20, 10)).await;
        yard.happens(deleted(10, 1)).await;
        if !in_one_batch {
            yard.fold().await;
        }
        yard.happens(unliked(10, "lee")).await;
        yard.happens(liked(10, "kim")).await;
        yard.happens(replied(21, 10, &[20])).await;
        yard.happens(removed(20, 10)).await;
        yard.happens(viewed(&[(10, 3)])).await;
        assert_eq!(counted(&yard).await, json!([1, 1, 1, 0, 0]));
        assert_eq!(select(&yard.views, ROW).await, [json!([1, at(11)])]);
        let noon = MIDNIGHT + DAY / 2;
        let streams_go_on = [
            json!([10, "kim", 1, noon, 0, at(8)]),
            json!([10, "lee", 0, noon, 1, at(7)]),
        ];
        assert_eq!(likes(&yard).await, streams_go_on);
    }
}

#[tokio::test]
async fn a_replay_heals_counts_that_somebody_changed() {
    let mut yard = posted_yard().await;
    yard.happens(liked(10, "lee")).await;
    yard.happens(commented(20, 10)).await;
    yard.fold().await;
    let before = dump(&yard.views).await;
    let damage = "UPDATE article_counts SET likes = 7; UPDATE comment SET visible = 0; \
         DELETE FROM article_like";
    tamper(&yard.views, damage).await;
    let events = yard.events().await;
    assert_ne!(dump(&yard.views).await, before);
    assert_eq!(yard.folded(&events, &[]).await, before);
}
