//! The guard of views: a user counts once per article in ten minutes.

use madang::domain::UserId;
use madang::hot::GuardedView;
use uuid::Uuid;

use super::yard::{Yard, article_id};

fn view(user: &str, token: u128) -> GuardedView {
    GuardedView {
        article_id: article_id(1),
        user_id: UserId::parse(user).unwrap(),
        token: Uuid::from_u128(token),
    }
}

async fn take(yard: &Yard, views: &[GuardedView]) -> Vec<bool> {
    let taken = yard.hot.take_views(&yard.generation, views).await;
    taken.unwrap()
}

#[tokio::test]
async fn a_user_counts_once() {
    let yard = Yard::new().await;
    let views = [view("kim", 1), view("Kim", 2), view("kim", 3)];
    assert_eq!(take(&yard, &views).await, [true, true, false]);
    assert_eq!(take(&yard, &[view("kim", 4)]).await, [false]);
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_the_same_one() {
    let yard = Yard::new().await;
    take(&yard, &[view("kim", 1)]).await;
    assert_eq!(take(&yard, &[view("kim", 1)]).await, [true]);
}

/// A crash before the view is in the log costs no more than ten seconds.
#[tokio::test]
async fn a_guard_lasts_ten_seconds_and_confirmed_ten_minutes() {
    let yard = Yard::new().await;
    let views = [view("k:{9}", 1)];
    take(&yard, &views).await;
    let life: i64 = yard.ask("PTTL", "viewed:{1}:k:{9}").await;
    assert!((5_000..=10_000).contains(&life), "{life}");
    let confirmed = yard.hot.confirm_views(&yard.generation, &views).await;
    assert_eq!(confirmed, Ok(()));
    let life: i64 = yard.ask("PTTL", "viewed:{1}:k:{9}").await;
    assert!((590_000..=600_000).contains(&life), "{life}");
}

#[tokio::test]
async fn a_guard_that_is_gone_is_not_confirmed() {
    let yard = Yard::new().await;
    let views = [view("kim", 1)];
    let confirmed = yard.hot.confirm_views(&yard.generation, &views).await;
    assert_eq!(confirmed, Ok(()));
    assert_eq!(yard.ask::<i64>("EXISTS", "viewed:{1}:kim").await, 0);
}

#[tokio::test]
async fn only_who_took_a_guard_confirms_it() {
    let yard = Yard::new().await;
    take(&yard, &[view("kim", 1)]).await;
    let other = [view("kim", 2)];
    let confirmed = yard.hot.confirm_views(&yard.generation, &other).await;
    assert_eq!(confirmed, Ok(()));
    let life: i64 = yard.ask("PTTL", "viewed:{1}:kim").await;
    assert!(life <= 10_000, "{life}");
    assert_eq!(take(&yard, &[view("kim", 1)]).await, [true]);
}

#[tokio::test]
async fn only_who_took_a_guard_takes_it_back() {
    let yard = Yard::new().await;
    take(&yard, &[view("kim", 1)]).await;
    let give_back = async |token| {
        let views = [view("kim", token)];
        let done = yard.hot.take_back_views(&yard.generation, &views).await;
        assert_eq!(done, Ok(()));
    };
    give_back(2).await;
    assert_eq!(take(&yard, &[view("kim", 3)]).await, [false]);
    give_back(1).await;
    assert_eq!(take(&yard, &[view("kim", 4)]).await, [true]);
}
