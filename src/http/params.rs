//! What a path, a query and the headers say, read strictly where it is known and not at all where
//! it is not.

use std::borrow::Cow;
use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::HeaderName;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::error::Failure;
use super::etag::Precondition;
use super::rejection::ParamError;
use crate::domain::id::MalformedId;
use crate::event_store::{Position, StreamName};

/// The header that names what a reader wants to see.
pub(super) const MADANG_WAIT_FOR: HeaderName = HeaderName::from_static("madang-wait-for");

async fn segment(parts: &mut Parts) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    params.iter().next().map(|(_, value)| value.to_owned())
}

/// The id in the path. As an extractor: 400 if it is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathId<T>(pub(super) T);

impl<T: FromStr<Err = MalformedId>, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let id = segment(parts).await.and_then(|text| text.parse().ok());
        Ok(Self(id.ok_or(ParamError::MalformedId)?))
    }
}

/// The stream in the path. As an extractor: 400 if it can be none.
#[derive(Clone, Debug)]
pub(super) struct PathStream(pub(super) StreamName);

impl<S: Send + Sync> FromRequestParts<S> for PathStream {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let name = segment(parts).await.and_then(|text| text.parse().ok());
        Ok(Self(name.ok_or(ParamError::MalformedStream)?))
    }
}

/// What a reader wants to see, if they said so. As an extractor: 400 if it is no position.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitFor(pub(super) Option<Position>);

impl<S: Send + Sync> FromRequestParts<S> for WaitFor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut values = parts.headers.get_all(MADANG_WAIT_FOR).iter();
        let wanted = match (values.next(), values.next()) {
            (None, _) => return Ok(Self(None)),
            (Some(value), None) => value.to_str().ok().and_then(|text| text.parse().ok()),
            (Some(_), Some(_)) => None,
        };
        let name = "Madang-Wait-For";
        let position: Position = wanted.ok_or(ParamError::MalformedHeader { name })?;
        Ok(Self((position != Position::START).then_some(position)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Precondition {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self::from_headers(&parts.headers)?)
    }
}

/// The query of a URI.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// The query of this request.
    pub(super) fn of(parts: &'a Parts) -> Self {
        Self(parts.uri.query().unwrap_or_default())
    }

    /// The one value of a parameter, if it is there.
    pub(super) fn one(self, name: &'static str) -> Result<Option<String>, ParamError> {
        let pairs = self
            .0
            .split('&')
            .map(|p| p.split_once('=').unwrap_or((p, "")));
        let mut values = pairs.filter(|(key, _)| decoded(key).is_some_and(|key| key == name));
        let Some((_, value)) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(ParamError::Repeated { name });
        }
        let must_be = "UTF-8";
        let value = decoded(value).ok_or(ParamError::MalformedParameter { name, must_be })?;
        Ok(Some(value.into_owned()))
    }

    /// The one value of a parameter that must be of some kind.
    pub(super) fn parsed<T>(
        self,
        name: &'static str,
        must_be: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ParamError> {
        let read =
            |text: String| parse(&text).ok_or(ParamError::MalformedParameter { name, must_be });
        self.one(name)?.map(read).transpose()
    }
}

fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
        Some(decoded.into_owned().into())
    } else {
        percent_decode_str(text).decode_utf8().ok()
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The page of this number, from 1.
    Page(u32),
    /// What follows this cursor; the beginning without one.
    After(Option<String>),
}

/// A part of a list, and how much of it. As an extractor: 400 if it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// The most items, 1 to [`Slice::MAX_SIZE`].
    pub(super) size: u32,
    /// Which part.
    pub(super) part: Part,
}

impl Slice {
    /// The size of a part when nothing is said.
    const DEFAULT_SIZE: u32 = 30;
    /// The greatest size of a part.
    const MAX_SIZE: u32 = 100;
    /// The last page that can be asked for.
    const MAX_PAGE: u32 = 1_000_000_000;

    fn read(query: Query<'_>) -> Result<Self, ParamError> {
        let size = query.parsed("size", "a number from 1 to 100", |text| {
            number(text, Self::MAX_SIZE)
        })?;
        let page = query.parsed("page", "a number from 1 to 1,000,000,000", |text| {
            number(text, Self::MAX_PAGE)
        })?;
        let part = match (page, query.one("cursor")?) {
            (Some(_), Some(_)) => return Err(ParamError::PageAndCursor),
            (Some(page), None) => Part::Page(page),
            (None, cursor) => Part::After(cursor.filter(|cursor| !cursor.is_empty())),
        };
        Ok(Self {
            size: size.unwrap_or(Self::DEFAULT_SIZE),
            part,
        })
    }
}

/// Digits only: no sign, no space, from 1 to `max`.
fn number(text: &str, max: u32) -> Option<u32> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let value: u32 = digits.then(|| text.parse().ok())??;
    (1..=max).contains(&value).then_some(value)
}

impl<S: Send + Sync> FromRequestParts<S> for Slice {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self::read(Query::of(parts))?)
    }
}
