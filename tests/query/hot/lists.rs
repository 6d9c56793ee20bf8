//! A board's list: its newest thousand are hot, what lies beyond is SQL's.

use madang::query::Part;

use super::{Answer, Warm, is_away};
use crate::projections::yard::{
    Yard, article, board, deleted, encoded, opened, own_stream, posted,
};
use crate::servers::redis::RedisCluster;

/// A board with the articles from 10 on.
async fn warm(articles: i64) -> Warm {
    Warm::over(yard(articles).await).await
}

async fn yard(articles: i64) -> Yard {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    let at = yard.clock().now();
    let events = (10..10 + articles).map(|number| {
        let event = posted(number, 1).into();
        (own_stream(&event), encoded(event, at))
    });
    yard.happen(events.collect()).await;
    yard
}

fn page(number: u32, size: u32) -> Part {
    Part::Page { number, size }
}

fn after(after: Option<i64>, size: u32) -> Part {
    Part::After { after, size }
}

const PARTS: [(Part, &str); 7] = [
    (Part::Page { number: 1, size: 2 }, "14 13|5|none"),
    (Part::Page { number: 3, size: 2 }, "10|5|none"),
    (Part::Page { number: 4, size: 2 }, "|5|none"),
    (
        Part::After {
            after: None,
            size: 3,
        },
        "14 13 12|0|12",
    ),
    (
        Part::After {
            after: Some(12),
            size: 3,
        },
        "11 10|0|none",
    ),
    (
        Part::After {
            after: Some(12),
            size: 1,
        },
        "11|0|11",
    ),
    (
        Part::After {
            after: Some(10),
            size: 3,
        },
        "|0|none",
    ),
];

#[tokio::test]
async fn each_part_of_a_short_list_is_hot_once_somebody_has_read_all_of_it() {
    let warm = warm(5).await;
    for _ in 0..2 {
        assert!(warm.list(board(1), page(1, 100)).await.is_ok());
    }
    warm.lose_sql().await;
    for (part, shown) in PARTS {
        let shown = Ok(Answer::found(shown));
        assert_eq!(warm.list(board(1), part).await, shown, "{part:?}");
    }
}

/// The list is on one of its nodes, the articles are on any.
#[tokio::test]
async fn each_part_is_hot_in_a_cluster_too() {
    let cluster = RedisCluster::shared().await;
    let redis = (cluster, &*cluster.url());
    let warm = Warm::behind(redis, "lists", yard(5).await).await;
    for _ in 0..2 {
        assert!(warm.list(board(1), page(1, 100)).await.is_ok());
    }
    warm.lose_sql().await;
    for (part, shown) in PARTS {
        let shown = Ok(Answer::found(shown));
        assert_eq!(warm.list(board(1), part).await, shown, "{part:?}");
    }
    assert!(warm.article(article(10)).await.is_ok());
}

#[tokio::test]
async fn sql_gives_the_same_parts() {
    let warm = warm(5).await;
    warm.hot.forget_all().await.unwrap();
    for (part, shown) in PARTS {
        let shown = Ok(Answer::found(shown));
        assert_eq!(warm.list(board(1), part).await, shown, "{part:?}");
    }
}

#[tokio::test]
async fn articles_that_are_not_hot_are_read_and_filled_together() {
    let warm = warm(5).await;
    warm.board(board(1)).await.unwrap();
    warm.article(article(12)).await.unwrap();
    let shown = Ok(Answer::found("14 13 12 11 10|5|none"));
    assert_eq!(warm.list(board(1), page(1, 5)).await, shown);
    warm.lose_sql().await;
    assert_eq!(warm.list(board(1), page(1, 5)).await, shown);
    assert!(warm.article(article(10)).await.is_ok());
}

/// The list in Redis has not heard of the deletion, but the article was asked of SQL.
#[tokio::test]
async fn a_list_with_an_article_that_is_gone_is_asked_of_sql() {
    for known in [false, true] {
        let mut warm = warm(3).await;
        warm.board(board(1)).await.unwrap();
        warm.happens(deleted(11, 1)).await;
        if known {
            assert_eq!(warm.article(article(11)).await, Ok(Answer::Deleted));
        }
        let shown = Ok(Answer::found("12 10|2|none"));
        assert_eq!(warm.list(board(1), page(1, 10)).await, shown);
        assert_eq!(
            warm.list(board(1), after(None, 2)).await,
            Ok(Answer::found("12 10|0|none"))
        );
    }
}

#[tokio::test]
async fn what_lies_beyond_the_newest_thousand_is_read_from_sql() {
    let warm = warm(1_003).await;
    warm.board(board(1)).await.unwrap();
    warm.list(board(1), page(10, 100)).await.unwrap();
    let oldest = Ok(Answer::found("12 11 10|1003|none"));
    assert_eq!(warm.list(board(1), page(11, 100)).await, oldest);
    let following = Ok(Answer::found("12 11 10|0|none"));
    assert_eq!(warm.list(board(1), after(Some(13), 100)).await, following);
    warm.lose_sql().await;
    assert!(warm.list(board(1), page(10, 100)).await.is_ok());
    assert!(is_away(&warm.list(board(1), page(11, 100)).await));
    assert!(is_away(&warm.list(board(1), after(Some(13), 100)).await));
}

#[tokio::test]
async fn the_list_of_a_board_that_never_was_is_not_found() {
    let warm = warm(1).await;
    assert_eq!(warm.list(board(2), page(1, 10)).await, Ok(Answer::NotFound));
    assert_eq!(
        warm.list(board(2), after(Some(0), 10)).await,
        Ok(Answer::NotFound)
    );
}

/// Redis threw away one of the two keys of the list.
#[tokio::test]
async fn half_a_list_is_none_and_is_filled_again() {
    let warm = warm(3).await;
    warm.list(board(1), page(1, 10)).await.unwrap();
    let key = format!(
        "madang:{}:board:{{{}}}:articles",
        warm.pointer.generation,
        board(1)
    );
    assert_eq!(warm.redis.run::<i64>(&format!("DEL {key}")).await, 1);
    let shown = Ok(Answer::found("12 11 10|3|none"));
    for _ in 0..2 {
        assert_eq!(warm.list(board(1), page(1, 10)).await, shown);
    }
    warm.lose_sql().await;
    assert_eq!(warm.list(board(1), page(1, 10)).await, shown);
}
