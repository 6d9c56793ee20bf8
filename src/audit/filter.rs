//! Which events an auditor wants to see, and in which order.

use std::borrow::Cow;

use serde::Deserialize;

use super::bound::Bound;
use crate::event_store::{Direction, RecordedEvent};

/// Which events, and in which order. A range means the same events in both directions, also where times
/// of recording step back a little.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Which way to read.
    pub direction: Direction,
    /// Only events of this wire name.
    pub event_type: Option<String>,
    /// Only what this user did.
    pub actor: Option<String>,
    /// Only from here on.
    pub from: Option<Bound>,
    /// Only up to here.
    pub to: Option<Bound>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            direction: Direction::Forward,
            event_type: None,
            actor: None,
            from: None,
            to: None,
        }
    }
}

/// What a filter makes of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is one of those wanted.
    Wanted,
    /// It is not, but a later one may be.
    Passed,
    /// It is not, and none of those behind it is.
    End,
}

#[derive(Deserialize)]
struct Actor<'a> {
    #[serde(borrow)]
    actor: Cow<'a, str>,
}

impl Filter {
    /// Whether every event of the range is wanted.
    pub(super) fn wants_all(&self) -> bool {
        self.event_type.is_none() && self.actor.is_none()
    }

    /// What to make of an event of a log whose times may step back by `skew` milliseconds.
    pub(super) fn judge(&self, event: &RecordedEvent, skew: i64) -> Verdict {
        let before = self.from.is_some_and(|from| from.is_after(event));
        let behind = self.to.is_some_and(|to| to.is_before(event));
        let no_more = match self.direction {
            Direction::Forward => self.to.is_some_and(|to| to.is_long_before(event, skew)),
            Direction::Backward => self.from.is_some_and(|f| f.is_long_after(event, skew)),
        };
        if no_more {
            Verdict::End
        } else if !before && !behind && self.fits(event) {
            Verdict::Wanted
        } else {
            Verdict::Passed
        }
    }

    fn fits(&self, event: &RecordedEvent) -> bool {
        let of_type = |wanted: &String| *wanted == event.event_type;
        let done_by = |wanted: &String| {
            serde_json::from_str::<Actor<'_>>(&event.metadata)
                .is_ok_and(|metadata| metadata.actor == *wanted)
        };
        self.event_type.as_ref().is_none_or(of_type) && self.actor.as_ref().is_none_or(done_by)
    }
}
