//! Progress where there is no bar.

use std::time::Duration;

use madang::cli::progress::{Progress, Reader, Unit, per_second};
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_line_tells_how_far_how_fast_and_how_long_still() {
    let lines = |unit, total| Progress::begin("work", (unit, total), Reader::Lines);
    let events = lines(Unit::Events, 4_000).line(1_000, SECOND);
    assert_eq!(
        events,
        "work: 25 %, 1,000 events of 4,000 events, 1,000 events/s, 3 s left"
    );
    let bytes = lines(Unit::Bytes, 4096).line(2048, SECOND);
    assert_eq!(
        bytes,
        "work: 50 %, 2.00 KiB of 4.00 KiB, 2.00 KiB/s, 1 s left"
    );
}

#[test]
fn work_of_unknown_length_does_not_divide_by_nothing() {
    let line = Progress::begin("work", (Unit::Bytes, 0), Reader::Lines).line(0, Duration::ZERO);
    assert_eq!(line, "work: 100 %, 0 B of 0 B, 0 B/s, ? s left");
}

#[test]
fn machines_get_json() {
    let line = Progress::begin("work", (Unit::Events, 10), Reader::Json).line(5, SECOND);
    let expected = json!({
        "progress": "work", "unit": "events", "done": 5, "total": 10, "per_second": 5,
        "seconds_left": 1,
    });
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
}

#[test]
fn a_rate_is_never_nothing_for_something() {
    assert_eq!(per_second(0, SECOND), 0);
    assert_eq!(per_second(1, SECOND * 1000), 1);
    assert_eq!(per_second(u64::MAX, Duration::ZERO), u64::MAX);
}
