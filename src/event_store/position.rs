//! Places in the whole log.

use std::fmt;
use std::str::FromStr;

/// The place of an event in the whole log: 32 lower-case hex digits, commit then prepare, so that
/// positions compare as strings. The empty string is before everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u128);

/// The text is neither empty nor 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a position is 32 lower-case hexadecimal digits, or empty")]
pub struct MalformedPosition;

impl Position {
    /// Before everything.
    pub const START: Self = Self(0);
    /// After everything.
    pub const END: Self = Self(u128::MAX);
    const DIGITS: usize = 32;

    /// A position from its two halves.
    pub fn new(commit: u64, prepare: u64) -> Self {
        Self(u128::from(commit) << 64 | u128::from(prepare))
    }

    /// The first half: where the transaction was committed (0 in an embedded log).
    pub fn commit(self) -> u64 {
        u64::try_from(self.0 >> 64).unwrap_or(u64::MAX)
    }

    /// The second half: where the event was prepared (its number in an embedded log).
    pub fn prepare(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::START {
            return Ok(());
        }
        // Written for every row of every view, so by hand: padding digit by digit takes longer.
        let mut digits = [0; Self::DIGITS];
        for (digit, nibble) in digits.iter_mut().zip((0..Self::DIGITS).rev()) {
            let nibble = usize::try_from((self.0 >> (4 * nibble)) & 0xf).unwrap_or(0);
            *digit = b"0123456789abcdef"[nibble];
        }
        f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Position {
    type Err = MalformedPosition;

    fn from_str(text: &str) -> Result<Self, MalformedPosition> {
        if text.is_empty() {
            return Ok(Self::START);
        }
        let well_formed = text.len() == Self::DIGITS
            && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !well_formed {
            return Err(MalformedPosition);
        }
        u128::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| MalformedPosition)
    }
}
