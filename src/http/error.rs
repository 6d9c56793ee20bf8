//! Which status each failure deserves. The only module that names a status from 400 up.
//!
//! Every enum of reasons has one `match` without `_`, so a new reason does not compile until it has
//! a status, a name and a title. What a broken store said goes to the log, once, here; callers
//! are told what it means for them and nothing of what is inside.

use axum::http::StatusCode as S;
use axum::response::{IntoResponse, Response};

use super::json;
use super::problem::{Kind, Problem};
use super::rejection::{AuthError, BodyError, NodeError, ParamError, RouteError};
use crate::command::CommandError;
use crate::command::ids::IdError;
use crate::domain::article::ArticleRejection;
use crate::domain::board::BoardRejection;
use crate::domain::comment::CommentRejection;
use crate::domain::like::LikeRejection;
use crate::domain::view::ViewRejection;
use crate::event_store::{Position, StoreError};
use crate::query::QueryError;

/// Seconds after which an overloaded node may be asked again.
const SOON: u32 = 1;
/// Seconds after which a store that is away may be asked again.
const LATER: u32 = 5;

/// Why there is no success, ready to be answered.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    problem: Box<Problem>,
    /// The newest event that a command had read when it was given up.
    position: Option<Position>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        if let Some(position) = self.position {
            json::put_position(&mut response, position);
        }
        response
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            position: None,
        }
    }
}

const fn kind(status: S, name: &'static str, title: &'static str) -> Kind {
    Kind {
        status,
        name,
        title,
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        use AuthError as E;
        const INVALID: &str = "Bearer error=\"invalid_token\"";
        let (kind, challenge) = match error {
            E::Missing => (
                kind(S::UNAUTHORIZED, "token-missing", "No token"),
                Some("Bearer"),
            ),
            E::Malformed => (
                kind(S::UNAUTHORIZED, "token-malformed", "Malformed token"),
                Some(INVALID),
            ),
            E::Invalid => (
                kind(S::UNAUTHORIZED, "token-invalid", "Invalid token"),
                Some(INVALID),
            ),
            E::Expired => (
                kind(S::UNAUTHORIZED, "token-expired", "Expired token"),
                Some(INVALID),
            ),
            E::RoleMissing(_) => (kind(S::FORBIDDEN, "role-missing", "Role missing"), None),
        };
        let mut problem = Problem::new(kind, error.to_string());
        problem.challenge = challenge;
        problem.into()
    }
}

impl From<RouteError> for Failure {
    fn from(error: RouteError) -> Self {
        use RouteError as E;
        let kind = match error {
            E::NotFound => kind(S::NOT_FOUND, "no-such-path", "No such path"),
            E::StreamNotFound => kind(S::NOT_FOUND, "stream-not-found", "No such stream"),
            E::PopularNotFound => kind(S::NOT_FOUND, "popular-not-found", "No such popular list"),
            E::MethodNotAllowed => kind(
                S::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Method not allowed",
            ),
            E::Misdirected(_) => kind(S::MISDIRECTED_REQUEST, "misdirected", "Another node's work"),
        };
        Problem::new(kind, error.to_string()).into()
    }
}

