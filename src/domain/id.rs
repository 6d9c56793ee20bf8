//! Identities and the small values that order things.
//!
//! Ids are decimal strings wherever they leave the process, because JavaScript rounds numbers
//! above 2^53. Only the canonical spelling is read: digits, no sign, no leading zero.

use std::fmt;
use std::str::FromStr;

use super::snowflake::Snowflake;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The first instant that is written as RFC 3339: 0000-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// The last instant that is written as RFC 3339: 9999-12-30T22:00:00.999Z, so that it is in the
    /// year 9999 in every time zone.
    pub const MAX: Self = Self(253_402_207_200_999);
}

/// The place of an event in its stream, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision of a stream's first event.
    pub const FIRST: Self = Self(0);

    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not an id: not 1 to 19 digits, a leading zero, or beyond 2^63 − 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 1 to 19 digits without a leading zero, at most 2^63 - 1")]
pub struct MalformedId;

macro_rules! snowflake_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Snowflake);

        impl $name {
            /// The id as the views store it: at most 2^63 − 1, so it fits a signed column.
            pub fn to_i64(self) -> i64 {
                self.0.to_i64()
            }

            /// Reads a column of a view back; `None` for a value that is no id.
            pub fn from_i64(value: i64) -> Option<Self> {
                Snowflake::from_i64(value).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

snowflake_id!(
    /// Identifies a board.
    BoardId
);
snowflake_id!(
    /// Identifies an article; newer articles have greater ids.
    ArticleId
);
snowflake_id!(
    /// Identifies a comment; newer comments have greater ids.
    CommentId
);

/// Who did it: a user, an imported author, or the system itself. Compared bytewise, so `Kim` and
/// `kim` are two people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

/// Why a token's subject cannot be a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserIdError {
    /// Not 1 to 64 bytes long.
    #[error("a user id is 1 to {} bytes", UserId::MAX_BYTES)]
    Length,
    /// Holds a control character.
    #[error("a user id holds no control characters")]
    ControlCharacter,
    /// Starts with `imported:` or `system:`, which no token may claim.
    #[error("a user id does not start with `imported:` or `system:`")]
    Reserved,
}

impl UserId {
    /// The longest id of a user, in bytes.
    pub const MAX_BYTES: usize = 64;
    const IMPORTED: &str = "imported:";
    const SYSTEM: &str = "system:";

    /// Checks an id that somebody claims, such as the subject of a token.
    pub fn parse(claimed: &str) -> Result<Self, UserIdError> {
        if claimed.is_empty() || claimed.len() > Self::MAX_BYTES {
            return Err(UserIdError::Length);
        }
        if claimed.chars().any(char::is_control) {
            return Err(UserIdError::ControlCharacter);
        }
        if claimed.starts_with(Self::IMPORTED) || claimed.starts_with(Self::SYSTEM) {
            return Err(UserIdError::Reserved);
        }
        Ok(Self(claimed.to_owned()))
    }

    /// The author of an imported record, by a digest of the name that the source gave.
    pub fn imported(digest: &str) -> Self {
        Self(format!("{}{digest}", Self::IMPORTED))
    }

    /// A part of Madang that acts on its own.
    pub fn system(part: &str) -> Self {
        Self(format!("{}{part}", Self::SYSTEM))
    }

    /// An id that stands in the log or in a view, which was checked when it was written.
    pub fn recorded(id: String) -> Self {
        Self(id)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the text away.
    pub fn into_string(self) -> String {
        self.0
    }
}
