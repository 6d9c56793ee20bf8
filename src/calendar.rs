//! Days as one time zone counts them: which day a moment falls on, and when a day is old enough for
//! its popular list to be read.
//!
//! Pure: whoever asks brings the time. What must hold: every node that runs the same release answers
//! alike, wherever it stands, or two projectors would fold the same event into different days. So
//! the rules of the zones come with the binary (jiff's bundled copy of the IANA database) and the
//! machine's own, in `/usr/share/zoneinfo` or `TZDIR`, are never looked at. A release may bring a
//! newer copy: laws change zones, and now and then their past is corrected.
//!
//! Left out: clocks of one's own making. A POSIX rule such as `KST-9` is no zone here; `Etc/GMT-9`
//! is one.

use std::fmt;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::Timestamp as Instant;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use crate::domain::Timestamp;

/// A day of the calendar, in the years 0 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The first day: 0000-01-01.
    pub const MIN: Self = Self(Date::constant(0, 1, 1));
    /// The last day: 9999-12-31.
    pub const MAX: Self = Self(Date::constant(9999, 12, 31));

    /// Reads `2026-11-19`: four digits, two and two. `None` if it is anything else, or a day that no
    /// calendar has.
    pub fn parse(text: &str) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return None;
        };
        let number = [y1, y2, y3, y4, m1, m2, d1, d2]
            .into_iter()
            .try_fold(0, |number, digit| {
                let digit = char::from(*digit).to_digit(10)?;
                Some(number * 10 + i64::from(digit))
            });
        Self::from_i64(number?)
    }

    /// The day that [`to_i64`](Self::to_i64) makes this number of; `None` if there is none.
    pub fn from_i64(yyyymmdd: i64) -> Option<Self> {
        if yyyymmdd < 0 {
            return None;
        }
        let year = i16::try_from(yyyymmdd / 10_000).ok()?;
        let month = i8::try_from(yyyymmdd / 100 % 100).ok()?;
        let day = i8::try_from(yyyymmdd % 100).ok()?;
        Date::new(year, month, day).ok().map(Self)
    }

    /// The number yyyymmdd, such as 20261119: in the order of the days.
    pub fn to_i64(self) -> i64 {
        let (year, month, day) = (self.0.year(), self.0.month(), self.0.day());
        i64::from(year) * 10_000 + i64::from(month) * 100 + i64::from(day)
    }

    /// The day so many days earlier, but none before [`MIN`](Self::MIN).
    #[must_use]
    pub fn before(self, days: u32) -> Self {
        let days = SignedDuration::from_hours(24 * i64::from(days));
        Self(self.0.saturating_sub(days)).max(Self::MIN)
    }

    /// 01:00 on the day after; `None` on the last day.
    fn published_from(self) -> Option<DateTime> {
        Some(self.0.tomorrow().ok()?.at(1, 0, 0, 0))
    }
}

/// As [`Day::parse`] reads it.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A text that names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no time zone; zones are named as in the IANA database: Asia/Seoul, Europe/Berlin, UTC"
)]
pub struct UnknownZone(pub String);

/// The days of one time zone. Cheap to clone; equal to another by the zone's name.
#[derive(Clone)]
pub struct Calendar {
    name: Arc<str>,
    zone: TimeZone,
}

impl Calendar {
    /// The zone of those who choose none.
    pub const DEFAULT_ZONE: &str = "Asia/Seoul";

    /// The calendar of the zone with this IANA name, in whatever case it is written. A zone with
    /// two names is two zones here: `Asia/Seoul` and `ROK` are not equal.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let unknown = || UnknownZone(name.to_owned());
        let found = TimeZoneDatabase::bundled().get(name);
        let zone = found.map_err(|_| unknown())?;
        // `Etc/Unknown`, which jiff finds for those who do not know their zone, has no name.
        let name = zone.iana_name().ok_or_else(unknown)?.into();
        Ok(Self { name, zone })
    }

    /// The calendar of UTC.
    pub fn utc() -> Self {
        Self {
            name: "UTC".into(),
            zone: TimeZone::UTC,
        }
    }

    /// The name of the zone, spelled as the IANA database spells it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day that the zone's calendar shows at this time. Times that no [`Day`] holds fall on the
    /// nearest one that does.
    pub fn day_of(&self, time: Timestamp) -> Day {
        let countable = time.0.clamp(Timestamp::MIN.0, Timestamp::MAX.0);
        let instant = Instant::from_millisecond(countable).unwrap_or(Instant::MAX);
        Day(self.zone.to_datetime(instant).date()).max(Day::MIN)
    }

    /// When the list of this day may first be read: the first instant at which the zone's clock shows
    /// 01:00 or later on the day after. If the clock shows 01:00 twice, the first time; if it skips
    /// 01:00, or that day altogether, the moment when it does. Never earlier for a later day. The
    /// list of a day at the very end of the years (9999-12-29 in some zones) is never published: the
    /// answer is the end of time.
    pub fn published_at(&self, day: Day) -> Timestamp {
        let from = day.published_from();
        let instant = from.and_then(|from| self.first_showing(from));
        instant.map_or(Timestamp(i64::MAX), |instant| {
            Timestamp(instant.as_millisecond())
        })
    }

    /// The newest day whose list may be read at this time, or [`Day::MIN`].
    pub fn latest_published(&self, now: Timestamp) -> Day {
        // No clock was ever put back by more than 24 hours, so none that shows this day has shown
        // 01:00 of the day after the next before.
        let mut day = self.day_of(now);
        while day > Day::MIN && self.published_at(day) > now {
            day = day.before(1);
        }
        day
    }

    /// The first instant at which the zone's clock shows `reading` or later; `None` past the last
    /// instant there is.
    fn first_showing(&self, reading: DateTime) -> Option<Instant> {
        // No clock anywhere is further ahead, so none shows `reading` before this.
        let mut since = Offset::MAX.to_timestamp(reading).ok()?;
        let mut changes = self.zone.following(since);
        // From one change of the clock to the next its distance to UTC stays the same.
        loop {
            let shown = self.zone.to_offset(since).to_timestamp(reading).ok()?;
            let reached = shown.max(since);
            match changes.next() {
                Some(change) if change.timestamp() <= reached => since = change.timestamp(),
                _ => return Some(reached),
            }
        }
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Calendar {}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Calendar").field(&self.name).finish()
    }
}
