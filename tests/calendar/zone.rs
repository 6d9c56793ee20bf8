//! Zones by their names, and which day it is in them.

use madang::calendar::{Calendar, Day};
use madang::domain::Timestamp;

use super::{day, time, zone};

#[test]
fn a_zone_is_found_in_any_case_and_named_as_it_should_be() {
    for (asked, name) in [
        ("Asia/Seoul", "Asia/Seoul"),
        ("ASIA/seoul", "Asia/Seoul"),
        (
            "america/argentina/buenos_aires",
            "America/Argentina/Buenos_Aires",
        ),
        ("utc", "UTC"),
        ("etc/gmt-9", "Etc/GMT-9"),
        (Calendar::DEFAULT_ZONE, "Asia/Seoul"),
    ] {
        assert_eq!(zone(asked).name(), name);
    }
}

#[test]
fn what_names_no_zone_is_refused_by_its_name() {
    let wrong = [
        "",
        "Seoul",
        "Asia/Seoul ",
        "Asia",
        "KST-9",
        "EST5EDT,M3.2.0,M11.1.0",
        ":Asia/Seoul",
        "/usr/share/zoneinfo/Asia/Seoul",
        "../Asia/Seoul",
        "+09:00",
        "Etc/Unknown",
    ];
    for name in wrong {
        let text = Calendar::named(name).unwrap_err().to_string();
        assert!(
            text.starts_with(&format!("{name:?} is no time zone")),
            "{text}"
        );
        assert!(text.contains("Europe/Berlin"), "{text}");
    }
}

#[test]
fn calendars_are_equal_by_name() {
    assert_eq!(zone("asia/seoul"), zone("Asia/Seoul"));
    assert_ne!(zone("ROK"), zone("Asia/Seoul"));
    assert_eq!(format!("{:?}", zone("ROK")), "Calendar(\"ROK\")");
}

#[test]
fn in_seoul_the_day_begins_at_three_in_the_afternoon_utc() {
    let seoul = zone("Asia/Seoul");
    for (at, on) in [
        ("2026-11-19T14:59:59.999Z", "2026-11-19"),
        ("2026-11-19T15:00:00.000Z", "2026-11-20"),
        ("2026-11-20T14:59:59.999Z", "2026-11-20"),
        ("1969-12-31T14:59:59.999Z", "1969-12-31"),
        ("1969-12-31T15:00:00.000Z", "1970-01-01"),
    ] {
        assert_eq!(seoul.day_of(time(at)), day(on), "{at}");
    }
}

#[test]
fn a_clock_that_is_put_back_over_midnight_shows_the_old_day_again() {
    let st_johns = zone("America/St_Johns");
    // 00:01 became 23:01.
    for (at, on) in [
        ("2010-11-07T02:29:59.999Z", "2010-11-06"),
        ("2010-11-07T02:30:59.999Z", "2010-11-07"),
        ("2010-11-07T02:31:00.000Z", "2010-11-06"),
        ("2010-11-07T03:30:00.000Z", "2010-11-07"),
    ] {
        assert_eq!(st_johns.day_of(time(at)), day(on), "{at}");
    }
}

#[test]
fn every_time_falls_on_a_day() {
    for name in ["Asia/Seoul", "UTC", "Etc/GMT+12", "Pacific/Kiritimati"] {
        let calendar = zone(name);
        assert_eq!(calendar.day_of(Timestamp(i64::MIN)).to_i64() / 10_000, 0);
        let last = calendar.day_of(Timestamp(i64::MAX));
        assert!(
            last >= day("9999-12-30") && last <= Day::MAX,
            "{name}: {last}"
        );
    }
}

#[test]
fn utc_is_a_zone_like_any_other() {
    assert_eq!(Calendar::utc(), zone("UTC"));
    let midnight = time("2026-11-19T00:00:00Z");
    assert_eq!(Calendar::utc().day_of(midnight), day("2026-11-19"));
}
