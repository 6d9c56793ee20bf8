//! What an import knows its records by.

use std::fmt;

/// The name of what is imported: 1 to 100 characters, no control characters, no `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(String);

/// The text cannot name a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source's name is 1 to 100 characters, without control characters and `/`")]
pub struct MalformedSource;

impl Source {
    const MAX_CHARS: usize = 100;

    /// Checks a name that somebody chose.
    pub fn parse(name: &str) -> Result<Self, MalformedSource> {
        let refused = |c: char| c.is_control() || c == '/';
        let well_formed =
            (1..=Self::MAX_CHARS).contains(&name.chars().count()) && !name.chars().any(refused);
        if well_formed {
            Ok(Self(name.to_owned()))
        } else {
            Err(MalformedSource)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