impl From<ParamError> for Failure {
    fn from(error: ParamError) -> Self {
        use ParamError as E;
        let (name, title) = match &error {
            E::MalformedId => ("malformed-id", "Malformed id"),
            E::MalformedStream => ("malformed-stream", "Malformed stream name"),
            E::MalformedParameter { .. } => ("malformed-parameter", "Malformed parameter"),
            E::Repeated { .. } => ("repeated-parameter", "Repeated parameter"),
            E::PageAndCursor => ("page-and-cursor", "Both page and cursor"),
            E::NoPages => ("no-pages", "No pages here"),
            E::MalformedCursor => ("malformed-cursor", "Malformed cursor"),
            E::ForeignCursor => ("foreign-cursor", "Cursor of another list"),
            E::MalformedHeader { .. } => ("malformed-header", "Malformed header"),
        };
        Problem::new(kind(S::BAD_REQUEST, name, title), error.to_string()).into()
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        use BodyError as E;
        let kind = match &error {
            E::TooLarge => kind(S::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large"),
            E::NotJson => kind(S::UNSUPPORTED_MEDIA_TYPE, "not-json", "Not JSON"),
            E::TooSlow => kind(S::REQUEST_TIMEOUT, "body-too-slow", "Body too slow"),
            E::Broken => kind(S::BAD_REQUEST, "body-broken", "Body broken off"),
            E::Malformed(_) => kind(S::BAD_REQUEST, "malformed-body", "Malformed body"),
            E::Fields(_) => kind(S::UNPROCESSABLE_ENTITY, "invalid-fields", "Invalid fields"),
        };
        let mut problem = Problem::new(kind, error.to_string());
        if let E::Fields(errors) = error {
            problem.errors = errors;
        }
        problem.into()
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        use NodeError as E;
        let (kind, retry_after) = match &error {
            E::Overloaded => (
                kind(S::SERVICE_UNAVAILABLE, "overloaded", "Overloaded"),
                Some(SOON),
            ),
            E::TimedOut => (
                kind(S::SERVICE_UNAVAILABLE, "timed-out", "Took too long"),
                Some(LATER),
            ),
            E::Broken => (
                kind(S::INTERNAL_SERVER_ERROR, "broken", "Something broke"),
                None,
            ),
            E::NotReady(_) => (
                kind(S::SERVICE_UNAVAILABLE, "not-ready", "Not ready"),
                Some(LATER),
            ),
        };
        let mut problem = Problem::new(kind, error.to_string());
        problem.retry_after = retry_after;
        if let E::NotReady(checks) = error {
            problem.checks = Some(checks);
        }
        problem.into()
    }
}

fn board_rejection(rejection: &BoardRejection) -> Kind {
    use BoardRejection as R;
    match rejection {
        R::Exists => kind(S::CONFLICT, "board-exists", "Board exists already"),
        R::NotFound => kind(S::NOT_FOUND, "board-not-found", "No such board"),
        R::Stale { .. } => kind(
            S::PRECONDITION_FAILED,
            "stale-revision",
            "Changed meanwhile",
        ),
    }
}

fn article_rejection(rejection: &ArticleRejection) -> Kind {
    use ArticleRejection as R;
    match rejection {
        R::BoardNotFound => kind(S::NOT_FOUND, "board-not-found", "No such board"),
        R::BoardClosed => kind(S::CONFLICT, "board-closed", "Board closed"),
        R::Exists => kind(S::CONFLICT, "article-exists", "Article exists already"),
        R::NotFound => kind(S::NOT_FOUND, "article-not-found", "No such article"),
        R::Deleted => kind(S::GONE, "article-deleted", "Article deleted"),
        R::NotWriter => kind(S::FORBIDDEN, "not-the-writer", "Somebody else's"),
        R::Stale { .. } => kind(
            S::PRECONDITION_FAILED,
            "stale-revision",
            "Changed meanwhile",
        ),
    }
}

fn comment_rejection(rejection: &CommentRejection) -> Kind {
    use CommentRejection as R;
    match rejection {
        R::ArticleNotFound => kind(S::NOT_FOUND, "article-not-found", "No such article"),
        R::ArticleDeleted => kind(S::GONE, "article-deleted", "Article deleted"),
        R::ParentNotFound => kind(S::NOT_FOUND, "parent-not-found", "No such parent"),
        R::ParentDeleted => kind(S::GONE, "parent-deleted", "Parent deleted"),
        R::ParentElsewhere => kind(
            S::UNPROCESSABLE_ENTITY,
            "parent-elsewhere",
            "Parent under another article",
        ),
        R::TooDeep { .. } => kind(S::UNPROCESSABLE_ENTITY, "too-deep", "Too deep"),
        R::Exists => kind(S::CONFLICT, "comment-exists", "Comment exists already"),
        R::NotFound => kind(S::NOT_FOUND, "comment-not-found", "No such comment"),
        R::Deleted => kind(S::GONE, "comment-deleted", "Comment deleted"),
        R::NotWriter => kind(S::FORBIDDEN, "not-the-writer", "Somebody else's"),
        R::Stale { .. } => kind(
            S::PRECONDITION_FAILED,
            "stale-revision",
            "Changed meanwhile",
        ),
    }
}

fn like_rejection(rejection: LikeRejection) -> Kind {
    use LikeRejection as R;
    match rejection {
        R::ArticleNotFound => kind(S::NOT_FOUND, "article-not-found", "No such article"),
        R::ArticleDeleted => kind(S::GONE, "article-deleted", "Article deleted"),
    }
}

fn view_rejection(rejection: ViewRejection) -> Kind {
    use ViewRejection as R;
    match rejection {
        R::ArticleNotFound => kind(S::NOT_FOUND, "article-not-found", "No such article"),
        R::ArticleDeleted => kind(S::GONE, "article-deleted", "Article deleted"),
    }
}

impl From<BoardRejection> for Failure {
    fn from(rejection: BoardRejection) -> Self {
        Problem::new(board_rejection(&rejection), rejection.to_string()).into()
    }
}

impl From<ArticleRejection> for Failure {
    fn from(rejection: ArticleRejection) -> Self {
        Problem::new(article_rejection(&rejection), rejection.to_string()).into()
    }
}

impl From<CommentRejection> for Failure {
    fn from(rejection: CommentRejection) -> Self {
        Problem::new(comment_rejection(&rejection), rejection.to_string()).into()
    }
}

impl From<LikeRejection> for Failure {
    fn from(rejection: LikeRejection) -> Self {
        Problem::new(like_rejection(rejection), rejection.to_string()).into()
    }
}

impl From<ViewRejection> for Failure {
    fn from(rejection: ViewRejection) -> Self {
        Problem::new(view_rejection(rejection), rejection.to_string()).into()
    }
}

impl<R: Into<Failure>> From<CommandError<R>> for Failure {
    fn from(error: CommandError<R>) -> Self {
        match error {
            CommandError::Rejected {
                rejection,
                position,
            } => Self {
                position,
                ..rejection.into()
            },
            CommandError::Conflict { position } => {
                let kind = kind(S::CONFLICT, "conflict", "Others were faster");
                let detail = "others kept changing the same thing; try again";
                Self {
                    position,
                    ..Problem::new(kind, detail).into()
                }
            }
            CommandError::Store(error) => error.into(),
            CommandError::Ids(error) => error.into(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        use StoreError as E;
        // What a caller asked for is no trouble of the store's.
        if !matches!(error, E::NoSuchPosition { .. }) {
            tracing::error!(%error, "the event store did not do its work");
        }
        let away = kind(S::SERVICE_UNAVAILABLE, "log-unavailable", "Log unavailable");
        let (kind, retry_after, detail) = match error {
            E::Busy { .. } => (
                kind(S::SERVICE_UNAVAILABLE, "overloaded", "Overloaded"),
                Some(SOON),
                "too many writes are waiting; nothing was done",
            ),
            E::Unavailable { .. } => (away, Some(LATER), "the log is away; nothing was done"),
            E::Refused { .. } => (away, Some(LATER), "the log refuses; nothing was done"),
            E::OutcomeUnknown { .. } => (
                kind(S::SERVICE_UNAVAILABLE, "outcome-unknown", "Outcome unknown"),
                Some(LATER),
                "the log did not confirm; what was asked may or may not have been done",
            ),
            E::Corrupt { .. } => (
                kind(S::INTERNAL_SERVER_ERROR, "corrupt-record", "Corrupt record"),
                None,
                "a record in the log cannot be read; an operator has to look",
            ),
            E::NoSuchPosition { .. } => (
                kind(S::BAD_REQUEST, "no-such-position", "No such position"),
                None,
                "the log holds nothing at this position; take one that it gave out",
            ),
        };
        let mut problem = Problem::new(kind, detail);
        problem.retry_after = retry_after;
        problem.into()
    }
}

impl From<IdError> for Failure {
    fn from(error: IdError) -> Self {
        tracing::error!(%error, "there is no new id");
        let detail = match error {
            IdError::Lease { .. } => "no new id can be reserved now; nothing was done",
            IdError::NoNode => "this node has no number to make ids with now; nothing was done",
            IdError::OutOfTime(_) => "the clock is past the last id; nothing was done",
        };
        let kind = kind(S::SERVICE_UNAVAILABLE, "no-ids", "No new ids");
        let mut problem = Problem::new(kind, detail);
        problem.retry_after = Some(LATER);
        problem.into()
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        use QueryError as E;
        let (name, title, retry_after, detail) = match error {
            E::Behind => (
                "views-behind",
                "Views behind",
                SOON,
                "the views have not reached the position in time; the command itself stands",
            ),
            E::TooManyWaiting => (
                "overloaded",
                "Overloaded",
                SOON,
                "too many readers are waiting for a position",
            ),
            E::Unavailable(error) => {
                tracing::error!(error, "the views cannot be read");
                let detail = "the views are away";
                ("views-unavailable", "Views unavailable", LATER, detail)
            }
        };
        let mut problem = Problem::new(kind(S::SERVICE_UNAVAILABLE, name, title), detail);
        problem.retry_after = Some(retry_after);
        problem.into()
    }
}
