//! Problem documents (RFC 9457): what every answer says that is no success.
//!
//! Whatever fails puts a [`Problem`] beside an empty answer; the guard around the router
//! (`edge`), which knows the request's path, writes it down. So no handler has to carry the path,
//! and no failure can leave without a document.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::health::Check;

/// What is wrong with one field of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct FieldError {
    /// The field's name, as the caller wrote it.
    pub field: String,
    /// What is wrong with it.
    pub detail: Cow<'static, str>,
}

/// The part of a problem that never varies: which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// The status of the answer.
    pub status: StatusCode,
    /// The kebab-case name behind `/problems/`.
    pub name: &'static str,
    /// A short text that says what kind of problem it is.
    pub title: &'static str,
}

/// Something went wrong, in words for the caller. It holds no internal message.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// Which problem.
    pub kind: Kind,
    /// What is wrong this time.
    pub detail: Cow<'static, str>,
    /// The fields of the body that are wrong.
    pub errors: Vec<FieldError>,
    /// When to come back, in seconds.
    pub retry_after: Option<u32>,
    /// How to authenticate.
    pub challenge: Option<&'static str>,
    /// What this node is waiting for.
    pub checks: Option<Vec<Check>>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: &'a Option<Vec<Check>>,
}

impl Problem {
    /// A problem of a kind, with what is special about this one.
    pub(super) fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            challenge: None,
            checks: None,
        }
    }

    /// The body of the answer to a request for `path`.
    pub(super) fn to_json(&self, path: &str) -> Vec<u8> {
        let document = Document {
            r#type: format!("/problems/{}", self.kind.name),
            title: self.kind.title,
            status: self.kind.status.as_u16(),
            detail: &self.detail,
            instance: path,
            errors: &self.errors,
            checks: &self.checks,
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status.into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response.extensions_mut().insert(self);
        response
    }
}
