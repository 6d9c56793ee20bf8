//! Ends of a range of events: a position, or a time of recording.

use std::str::FromStr;

use crate::domain::Timestamp;
use crate::event_store::{Position, RecordedEvent};
use crate::rfc3339;

/// One end of a range; the event that stands there belongs to the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A place in the log.
    Position(Position),
    /// When the log took the event.
    RecordedAt(Timestamp),
}

/// The text is neither a position nor a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a position (32 lower-case hexadecimal digits) nor an RFC 3339 time")]
pub struct MalformedBound;

impl FromStr for Bound {
    type Err = MalformedBound;

    fn from_str(text: &str) -> Result<Self, MalformedBound> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(position));
        }
        let time = rfc3339::parse(text).ok_or(MalformedBound)?;
        Ok(Self::RecordedAt(time))
    }
}

impl Bound {
    /// Whether the event stands before this end.
    pub(super) fn is_after(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Position(position) => event.position < position,
            Self::RecordedAt(time) => event.recorded_at < time,
        }
    }

    /// The same, where times may step back by `skew` milliseconds, and whether all before the event do
    /// so, too.
    pub(super) fn is_long_after(self, event: &RecordedEvent, skew: i64) -> bool {
        match self {
            Self::Position(_) => self.is_after(event),
            Self::RecordedAt(time) => event.recorded_at.0 < time.0.saturating_sub(skew),
        }
    }

    /// Whether the event stands behind this end.
    pub(super) fn is_before(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Position(position) => event.position > position,
            Self::RecordedAt(time) => event.recorded_at > time,
        }
    }

    /// The same, where times may step back by `skew` milliseconds, and whether all behind the event do
    /// so, too.
    pub(super) fn is_long_before(self, event: &RecordedEvent, skew: i64) -> bool {
        match self {
            Self::Position(_) => self.is_before(event),
            Self::RecordedAt(time) => event.recorded_at.0 > time.0.saturating_add(skew),
        }
    }
}
