//! How a call can go wrong, and what that means: for the client, for a repeat, for an append.
//!
//! One `match` over the client's errors decides everything; the rest follows from the class.

use eventstore::Error;

use super::EsdbUrl;
use crate::event_store::{AppendError, Position, StoreError};

/// Codes of gRPC, <https://grpc.io/docs/guides/status-codes/>.
const INVALID_ARGUMENT: i32 = 3;
/// What the server says, as an error of unknown kind, of a read from a position where no record begins.
/// Of a subscription it says `INVALID_ARGUMENT`.
const NO_POSITION: &str = "ReadAllResult: InvalidPosition";

/// Why a call has no result.
#[derive(Debug)]
pub(super) enum Fault {
    /// It waited for its turn in vain. Nothing was sent.
    Busy,
    /// There is no client, and it is too early for another. Nothing was sent.
    Away,
    /// The log was closed. Nothing was sent.
    Closed,
    /// The client has found no node in time. Nothing was sent.
    Searching,
    /// The server said nothing for too long.
    Silent,
    /// The node that was asked does not lead, and knows nobody who does.
    Leaderless,
    /// The client panicked.
    Panicked(String),
    /// What the client made of it.
    Said(Error),
}

/// What a fault means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing was sent, and this client is of no more use.
    Dead,
    /// Nothing was sent.
    NotSent,
    /// The node that was asked does not lead, and did nothing. If it knows the leader, the client goes
    /// there.
    NotLeader,
    /// The server refuses until somebody changes its settings or these.
    Denied,
    /// The stream can never be written again.
    Deleted,
    /// There is no such thing.
    Missing,
    /// The server does not take what was sent: a position that is none, too many bytes.
    Invalid,
    /// The server has answered and did not do it.
    Answered,
    /// Nobody knows what was done.
    Unknown,
}

impl Fault {
    pub(super) fn class(&self) -> Class {
        match self {
            Self::Busy | Self::Away | Self::Closed | Self::Searching => Class::NotSent,
            Self::Leaderless => Class::NotLeader,
            Self::Silent | Self::Panicked(_) => Class::Unknown,
            Self::Said(error) => class(error),
        }
    }

    /// Whether it is worth to try at once again what may be done twice.
    pub(super) fn passes(&self) -> bool {
        match self {
            // Who was kept out, or has waited long, must not wait again.
            Self::Busy
            | Self::Away
            | Self::Closed
            | Self::Searching
            | Self::Silent
            | Self::Panicked(_) => false,
            Self::Leaderless => true,
            Self::Said(error) => matches!(
                class(error),
                Class::Dead | Class::NotLeader | Class::Unknown
            ),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Busy => "too many calls are waiting".to_owned(),
            Self::Away => "the server is away; it will be tried again in a moment".to_owned(),
            Self::Closed => "the log is closed".to_owned(),
            Self::Searching => "no node of the server was found in time".to_owned(),
            Self::Silent => "the server did not answer in time".to_owned(),
            Self::Leaderless => "the node does not lead, and knows nobody who does".to_owned(),
            Self::Panicked(message) => format!("the client panicked: {message}"),
            Self::Said(Error::ConnectionClosed) => "there is no connection, or a certificate or \
                 key file is not what its name says"
                .to_owned(),
            Self::Said(error) => error.to_string(),
        }
    }

    /// The error of what was only to be read.
    pub(super) fn of_read(&self, url: &EsdbUrl) -> StoreError {
        match (self, self.class()) {
            (Self::Busy, _) => StoreError::Busy {
                store: url.to_string(),
            },
            (_, Class::Denied) => refused(url, DENIED),
            (_, Class::Deleted) => refused(url, DELETED),
            _ => self.unavailable(url),
        }
    }

    /// The error of a read of the whole log that began at `position`.
    pub(super) fn of_read_all(&self, url: &EsdbUrl, position: Position) -> StoreError {
        match self.class() {
            Class::Denied => refused(url, ALL_DENIED),
            Class::Invalid => StoreError::NoSuchPosition { position },
            _ => self.of_read(url),
        }
    }

    /// The error of an append.
    pub(super) fn of_append(&self, url: &EsdbUrl) -> AppendError {
        match self.class() {
            Class::Invalid => AppendError::Size,
            Class::Unknown => self.unknown(url).into(),
            _ => self.of_read(url).into(),
        }
    }

    /// The error of an append that may have been done.
    pub(super) fn unknown(&self, url: &EsdbUrl) -> StoreError {
        StoreError::OutcomeUnknown {
            store: url.to_string(),
            detail: self.detail(),
        }
    }

    fn unavailable(&self, url: &EsdbUrl) -> StoreError {
        StoreError::Unavailable {
            store: url.to_string(),
            detail: self.detail(),
        }
    }
}

const DENIED: &str = "the server denies access: check the user and the password \
    (--event-store-user, --event-store-password, or those in the URL), and that the user may read \
    and write streams";
const ALL_DENIED: &str = "the server does not let this user read $all: check the user and the \
    password (--event-store-user, --event-store-password, or those in the URL); the user must be a \
    member of $admins, or be named by the ACL of $all: set the metadata of $all to \
    {\"$acl\":{\"$r\":[\"$admins\",\"<user>\"]}}";
const DELETED: &str = "the stream was hard-deleted by somebody and can never be written again; \
    restore the log from a backup, or leave what the stream held";

pub(super) fn refused(url: &EsdbUrl, detail: impl Into<String>) -> StoreError {
    StoreError::Refused {
        store: url.to_string(),
        detail: detail.into(),
    }
}

fn class(error: &Error) -> Class {
    match error {
        // Both come up only while a connection is looked for.
        Error::ConnectionClosed | Error::GrpcConnectionError(_) => Class::Dead,
        Error::NotLeaderException(_) => Class::NotLeader,
        Error::AccessDenied => Class::Denied,
        Error::ResourceDeleted => Class::Deleted,
        Error::ResourceNotFound => Class::Missing,
        Error::Grpc { code, .. } if *code as i32 == INVALID_ARGUMENT => Class::Invalid,
        Error::ServerError(said) if said.contains(NO_POSITION) => Class::Invalid,
        // No such method: a server of another kind, or a proxy before it.
        Error::UnsupportedFeature | Error::WrongExpectedVersion { .. } => Class::Answered,
        Error::ServerError(_)
        | Error::Grpc { .. }
        | Error::InternalParsingError(_)
        | Error::ResourceAlreadyExists
        | Error::InternalClientError
        | Error::DeadlineExceeded
        | Error::InitializationError(_)
        | Error::IllegalStateError(_) => Class::Unknown,
    }
}

#[cfg(test)]
mod tests;
