//! The log itself, for auditors.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use sha2::{Digest, Sha256};

use super::error::Failure;
use super::lists::Following;
use super::params::{Part, PathStream, Query, Slice, WaitFor};
use super::rejection::{ParamError, RouteError};
use super::side::Auditing;
use super::{cursor, json};
use crate::audit::{self, Bound, Filter, Found, Shown};
use crate::domain::Revision;
use crate::event_store::Direction;

/// What an auditor asks for. As an extractor: 400 if it cannot be read.
pub(super) struct Wanted {
    filter: Filter,
    size: usize,
    cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // The log is always of the newest state, so there is nothing to wait for.
        WaitFor::from_request_parts(parts, state).await?;
        let slice = Slice::from_request_parts(parts, state).await?;
        let cursor = match slice.part {
            Part::Page(_) => return Err(ParamError::NoPages.into()),
            Part::After(cursor) => cursor,
        };
        Ok(Self {
            filter: filter(Query::of(parts))?,
            size: usize::try_from(slice.size).unwrap_or(usize::MAX),
            cursor,
        })
    }
}

fn filter(query: Query<'_>) -> Result<Filter, ParamError> {
    let direction = query.parsed("direction", "forward or backward", |text| match text {
        "forward" => Some(Direction::Forward),
        "backward" => Some(Direction::Backward),
        _ => None,
    })?;
    let end = |name| {
        let must_be = "a position or an RFC 3339 time";
        query.parsed(name, must_be, |text| text.parse::<Bound>().ok())
    };
    let given = |text: &String| !text.is_empty();
    Ok(Filter {
        direction: direction.unwrap_or(Direction::Forward),
        event_type: query.one("type")?.filter(given),
        actor: query.one("actor")?.filter(given),
        from: end("from")?,
        to: end("to")?,
    })
}

/// `GET /v1/audit/events`
pub(super) async fn list_audit_events(
    Auditing(api): Auditing,
    wanted: Wanted,
) -> Result<Response, Failure> {
    let list = wanted.list("audit-events");
    let slice = (wanted.after(&list)?, wanted.size);
    let found = audit::events(&*api.log, &wanted.filter, slice).await?;
    shown(&list, found, ToString::to_string)
}

/// `GET /v1/audit/streams/{stream}`
pub(super) async fn list_audit_stream(
    Auditing(api): Auditing,
    PathStream(stream): PathStream,
    wanted: Wanted,
) -> Result<Response, Failure> {
    let list = wanted.list(&format!("audit-stream/{stream}"));
    let after = wanted.after::<u64>(&list)?.map(Revision);
    let slice = (after, wanted.size);
    match audit::stream(&*api.log, &stream, &wanted.filter, slice).await? {
        Some(found) => shown(&list, found, ToString::to_string),
        None => Err(RouteError::StreamNotFound.into()),
    }
}

impl Wanted {
    /// The name of the list with its filters, since a place in one list means nothing in another.
    fn list(&self, of: &str) -> String {
        let digest = Sha256::digest(format!("{:?}", self.filter));
        let short = digest.iter().take(8).fold(0, |n, b| n << 8 | u64::from(*b));
        format!("{of}/{short:016x}")
    }

    fn after<K: std::str::FromStr>(&self, list: &str) -> Result<Option<K>, ParamError> {
        let cursor = self.cursor.as_deref();
        cursor.map(|text| cursor::decode(list, text)).transpose()
    }
}

fn shown<K>(list: &str, found: Found<K>, key: fn(&K) -> String) -> Result<Response, Failure> {
    json::ok(&Following {
        items: found.events.into_iter().map(Shown::from).collect(),
        next_cursor: found.next.map(|last| cursor::encode(list, &key(&last))),
    })
}
