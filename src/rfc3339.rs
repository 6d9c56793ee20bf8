//! Times as callers read and write them: RFC 3339, UTC, milliseconds.

use jiff::Timestamp as Instant;

use crate::domain::Timestamp;

/// 0000-01-01T00:00:00Z, the first instant that RFC 3339 can write.
const FIRST: i64 = -62_167_219_200_000;

/// A time as text, like `2026-11-19T08:30:00.000Z`. Times that RFC 3339 cannot write are shown as
/// the nearest one that it can.
pub fn write(time: Timestamp) -> String {
    let writable = time.0.clamp(FIRST, Timestamp::MAX.0);
    let instant = Instant::from_millisecond(writable).unwrap_or(Instant::UNIX_EPOCH);
    format!("{instant:.3}")
}

/// Reads a time with any offset; `None` if the text is none. Parts of a millisecond are dropped.
pub fn parse(text: &str) -> Option<Timestamp> {
    let instant: Instant = text.parse().ok()?;
    Some(Timestamp(instant.as_millisecond()))
}
