//! A day's popular list, from Redis.

use madang::calendar::Day;
use madang::hot::{Filled, HotPopular, Moment, Read};
use madang::query::QueryError;
use madang::query::popular::TOP;

use super::{Answer, Warm};
use crate::projections::readers::{liked, viewed};
use crate::projections::yard::{Yard, article, deleted};
use crate::query::popular::{NOON, OUT, show, time, yard};
use crate::stack::Stack;

/// Articles 10, 11 and 12 of one day with the scores 0, 3 and 1.
async fn warm() -> Warm {
    let mut yard = yard(3).await;
    yard.set_clock(time(NOON).0);
    yard.happens(liked(11, "lee")).await;
    yard.happens(viewed(&[(12, 1)])).await;
    Warm::over(yard).await
}

fn day() -> Day {
    Day::parse("2026-11-19").unwrap()
}

const SHOWN: &str = "2026-11-19: 11=3 12=1";

impl Warm {
    async fn popular(&self) -> Result<Answer, QueryError> {
        let wanted = (None, time(OUT));
        let list = self.desk.queries.popular(wanted, None, show);
        list.await.map(Answer::of)
    }

    /// Makes these scores hot.
    async fn fill(&self, scores: &[(i64, u64)]) {
        let known = self.finds_again().await;
        let read = self.hot.popular(&known, (day(), TOP)).await.unwrap();
        let Read::Miss(missed) = read else {
            panic!("{read:?}");
        };
        let scores = scores.iter().map(|(id, score)| (article(*id), *score));
        let popular = HotPopular {
            scores: scores.collect(),
        };
        let checkpoint = self.desk.yard.checkpoint().await.position;
        let rows = checkpoint;
        let filled = self
            .hot
            .fill_popular(&missed, &popular, Moment { rows, checkpoint });
        assert_eq!(filled.await, Ok(Filled::Yes));
    }
}

#[tokio::test]
async fn a_list_that_is_hot_is_shown_with_its_articles() {
    let warm = warm().await;
    warm.fill(&[(10, 0), (11, 3), (12, 1)]).await;
    assert_eq!(warm.popular().await, Ok(Answer::found(SHOWN)));
    warm.lose_sql().await;
    assert_eq!(warm.popular().await, Ok(Answer::found(SHOWN)));
}

#[tokio::test]
async fn a_list_with_an_article_that_is_gone_is_asked_of_sql() {
    let mut warm = warm().await;
    warm.fill(&[(10, 0), (11, 3), (12, 1)]).await;
    warm.happens(deleted(11, 1)).await;
    assert_eq!(warm.popular().await, Ok(Answer::found("2026-11-19: 12=1")));
}

/// A file's index does not know those without a score, which may get one.
#[tokio::test]
async fn a_list_is_filled_from_a_server_and_not_from_a_file() {
    let warm = warm().await;
    assert_eq!(warm.popular().await, Ok(Answer::found(SHOWN)));
    assert_eq!(warm.popular().await, Ok(Answer::found(SHOWN)));
    warm.lose_sql().await;
    let filled = warm.popular().await.is_ok();
    assert_eq!(filled, Stack::chosen() == Stack::Servers);
}

#[tokio::test]
async fn days_without_articles_are_empty() {
    let warm = Warm::over(Yard::open().await).await;
    for _ in 0..2 {
        assert_eq!(warm.popular().await, Ok(Answer::found("2026-11-19:")));
    }
}
