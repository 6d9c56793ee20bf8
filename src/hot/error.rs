//! Why Redis did not do what it was asked. Never the caller's error: SQL answers instead.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why Redis did not do it. The texts are for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HotError {
    /// It cannot be reached, is too slow, loads its data, or a Cluster lacks a part. It passes.
    #[error("redis is away: {0}")]
    Away(String),
    /// It answers, but takes no writes: a replica, or one that cannot save. It passes with a fail-over.
    #[error("redis takes no writes: {0}")]
    ReadOnly(String),
    /// Its memory is used up; what is there can be read and changed, nothing added.
    #[error("redis is full: {0}")]
    Full(String),
    /// It answers and refuses: the password, a right, its version. It passes when an operator acts.
    #[error("redis refuses: {0}")]
    Refused(String),
    /// What stands in a key is not what Madang writes there.
    #[error("redis holds something foreign: {0}")]
    Foreign(String),
}

impl HotError {
    /// Whether asking again soon is a waste of time for a reader.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Refused(_))
    }

    /// A word for the kind of error, for status reports.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Away(_) => "redis away",
            Self::ReadOnly(_) => "redis read-only",
            Self::Full(_) => "redis full",
            Self::Refused(_) => "redis refuses",
            Self::Foreign(_) => "redis foreign",
        }
    }

    /// Whether nothing at all is known of the server but that it did not answer.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Away(_))
    }

    pub(super) fn timeout() -> Self {
        Self::Away("no answer in time".to_owned())
    }

    pub(super) fn foreign(what: &str) -> Self {
        Self::Foreign(what.to_owned())
    }
}

impl From<RedisError> for HotError {
    fn from(error: RedisError) -> Self {
        let text = error.to_string();
        match error.kind() {
            ErrorKind::Server(kind) => server(kind, text),
            ErrorKind::Extension => extension(error.code().unwrap_or_default(), text),
            ErrorKind::AuthenticationFailed
            | ErrorKind::InvalidClientConfig
            | ErrorKind::RESP3NotSupported => Self::Refused(text),
            ErrorKind::UnexpectedReturnType => Self::Foreign(text),
            // What is left is about the connection: broken, slow, or its bytes make no sense.
            _ => Self::Away(text),
        }
    }
}

fn server(kind: ServerErrorKind, text: String) -> HotError {
    match kind {
        ServerErrorKind::BusyLoading
        | ServerErrorKind::ClusterDown
        | ServerErrorKind::MasterDown
        | ServerErrorKind::TryAgain
        | ServerErrorKind::Moved
        | ServerErrorKind::Ask
        | ServerErrorKind::NoScript => HotError::Away(text),
        ServerErrorKind::ReadOnly => HotError::ReadOnly(text),
        _ => HotError::Refused(text),
    }
}

/// Errors that the client has no name for.
fn extension(code: &str, text: String) -> HotError {
    match code {
        "OOM" => HotError::Full(text),
        "MISCONF" | "NOREPLICAS" => HotError::ReadOnly(text),
        "WRONGTYPE" => HotError::Foreign(text),
        "BUSY" => HotError::Away(text),
        _ => HotError::Refused(text),
    }
}

#[cfg(test)]
mod tests;
