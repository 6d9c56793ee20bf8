//! Times as callers read and write them: RFC 3339, UTC, milliseconds.

use jiff::Timestamp as Instant;

use crate::domain::Timestamp;

/// A time as text, like `2026-11-19T08:30:00.000Z`. Times that RFC 3339 cannot write are shown as
/// the nearest one that it can.
pub fn write(time: Timestamp) -> String {
    let writable = time.0.clamp(Timestamp::MIN.0, Timestamp::MAX.0);
    let instant = Instant::from_millisecond(writable).unwrap_or(Instant::MAX);
    format!("{instant:.3}")
}

/// Reads a time with any offset; `None` if the text is none. Parts of a millisecond are dropped.
pub fn parse(text: &str) -> Option<Timestamp> {
    let instant: Instant = text.parse().ok()?;
    Some(Timestamp(instant.as_millisecond()))
}
