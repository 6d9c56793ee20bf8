//! Bodies: one JSON object of bounded size, read in bounded time.
//!
//! JSON is read strictly: a field that is given twice has no meaning that everybody agrees on, and
//! is refused. Nesting deeper than 128 is refused by the parser itself.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use super::api::Api;
use super::error::Failure;
use super::fields::abridged;
use super::rejection::BodyError;

/// The largest body.
pub const MAX_BYTES: usize = 512 * 1024;

/// The fields of a JSON object, in a body. As an extractor: 400, 408, 413 or 415 if there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(pub(super) BTreeMap<String, Value>);

impl FromRequest<Arc<Api>> for Object {
    type Rejection = Failure;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Failure> {
        if request.body().size_hint().lower() > MAX_BYTES as u64 {
            return Err(BodyError::TooLarge.into());
        }
        if !says_json(request.headers()) {
            return Err(BodyError::NotJson.into());
        }
        let bytes = tokio::time::timeout(api.limits.body_time, read(request.into_body()))
            .await
            .map_err(|_| BodyError::TooSlow)??;
        Ok(parse(&bytes)?)
    }
}

async fn read(body: Body) -> Result<Bytes, BodyError> {
    match Limited::new(body, MAX_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Err(_) => Err(BodyError::Broken),
    }
}

/// Whether the content type is `application/json` or some `application/…+json`.
fn says_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = value.to_str().unwrap_or_default();
    let essence = essence.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

fn parse(bytes: &[u8]) -> Result<Object, BodyError> {
    let fields: Fields = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        BodyError::Malformed(match error.classify() {
            Category::Data => "the body must be one JSON object".to_owned(),
            Category::Eof => format!("the JSON ends too early: {place}"),
            Category::Syntax | Category::Io => format!("the body is not JSON: {place}"),
        })
    })?;
    match fields.twice {
        Some(name) => {
            let name = abridged(&name);
            let detail = format!("the field {name} is given more than once");
            Err(BodyError::Malformed(detail))
        }
        None => Ok(Object(fields.by_name)),
    }
}

#[derive(Default)]
struct Fields {
    by_name: BTreeMap<String, Value>,
    twice: Option<String>,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields, M::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            match fields.by_name.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(value);
                }
                Entry::Occupied(taken) => fields.twice = Some(taken.key().clone()),
            }
        }
        Ok(fields)
    }
}
