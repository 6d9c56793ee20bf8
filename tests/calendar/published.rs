//! The hour at which a day's list may be read, where clocks are and are not put forward and back.

use madang::calendar::Day;
use madang::domain::Timestamp;

use super::{day, time, zone};

/// Days of a zone, and when each is published.
#[track_caller]
fn are_published(name: &str, days: &[(&str, &str)]) {
    let calendar = zone(name);
    for (on, at) in days {
        let (on, at) = (day(on), time(at));
        assert_eq!(calendar.published_at(on), at, "{name}, {on}");
        assert_eq!(calendar.latest_published(at), on, "{name}, {on}");
        let before = Timestamp(at.0 - 1);
        assert_eq!(
            calendar.latest_published(before),
            on.before(1),
            "{name}, {on}"
        );
    }
}

#[test]
fn the_list_of_yesterday_is_there_from_one_in_the_morning() {
    let seoul = zone("Asia/Seoul");
    for (now, latest) in [
        ("2026-11-19T23:59:59.999+09:00", "2026-11-18"),
        ("2026-11-20T00:00:00.000+09:00", "2026-11-18"),
        ("2026-11-20T00:59:59.999+09:00", "2026-11-18"),
        ("2026-11-20T01:00:00.000+09:00", "2026-11-19"),
        ("2026-11-20T23:59:59.999+09:00", "2026-11-19"),
    ] {
        assert_eq!(seoul.latest_published(time(now)), day(latest), "{now}");
    }
}

#[test]
fn of_one_o_clock_twice_the_first_counts() {
    // 02:00 becomes 01:00.
    are_published("Europe/London", &[("2026-10-24", "2026-10-25T00:00:00Z")]);
}

#[test]
fn clocks_put_back_from_one_o_clock_show_it_an_hour_later() {
    // 01:00 becomes 00:00, so what is shown then is not yet 01:00.
    are_published("Atlantic/Azores", &[("2026-10-24", "2026-10-25T02:00:00Z")]);
    are_published("America/Havana", &[("2026-10-31", "2026-11-01T06:00:00Z")]);
}

#[test]
fn clocks_put_back_over_midnight_or_later_in_the_night_change_nothing() {
    // 00:01 becomes 23:01 of the day before.
    are_published(
        "America/St_Johns",
        &[("2010-11-06", "2010-11-07T04:30:00Z")],
    );
    are_published("Europe/Berlin", &[("2026-10-24", "2026-10-24T23:00:00Z")]);
    // 02:00 becomes 01:30.
    are_published(
        "Australia/Lord_Howe",
        &[("2026-04-04", "2026-04-04T14:00:00Z")],
    );
}

#[test]
fn where_one_o_clock_is_skipped_the_moment_of_the_change_counts() {
    // 01:00 becomes 02:00.
    are_published("Europe/London", &[("2026-03-28", "2026-03-29T01:00:00Z")]);
    are_published("Europe/Lisbon", &[("2026-03-28", "2026-03-29T01:00:00Z")]);
    // 00:01 becomes 01:01, and once 02:01.
    are_published(
        "America/St_Johns",
        &[
            ("1988-04-02", "1988-04-03T03:31:00Z"),
            ("2010-03-13", "2010-03-14T03:31:00Z"),
        ],
    );
}

#[test]
fn a_day_may_begin_at_one_o_clock() {
    are_published(
        "America/Sao_Paulo",
        &[("2018-11-03", "2018-11-04T03:00:00Z")],
    );
    are_published("Asia/Beirut", &[("2026-03-28", "2026-03-28T22:00:00Z")]);
    are_published("Africa/Cairo", &[("2026-04-23", "2026-04-23T22:00:00Z")]);
    are_published("Atlantic/Azores", &[("2026-03-28", "2026-03-29T01:00:00Z")]);
}

#[test]
fn clocks_put_forward_later_in_the_night_change_nothing() {
    are_published("Europe/Berlin", &[("2026-03-28", "2026-03-29T00:00:00Z")]);
    are_published(
        "Australia/Lord_Howe",
        &[("2026-10-03", "2026-10-03T14:30:00Z")],
    );
}

#[test]
fn the_day_before_a_skipped_one_is_published_when_it_is_skipped() {
    are_published(
        "Pacific/Apia",
        &[
            ("2011-12-28", "2011-12-29T11:00:00Z"),
            ("2011-12-29", "2011-12-30T10:00:00Z"),
            ("2011-12-30", "2011-12-30T11:00:00Z"),
            ("2011-12-31", "2011-12-31T11:00:00Z"),
        ],
    );
    are_published(
        "Pacific/Kwajalein",
        &[
            ("1993-08-20", "1993-08-21T12:00:00Z"),
            ("1993-08-21", "1993-08-21T13:00:00Z"),
        ],
    );
}

#[test]
fn a_day_that_is_lived_twice_publishes_the_one_before_at_its_first_one_o_clock() {
    are_published(
        "Pacific/Kwajalein",
        &[
            ("1969-09-29", "1969-09-29T14:00:00Z"),
            ("1969-09-30", "1969-10-01T13:00:00Z"),
        ],
    );
}

#[test]
fn at_the_ends_of_time_there_is_an_answer() {
    let seoul = zone("Asia/Seoul");
    assert_eq!(seoul.latest_published(Timestamp(i64::MIN)), Day::MIN);
    assert_eq!(seoul.latest_published(Timestamp::MIN), Day::MIN);
    assert_eq!(seoul.published_at(Day::MAX), Timestamp(i64::MAX));
    let last = seoul.latest_published(Timestamp::MAX);
    assert_eq!(last, day("9999-12-30"));
    assert!(seoul.latest_published(Timestamp(i64::MAX)) >= last);
}
