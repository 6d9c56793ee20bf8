//! The popular lists: which days can be read when, and what is in them. The yard's days are Seoul's,
//! nine hours ahead of UTC.

use madang::calendar::{Calendar, Day};
use madang::domain::{Event, Timestamp};
use madang::event_store::Position;
use madang::query::popular::PopularView;
use madang::query::wait::Progress;
use madang::query::{Document, Queries};
use madang::rfc3339;
use tokio::sync::watch;

use super::{Answer, Desk, document};
use crate::projections::readers::{commented, liked, unliked, viewed};
use crate::projections::yard::{Yard, article, deleted, opened, posted};

pub(super) fn time(text: &str) -> Timestamp {
    rfc3339::parse(text).unwrap()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Noon of 19 November 2026, when the articles from 10 on are posted.
pub(super) const NOON: &str = "2026-11-19T12:00:00+09:00";
/// When the list of that day can first be read.
pub(super) const OUT: &str = "2026-11-20T01:00:00+09:00";

pub(super) async fn yard(articles: i64) -> Yard {
    let mut yard = Yard::open().await;
    yard.set_clock(time(NOON).0);
    yard.happens(opened(1)).await;
    for number in 10..10 + articles {
        yard.happens(posted(number, 1)).await;
    }
    yard
}

impl Yard {
    async fn happens_at(&mut self, when: &str, event: impl Into<Event>) {
        self.set_clock(time(when).0);
        self.happens(event).await;
    }
}

pub(super) fn show(view: PopularView) -> Document {
    let items = view.items.into_iter();
    let items = items.map(|item| format!(" {}={}", item.article.summary.article_id, item.score));
    document(format!("{}:{}", view.day, items.collect::<String>()))
}

impl Desk {
    pub(super) async fn popular(&self, day: Option<&str>, now: &str) -> Answer {
        let wanted = (day.map(self::day), time(now));
        Answer::of(self.queries.popular(wanted, None, show).await.unwrap())
    }
}

#[tokio::test]
async fn a_days_list_is_out_an_hour_after_the_day() {
    let desk = Desk::over(yard(1).await).await;
    for (now, latest) in [
        ("2026-11-19T23:59:59.999+09:00", "2026-11-18:"),
        ("2026-11-20T00:00:00+09:00", "2026-11-18:"),
        ("2026-11-20T00:59:59.999+09:00", "2026-11-18:"),
        ("2026-11-20T01:00:00+09:00", "2026-11-19:"),
        ("2026-11-21T00:59:59.999+09:00", "2026-11-19:"),
    ] {
        assert_eq!(
            desk.popular(None, now).await,
            Answer::found(latest),
            "{now}"
        );
    }
}

/// London's clocks go back from 02:00 to 01:00 on 25 October, and from 01:00 to 02:00 on 29 March.
#[tokio::test]
async fn a_list_is_out_once_also_when_one_o_clock_comes_twice_or_not_at_all() {
    let views = Yard::open().await.views;
    let (_, told) = watch::channel(Position::START);
    let london = Calendar::named("Europe/London").unwrap();
    let queries = Queries::new(views, Progress::told_by(told), london);
    for (now, latest) in [
        ("2026-10-25T00:59:59.999+01:00", "2026-10-23"),
        ("2026-10-25T01:00:00+01:00", "2026-10-24"),
        ("2026-10-25T01:59:59.999+01:00", "2026-10-24"),
        ("2026-10-25T01:00:00Z", "2026-10-24"),
        ("2026-03-29T00:59:59.999Z", "2026-03-27"),
        ("2026-03-29T02:00:00+01:00", "2026-03-28"),
    ] {
        let published: Vec<_> = queries.published(time(now)).collect();
        assert_eq!((published[0], published.len()), (day(latest), 7), "{now}");
    }
}

#[tokio::test]
async fn the_last_seven_published_days_can_be_read() {
    let desk = Desk::over(yard(1).await).await;
    let now = "2026-11-26T12:00:00+09:00";
    for (date, can_be_read) in [
        ("2026-11-26", false),
        ("2026-11-25", true),
        ("2026-11-19", true),
        ("2026-11-18", false),
        ("2027-01-01", false),
    ] {
        let answer = desk.popular(Some(date), now).await;
        assert_eq!(answer != Answer::NotFound, can_be_read, "{date}");
    }
}

#[tokio::test]
async fn likes_comments_and_views_weigh_three_two_and_one() {
    let mut yard = yard(4).await;
    yard.happens(viewed(&[(10, 4)])).await;
    yard.happens(commented(20, 11)).await;
    yard.happens(liked(12, "kim")).await;
    let desk = Desk::over(yard).await;
    let found = Answer::found("2026-11-19: 10=4 12=3 11=2");
    assert_eq!(desk.popular(None, OUT).await, found);
}

#[tokio::test]
async fn of_equals_the_older_article_comes_first() {
    let mut yard = yard(3).await;
    for number in [12, 10, 11] {
        yard.happens(liked(number, "kim")).await;
    }
    let desk = Desk::over(yard).await;
    let found = Answer::found("2026-11-19: 10=3 11=3 12=3");
    assert_eq!(desk.popular(None, OUT).await, found);
}

/// The eleventh is kept, so that there are ten whatever becomes of the first.
#[tokio::test]
async fn an_unlike_or_a_deletion_never_leaves_nine() {
    let mut yard = yard(12).await;
    for number in 10..22 {
        yard.happens(liked(number, "kim")).await;
    }
    let mut desk = Desk::over(yard).await;
    let ten = |first: i64| {
        let items = (first..first + 10).map(|number| format!(" {number}=3"));
        Answer::found(&format!("2026-11-19:{}", items.collect::<String>()))
    };
    assert_eq!(desk.popular(None, OUT).await, ten(10));
    desk.yard.happens(unliked(10, "kim")).await;
    desk.follow().await;
    assert_eq!(desk.popular(None, OUT).await, ten(11));
    desk.yard.happens(deleted(11, 1)).await;
    desk.follow().await;
    assert_eq!(desk.popular(None, OUT).await, ten(12));
}

#[tokio::test]
async fn an_unlike_after_midnight_leaves_the_day_as_it_was() {
    let mut yard = yard(2).await;
    yard.happens_at("2026-11-19T23:59:59.999+09:00", liked(10, "kim"))
        .await;
    yard.happens_at("2026-11-20T00:00:00+09:00", liked(11, "kim"))
        .await;
    yard.happens_at("2026-11-20T00:00:00.001+09:00", unliked(10, "kim"))
        .await;
    let desk = Desk::over(yard).await;
    let found = Answer::found("2026-11-19: 10=3");
    assert_eq!(desk.popular(None, OUT).await, found);
    let likes = desk.queries.counts(article(10)).await.unwrap().likes;
    assert_eq!(likes, 0);
}

#[tokio::test]
async fn what_is_deleted_days_later_leaves_the_list() {
    let mut yard = yard(2).await;
    yard.happens(liked(10, "kim")).await;
    yard.happens(liked(11, "lee")).await;
    let mut desk = Desk::over(yard).await;
    let now = "2026-11-22T12:00:00+09:00";
    let date = Some("2026-11-19");
    let found = Answer::found("2026-11-19: 10=3 11=3");
    assert_eq!(desk.popular(date, now).await, found);
    desk.yard.happens_at(now, deleted(10, 1)).await;
    desk.follow().await;
    let found = Answer::found("2026-11-19: 11=3");
    assert_eq!(desk.popular(date, now).await, found);
}

/// What is folded and read days later is still of the day on which it happened.
#[tokio::test]
async fn the_clock_of_whoever_folds_or_reads_decides_nothing() {
    let mut yard = yard(1).await;
    yard.happens(liked(10, "kim")).await;
    yard.set_clock(time("2026-11-25T12:00:00+09:00").0);
    let desk = Desk::over(yard).await;
    let found = Answer::found("2026-11-19: 10=3");
    for now in [
        OUT,
        "2026-11-22T00:00:00+09:00",
        "2026-11-26T23:00:00+09:00",
    ] {
        assert_eq!(desk.popular(Some("2026-11-19"), now).await, found, "{now}");
    }
    let late = desk.popular(None, "2026-11-26T23:00:00+09:00").await;
    assert_eq!(late, Answer::found("2026-11-25:"));
}
