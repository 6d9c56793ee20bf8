//! The scores of a day.

use madang::calendar::Day;
use madang::domain::ArticleId;
use madang::hot::{Batch, Filled, HotPopular, PopularChange, Read};

use super::yard::{Yard, article_id, moment, position};

fn day() -> Day {
    Day::parse("2026-11-19").unwrap()
}

async fn fill(yard: &Yard, scores: &[(i64, u64)], at: u64) -> Filled {
    let Read::Miss(missed) = top(yard, 10).await else {
        panic!("it was read");
    };
    let scores = scores.iter().map(|(id, score)| (article_id(*id), *score));
    let popular = HotPopular {
        scores: scores.collect(),
    };
    let filled = yard.hot.fill_popular(&missed, &popular, moment(at)).await;
    filled.unwrap()
}

async fn top(yard: &Yard, top: u32) -> Read<Vec<(ArticleId, u64)>> {
    let wanted = (day(), top);
    yard.hot.popular(&yard.generation, wanted).await.unwrap()
}

async fn scores(yard: &Yard, wanted: u32) -> Vec<(i64, u64)> {
    match top(yard, wanted).await {
        Read::Entry(top) => top
            .iter()
            .map(|(id, score)| (id.to_i64(), *score))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn changed(changes: impl IntoIterator<Item = (u64, PopularChange)>) -> Batch {
    let mut batch = Batch::default();
    for (at, change) in changes {
        batch.popular(day(), position(at), change);
    }
    batch
}

fn counts(id: i64, by: i64) -> PopularChange {
    PopularChange::counts(article_id(id), by)
}

#[tokio::test]
async fn of_equals_the_older_article_comes_first() {
    let yard = Yard::new().await;
    let filled = [(4, 7), (2, 7), (3, 9), (11, 7), (5, 0), (6, 9)];
    assert_eq!(fill(&yard, &filled, 3).await, Filled::Yes);
    assert_eq!(scores(&yard, 3).await, [(3, 9), (6, 9), (2, 7)]);
    assert_eq!(
        scores(&yard, 10).await,
        [(3, 9), (6, 9), (2, 7), (4, 7), (11, 7)]
    );
}

#[tokio::test]
async fn a_day_without_articles_is_hot_too() {
    let yard = Yard::new().await;
    assert_eq!(fill(&yard, &[], 3).await, Filled::Yes);
    assert_eq!(scores(&yard, 10).await, []);
    let begins = PopularChange::begins(article_id(1));
    yard.apply(&changed([(4, begins), (5, counts(1, 3))])).await;
    assert_eq!(scores(&yard, 10).await, [(1, 3)]);
    let life: i64 = yard.ask("PTTL", "popular:{20261119}").await;
    assert!(life > 3_600_000, "{life}");
}

/// An unlike of an older like takes no more than there is, and what comes after counts in full.
#[tokio::test]
async fn no_score_falls_below_zero_in_between() {
    let yard = Yard::new().await;
    fill(&yard, &[(1, 1), (2, 1)], 3).await;
    let one_by_one = [(4, counts(1, -3)), (5, counts(1, 3)), (6, counts(1, -2))];
    yard.apply(&changed(one_by_one)).await;
    let at_once = [(7, counts(2, -3)), (7, counts(2, 3)), (7, counts(2, -2))];
    yard.apply(&changed(at_once)).await;
    assert_eq!(scores(&yard, 10).await, [(1, 1), (2, 1)]);
}

#[tokio::test]
async fn only_what_is_listed_counts() {
    let yard = Yard::new().await;
    fill(&yard, &[(1, 1)], 3).await;
    let ends = PopularChange::ends(article_id(1));
    yard.apply(&changed([(4, counts(2, 5)), (5, ends), (6, counts(1, 5))]))
        .await;
    assert_eq!(scores(&yard, 10).await, []);
}

#[tokio::test]
async fn many_changes_of_a_day_are_composed() {
    let yard = Yard::new().await;
    fill(&yard, &[(1, 0), (2, 500)], 3).await;
    let events = (4..=1_003).map(|at| (at, counts(1, if at % 2 == 0 { -1 } else { 2 })));
    yard.apply(&changed(events)).await;
    assert_eq!(scores(&yard, 10).await, [(1, 501), (2, 500)]);
}

#[tokio::test]
async fn a_day_that_lost_its_scores_is_a_miss() {
    let yard = Yard::new().await;
    fill(&yard, &[(1, 1)], 3).await;
    let _: i64 = yard.ask("DEL", "popular:{20261119}").await;
    assert_eq!(fill(&yard, &[(1, 4)], 4).await, Filled::Yes);
    assert_eq!(scores(&yard, 10).await, [(1, 4)]);
}

#[tokio::test]
async fn a_day_with_too_many_articles_is_left_to_sql() {
    let yard = Yard::new().await;
    let most: Vec<(i64, u64)> = (1..=20_000).map(|id| (id, 1)).collect();
    let more: Vec<(i64, u64)> = (1..=20_001).map(|id| (id, 1)).collect();
    assert_eq!(fill(&yard, &more, 3).await, Filled::TooBig);
    assert_eq!(fill(&yard, &most, 3).await, Filled::Yes);
    yard.apply(&changed([(4, PopularChange::begins(article_id(20_001)))]))
        .await;
    assert!(matches!(top(&yard, 10).await, Read::Miss(_)));
}
