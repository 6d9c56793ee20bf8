//! `/health/live` and `/health/ready`: whether to restart this node, and whether to send it work.
//!
//! Live is a constant: a process that can answer is alive, whatever its stores do. Ready is asked
//! of the application, which knows what it needs.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::api::Api;
use super::error::Failure;
use super::json;
use super::rejection::NodeError;

/// One thing that the node needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is: `event_store`, `views`, `projector`.
    pub name: &'static str,
    /// Whether it is there.
    pub ok: bool,
    /// A class of state, never the text of an error.
    pub state: &'static str,
}

/// Asks the application what it needs and whether that is there. Must not block.
#[derive(Clone)]
pub struct Readiness(Arc<dyn Fn() -> Vec<Check> + Send + Sync>);

impl Readiness {
    /// Ready while `checks` gives nothing that is not ok.
    pub fn new(checks: impl Fn() -> Vec<Check> + Send + Sync + 'static) -> Self {
        Self(Arc::new(checks))
    }

    /// The state of everything needed now.
    pub fn checks(&self) -> Vec<Check> {
        (self.0)()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    checks: Vec<Check>,
}

/// The process answers.
pub(super) async fn live() -> Response {
    json::literal(r#"{"status":"live"}"#)
}

/// The node can do its work.
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Result<Response, Failure> {
    let checks = api.readiness.checks();
    if checks.iter().any(|check| !check.ok) {
        return Err(NodeError::NotReady(checks).into());
    }
    let status = "ready";
    json::ok(&Ready { status, checks })
}
