//! The popular lists of the days gone by.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;

use super::api::Api;
use super::error::Failure;
use super::json;
use super::params::{Query, WaitFor};
use super::rejection::RouteError;
use super::show::{ArticleJson, rendered};
use super::side::Querying;
use crate::calendar::Day;
use crate::query::popular::PopularView;
use crate::query::{Document, Lookup};

#[derive(Serialize)]
struct PopularJson {
    date: String,
    items: Vec<RankedJson>,
}

#[derive(Serialize)]
struct RankedJson {
    rank: usize,
    score: u64,
    article: ArticleJson,
}

/// The day that a reader asks for, if they name one. As an extractor: 400 if it is none.
pub(super) struct Date(Option<Day>);

impl<S: Send + Sync> FromRequestParts<S> for Date {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let must_be = "a day of the calendar, such as 2026-11-19";
        let day = Query::of(parts).parsed("date", must_be, Day::parse)?;
        Ok(Self(day))
    }
}

/// `GET /v1/popular`
pub(super) async fn get_popular(
    Querying(queries): Querying,
    WaitFor(wait_for): WaitFor,
    Date(day): Date,
    State(api): State<Arc<Api>>,
) -> Result<Response, Failure> {
    let wanted = (day, api.clock.now());
    let lookup = queries.popular(wanted, wait_for, show).await?;
    Ok(json::list(&*found(lookup)?))
}

/// `GET /v1/popular/days`
pub(super) async fn list_popular_days(
    Querying(queries): Querying,
    WaitFor(wait_for): WaitFor,
    State(api): State<Arc<Api>>,
) -> Result<Response, Failure> {
    let now = api.clock.now();
    let mut body = br#"{"days":["#.to_vec();
    for (number, day) in queries.published(now).enumerate() {
        let lookup = queries.popular((Some(day), now), wait_for, show).await?;
        if number > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&found(lookup)?.body);
    }
    body.extend_from_slice(b"]}");
    let (body, etag) = (body.into(), None);
    Ok(json::list(&Document { body, etag }))
}

fn found(lookup: Lookup) -> Result<Arc<Document>, RouteError> {
    match lookup {
        Lookup::Found(document) => Ok(document),
        Lookup::Deleted | Lookup::NotFound | Lookup::Nowhere => Err(RouteError::PopularNotFound),
    }
}

fn show(view: PopularView) -> Document {
    let ranked = view.items.into_iter().zip(1..);
    let items = ranked.map(|(item, rank)| RankedJson {
        rank,
        score: item.score,
        article: item.article.into(),
    });
    let body = rendered(&PopularJson {
        date: view.day.to_string(),
        items: items.collect(),
    });
    Document { body, etag: None }
}
