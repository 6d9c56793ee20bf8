//! How the projections are doing.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::api::Api;
use super::error::Failure;
use super::json;
use super::params::WaitFor;
use super::side::Overseeing;
use crate::query::projections::ProjectionView;

#[derive(Serialize)]
struct Projections {
    items: Vec<ProjectionJson>,
}

#[derive(Serialize)]
struct ProjectionJson {
    name: String,
    position: String,
    lag_events: Option<u64>,
    lag_ms: Option<u64>,
    state: String,
    parked: u64,
    error: Option<String>,
}

impl From<ProjectionView> for ProjectionJson {
    fn from(view: ProjectionView) -> Self {
        Self {
            name: view.name,
            position: view.position,
            lag_events: view.lag_events,
            lag_ms: view.lag_ms,
            state: view.state,
            parked: view.parked,
            error: view.error,
        }
    }
}

/// `GET /v1/projections`
pub(super) async fn list_projections(
    Overseeing(queries): Overseeing,
    WaitFor(wait_for): WaitFor,
    State(api): State<Arc<Api>>,
) -> Result<Response, Failure> {
    if let Some(position) = wait_for {
        queries.reach(position).await?;
    }
    let views = queries.projections(api.clock.now()).await?;
    let items = views.into_iter().map(ProjectionJson::from).collect();
    json::ok(&Projections { items })
}
