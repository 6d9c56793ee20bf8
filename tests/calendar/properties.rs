//! What holds in every zone at every time, above all near a change of the clock.

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp as Instant};
use madang::calendar::{Calendar, Day};
use madang::domain::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;

use super::zone;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// The years 1840 to 2100: from before the first zone to long after the last change that is not
/// made by rule.
const YEARS: (Timestamp, Timestamp) = (Timestamp(-4_102_444_800_000), Timestamp(4_102_444_800_000));

/// A zone, and a time: any, or one within 30 hours of a change of the zone's clock.
fn somewhere_sometime() -> impl Strategy<Value = (Calendar, Timestamp)> {
    let times = YEARS.0.0..YEARS.1.0;
    let near = proptest::option::weighted(0.8, -30 * 60 * MINUTE..30 * 60 * MINUTE);
    (any::<Index>(), times, near).prop_map(|(index, time, near)| {
        let calendar = zone(&index.get(&names()).clone());
        let zone = jiff_zone(&calendar);
        let change = zone.following(instant(Timestamp(time))).next();
        let time = match (near, change) {
            (Some(near), Some(change)) => change.timestamp().as_millisecond() + near,
            _ => time,
        };
        (calendar, Timestamp(time))
    })
}

fn names() -> Vec<String> {
    let database = TimeZoneDatabase::bundled();
    database.available().map(|name| name.to_string()).collect()
}

fn jiff_zone(calendar: &Calendar) -> TimeZone {
    TimeZoneDatabase::bundled().get(calendar.name()).unwrap()
}

fn instant(time: Timestamp) -> Instant {
    Instant::from_millisecond(time.0).unwrap()
}

/// What the zone's clock shows.
fn clock(zone: &TimeZone, time: i64) -> DateTime {
    zone.to_datetime(instant(Timestamp(time)))
}

/// 01:00 on the day after.
fn hour_of(day: Day) -> DateTime {
    let midnight: DateTime = format!("{day}T00:00:00").parse().unwrap();
    midnight + SignedDuration::from_hours(25)
}

fn next(day: Day) -> Day {
    let midnight: DateTime = format!("{day}T00:00:00").parse().unwrap();
    let date = midnight.date().tomorrow().unwrap();
    Day::parse(&date.to_string()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_latest_published_day_is_published_and_the_next_is_not(
        (calendar, now) in somewhere_sometime(),
    ) {
        let latest = calendar.latest_published(now);
        prop_assert!(calendar.published_at(latest) <= now);
        prop_assert!(now < calendar.published_at(next(latest)));
        prop_assert!(now < calendar.published_at(next(next(latest))));
        prop_assert!(latest <= calendar.day_of(now));
    }

    #[test]
    fn a_day_is_published_when_the_clock_first_shows_the_hour(
        (calendar, now) in somewhere_sometime(),
    ) {
        let (day, zone) = (calendar.day_of(now), jiff_zone(&calendar));
        let at = calendar.published_at(day).0;
        prop_assert!(clock(&zone, at) >= hour_of(day));
        let before = (at - 2 * DAY..at).step_by(10 * 60_000).chain([at - 1]);
        for earlier in before {
            prop_assert!(clock(&zone, earlier) < hour_of(day), "{earlier}");
        }
    }

    #[test]
    fn later_days_are_published_no_earlier((calendar, now) in somewhere_sometime()) {
        let day = calendar.day_of(now);
        let days = [day.before(2), day.before(1), day, next(day)];
        let hours = days.map(|day| calendar.published_at(day));
        prop_assert!(hours.is_sorted(), "{days:?}: {hours:?}");
    }

    #[test]
    fn any_time_has_a_day_and_a_latest_list(time in any::<i64>(), index in any::<Index>()) {
        let calendar = zone(&index.get(&names()).clone());
        let day = calendar.day_of(Timestamp(time));
        prop_assert!((Day::MIN..=Day::MAX).contains(&day));
        prop_assert!(calendar.latest_published(Timestamp(time)) <= day);
    }
}

/// Random times may miss the one odd night of a zone; its changes are all here.
#[test]
fn no_change_of_any_clock_breaks_the_order_of_days() {
    let end: Instant = "2040-01-01T00:00:00Z".parse().unwrap();
    for name in names() {
        let calendar = zone(&name);
        let zone = jiff_zone(&calendar);
        let changes = zone
            .following(Instant::MIN)
            .take_while(|change| change.timestamp() < end);
        for change in changes {
            for near in [-DAY, -1, 0, 90 * MINUTE, DAY] {
                let now = Timestamp(change.timestamp().as_millisecond() + near);
                let latest = calendar.latest_published(now);
                let published = calendar.published_at(latest) <= now;
                let last = now < calendar.published_at(next(latest))
                    && now < calendar.published_at(next(next(latest)));
                assert!(published && last, "{name}, {now:?}: {latest}");
            }
        }
    }
}
