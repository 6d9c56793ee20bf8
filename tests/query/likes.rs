//! Whether somebody likes an article.

use madang::domain::like::LikeEvent;
use madang::domain::{Timestamp, UserId};
use madang::query::Row;

use super::Desk;
use crate::projections::readers;
use crate::projections::yard::{Yard, article, deleted, opened, posted};

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

fn liked(by: &str) -> LikeEvent {
    readers::liked(10, by)
}

fn unliked(by: &str) -> LikeEvent {
    readers::unliked(10, by)
}

/// The article 10, and what people think of it, one second after the other.
async fn desk(events: Vec<LikeEvent>) -> Desk {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    for (event, second) in events.into_iter().zip(2..) {
        yard.set_clock(second * 1000);
        yard.happens(event).await;
    }
    Desk::over(yard).await
}

impl Desk {
    pub(super) async fn liked(&self, number: i64, by: &str) -> Row<Option<Timestamp>> {
        let (id, user) = (article(number), user(by));
        self.queries.liked((id, &user), None).await.unwrap()
    }
}

#[tokio::test]
async fn a_like_says_since_when() {
    let desk = desk(vec![liked("lee"), liked("kim"), unliked("lee")]).await;
    let since = Row::Live(Some(Timestamp(3000)));
    assert_eq!(desk.liked(10, "kim").await, since);
    assert_eq!(desk.liked(10, "lee").await, Row::Live(None));
    assert_eq!(desk.liked(10, "park").await, Row::Live(None));
}

#[tokio::test]
async fn kim_and_kim_in_capitals_are_two_people() {
    let desk = desk(vec![liked("Kim"), liked("kim"), unliked("kim")]).await;
    let since = Row::Live(Some(Timestamp(2000)));
    assert_eq!(desk.liked(10, "Kim").await, since);
    assert_eq!(desk.liked(10, "kim").await, Row::Live(None));
    let counts = desk.queries.counts(article(10)).await.unwrap();
    assert_eq!(counts.likes, 1);
}

#[tokio::test]
async fn an_article_that_is_gone_or_never_was_has_no_likes() {
    let mut desk = desk(vec![liked("kim")]).await;
    assert_eq!(desk.liked(11, "kim").await, Row::Missing);
    desk.yard.happens(deleted(10, 1)).await;
    desk.follow().await;
    assert_eq!(desk.liked(10, "kim").await, Row::Deleted);
}

#[tokio::test]
async fn who_waits_reads_the_like_after_the_position() {
    let mut desk = desk(Vec::new()).await;
    let position = desk.yard.happens(liked("kim")).await;
    let user = user("kim");
    let wanted = (article(10), &user);
    let mut waiting = Box::pin(desk.queries.liked(wanted, Some(position)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    desk.yard.fold().await;
    desk.progress.send_replace(position);
    assert_eq!(waiting.await, Ok(Row::Live(Some(Timestamp(1000)))));
}
