//! The only module that asks the machine for the time or for randomness. Everyone else is given a
//! [`Clock`] or an id, so that tests decide what time it is.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::domain::Timestamp;

/// Tells the time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Wall,
    Hands(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self(Source::Wall)
    }

    /// A clock that shows `hands` until somebody moves them.
    pub fn driven_by(hands: Arc<AtomicI64>) -> Self {
        Self(Source::Hands(hands))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Wall => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Hands(hands) => Timestamp(hands.load(Ordering::Relaxed)),
        }
    }
}

/// A new command id: a UUIDv7, which sorts by time.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn new_command_id() -> Uuid {
    Uuid::now_v7()
}

/// 32 unguessable bytes as 64 hexadecimal digits, from the system's own source.
pub fn new_secret() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::from)?;
    let mut text = String::with_capacity(64);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// A name for a generation of hot views: 12 random hexadecimal digits.
pub fn new_generation() -> String {
    format!("{:012x}", random() >> 16)
}

/// A token for a miss of a hot view: 16 random hexadecimal digits.
pub fn new_hole() -> String {
    format!("{:016x}", random())
}

/// A random number below `bound`; 0 if there is none.
pub fn any_below(bound: usize) -> usize {
    fastrand::usize(..bound.max(1))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
fn random() -> u64 {
    fastrand::u64(..)
}

/// A wait somewhere between half of `longest` and all of it, so that those who failed together
/// do not come back together.
#[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn jittered(longest: Duration) -> Duration {
    let half = longest / 2;
    let spread = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).max(1);
    half + Duration::from_micros(fastrand::u64(0..spread))
}
