//! Answers that are a success, and the headers they carry.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::Failure;
use super::etag;
use super::rejection::NodeError;
use crate::event_store::Position;
use crate::query::Document;

/// Where in the log a command's answer stands.
pub(super) const MADANG_POSITION: HeaderName = HeaderName::from_static("madang-position");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Says where in the log an answer stands.
pub(super) fn put_position(response: &mut Response, position: Position) {
    if let Ok(value) = HeaderValue::try_from(position.to_string()) {
        response.headers_mut().insert(MADANG_POSITION, value);
    }
}

/// 200 with a body that is the same every time.
pub(super) fn literal(body: &'static str) -> Response {
    ([(CONTENT_TYPE, JSON)], body).into_response()
}

/// 200 with a body.
pub(super) fn ok(body: &impl Serialize) -> Result<Response, Failure> {
    let bytes = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        NodeError::Broken
    })?;
    Ok(([(CONTENT_TYPE, JSON)], bytes).into_response())
}

/// 200 with what the views know of one thing; 304 if the caller has it already.
pub(super) fn document(asked: &HeaderMap, document: &Document) -> Response {
    let held = |tag: &String| etag::already_held(asked, tag);
    let mut response = if document.etag.as_ref().is_some_and(held) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        list(document)
    };
    put_tag(&mut response, document);
    response
}

/// 200 with a part of a list.
pub(super) fn list(document: &Document) -> Response {
    ([(CONTENT_TYPE, JSON)], document.body.clone()).into_response()
}

/// What a command made of something: 200 with its body, tag and position.
pub(super) fn changed(position: Position, document: &Document) -> Response {
    let mut response = list(document);
    put_tag(&mut response, document);
    put_position(&mut response, position);
    response
}

/// What a command made: 201 with its place, body, tag and position.
pub(super) fn created(location: &str, position: Position, document: &Document) -> Response {
    let mut response = changed(position, document);
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

/// A command that has nothing to show: 204 with its position.
pub(super) fn gone(position: Position) -> Response {
    let mut response = (StatusCode::NO_CONTENT, Body::empty()).into_response();
    put_position(&mut response, position);
    response
}

fn put_tag(response: &mut Response, document: &Document) {
    let tag = document.etag.as_deref().map(HeaderValue::from_str);
    if let Some(Ok(value)) = tag {
        response.headers_mut().insert(ETAG, value);
    }
}
