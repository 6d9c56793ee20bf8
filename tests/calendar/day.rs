//! Days as text and as numbers.

use madang::calendar::Day;
use proptest::prelude::*;

use super::day;

#[test]
fn a_day_is_written_as_it_is_read() {
    for text in ["2026-11-19", "2024-02-29", "0000-01-01", "9999-12-31"] {
        assert_eq!(day(text).to_string(), text);
    }
}

#[test]
fn what_is_no_day_is_not_read() {
    let wrong = [
        "",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "2026-1-01",
        "2026-01-1",
        "26-01-01",
        "+026-01-01",
        "-001-01-01",
        "10000-01-01",
        "2026-01-01T00:00",
        " 2026-01-01",
        "2026-01-01 ",
        "2026/01/01",
        "20260101",
        "２026-01-01",
        "2026-01-٠1",
    ];
    for text in wrong {
        assert_eq!(Day::parse(text), None, "{text}");
    }
}

#[test]
fn a_day_is_a_number_in_its_order() {
    assert_eq!(day("2026-11-19").to_i64(), 20_261_119);
    assert_eq!(Day::from_i64(20_261_119), Some(day("2026-11-19")));
    assert_eq!((Day::MIN.to_i64(), Day::MAX.to_i64()), (101, 99_991_231));
    for number in [i64::MIN, -20_261_119, 0, 20_260_229, 100_000_101, i64::MAX] {
        assert_eq!(Day::from_i64(number), None, "{number}");
    }
}

#[test]
fn earlier_days_are_counted_over_months_and_years_and_end_at_the_first() {
    assert_eq!(day("2026-03-01").before(0), day("2026-03-01"));
    assert_eq!(day("2024-03-01").before(1), day("2024-02-29"));
    assert_eq!(day("2026-01-03").before(6), day("2025-12-28"));
    assert_eq!(day("0000-01-05").before(6), Day::MIN);
    assert_eq!(Day::MAX.before(u32::MAX), Day::MIN);
}

proptest! {
    #[test]
    fn text_and_number_name_the_same_day(back in 0_u32..3_652_424) {
        let day = Day::MAX.before(back);
        prop_assert_eq!(Day::parse(&day.to_string()), Some(day));
        prop_assert_eq!(Day::from_i64(day.to_i64()), Some(day));
        prop_assert!(day.before(1) < day && day.before(1).to_i64() < day.to_i64());
    }

    #[test]
    fn any_text_is_read_or_not(text in "[0-9-]{8,11}|.{0,12}") {
        if let Some(day) = Day::parse(&text) {
            prop_assert_eq!(day.to_string(), text);
        }
    }
}
