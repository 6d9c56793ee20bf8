//! Why a request was turned away before it reached a command or a query: small closed enums, whose
//! texts are written for callers. `error` says which status each deserves.

use super::health::Check;
use super::problem::FieldError;
use super::role::{NodeRole, Role};

/// Who is asking is not clear enough, or they may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token where one is needed.
    #[error("this call needs a token: Authorization: Bearer <token>")]
    Missing,
    /// The header does not hold one bearer token.
    #[error("the Authorization header is not one bearer token")]
    Malformed,
    /// Not a token of this key and of HS256, or its claims are not what they must be.
    #[error("the token is not valid here")]
    Invalid,
    /// The token was valid once.
    #[error("the token has expired")]
    Expired,
    /// The token does not give this role.
    #[error("this call needs the role {0}")]
    RoleMissing(Role),
}

/// There is nothing here that could answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RouteError {
    /// No such path.
    #[error("there is nothing at this path")]
    NotFound,
    /// The log holds no such stream.
    #[error("there is no such stream")]
    StreamNotFound,
    /// The popular list of this day cannot be read: it is not out yet, or too old.
    #[error("only the lists of the last 7 published days can be read")]
    PopularNotFound,
    /// The path is there, the method is not.
    #[error("this path does not answer to this method; see Allow")]
    MethodNotAllowed,
    /// Another node does this.
    #[error("this node does not have the role {0}")]
    Misdirected(NodeRole),
}

/// The path, the query or a header cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ParamError {
    /// The path names no id.
    #[error("an id is 1 to 19 digits without a leading zero, at most 2^63 - 1")]
    MalformedId,
    /// The path names no stream.
    #[error("a stream name is 1 to 512 bytes of UTF-8 without control characters")]
    MalformedStream,
    /// A query parameter that is known here has a value that is not.
    #[error("the parameter {name} must be {must_be}")]
    MalformedParameter {
        /// The parameter's name.
        name: &'static str,
        /// What it should have been.
        must_be: &'static str,
    },
    /// A known query parameter was given more than once.
    #[error("the parameter {name} was given more than once")]
    Repeated {
        /// The parameter's name.
        name: &'static str,
    },
    /// A list has pages or cursors.
    #[error("a list is read with page or with cursor, not with both")]
    PageAndCursor,
    /// The list is read by cursor only.
    #[error("this list has no pages; read it with cursor")]
    NoPages,
    /// Not a cursor that was ever given out.
    #[error("the cursor is not one that was given out here")]
    MalformedCursor,
    /// A cursor of another list, or of the same with other filters.
    #[error("the cursor belongs to another list")]
    ForeignCursor,
    /// A header that is known here has a value that is not.
    #[error("the header {name} cannot be read")]
    MalformedHeader {
        /// The header's name.
        name: &'static str,
    },
}

/// The body cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    /// More than `body::MAX_BYTES`.
    #[error("a body is at most 512 KiB")]
    TooLarge,
    /// Not said to be JSON.
    #[error("the body must be application/json")]
    NotJson,
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection broke, or the framing did.
    #[error("the body did not arrive whole")]
    Broken,
    /// No JSON, or none of the kind that is read here.
    #[error("{0}")]
    Malformed(String),
    /// Fields that break a rule, all of them.
    #[error("the body has fields that break a rule; see errors")]
    Fields(Vec<FieldError>),
}

/// The node cannot do it now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NodeError {
    /// Too many requests are in flight.
    #[error("too many requests are in flight; come back in a moment")]
    Overloaded,
    /// The request took longer than one may. A command may or may not have been done.
    #[error("the answer took too long; what was asked may or may not have been done")]
    TimedOut,
    /// A bug.
    #[error("something broke that should not have; it has been written to the log")]
    Broken,
    /// The node is alive and not yet of use.
    #[error("this node is not ready; see checks")]
    NotReady(Vec<Check>),
}
