//! The days of a time zone, and when their lists may be read.

mod day;
mod properties;
mod published;
mod zone;

use madang::calendar::{Calendar, Day};
use madang::domain::Timestamp;
use madang::rfc3339;

fn zone(name: &str) -> Calendar {
    Calendar::named(name).unwrap()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn time(text: &str) -> Timestamp {
    rfc3339::parse(text).unwrap()
}
