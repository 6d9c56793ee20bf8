//! The guard around the router, the one layer that every request passes.
//!
//! It bounds how many requests are in flight and how long one may take, hears who is asking, and
//! writes the problem document of whatever was no success. Kept thin: a hot read should spend its
//! time on the wire.

use std::any::Any;
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::api::Api;
use super::auth::identify;
use super::drain::{self, Loan};
use super::error::Failure;
use super::problem::Problem;
use super::rejection::NodeError;

/// Probes get through however busy the node is.
const PROBES: &str = "/health/";

pub(super) async fn guard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let head = request.method() == Method::HEAD;
    let expects_continue = request.headers().contains_key(EXPECT);
    let (request, loan) = lent(request);
    let response = attended(&api, request, next).await;
    if let Some(loan) = loan {
        loan.drain(expects_continue, api.limits.drain_time).await;
    }
    match response.extensions().get::<Problem>() {
        Some(problem) => {
            let document = problem.to_json(uri.path());
            written(response, document, head)
        }
        None => response,
    }
}

/// Most requests have no body; theirs need not be looked after.
fn lent(request: Request) -> (Request, Option<Loan>) {
    if request.body().is_end_stream() {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    let (body, loan) = drain::lend(body);
    (Request::from_parts(parts, body), Some(loan))
}

async fn attended(api: &Api, request: Request, next: Next) -> Response {
    match admitted(api, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

async fn admitted(api: &Api, mut request: Request, next: Next) -> Result<Response, Failure> {
    let _place = match api.places.try_acquire() {
        Ok(place) => Some(place),
        Err(_) if is_probe(request.uri()) => None,
        Err(_) => return Err(NodeError::Overloaded.into()),
    };
    let mut extensions = std::mem::take(request.extensions_mut());
    identify(&api.verifier, request.headers(), &mut extensions)?;
    *request.extensions_mut() = extensions;
    let answer = tokio::time::timeout(api.limits.request_time, next.run(request));
    Ok(answer.await.map_err(|_| NodeError::TimedOut)?)
}

fn is_probe(uri: &Uri) -> bool {
    uri.path().starts_with(PROBES)
}

fn written(response: Response, document: Vec<u8>, head: bool) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.extensions.remove::<Problem>();
    parts.headers.insert(CONTENT_LENGTH, document.len().into());
    let body = if head { Body::empty() } else { document.into() };
    Response::from_parts(parts, body)
}

/// Answers for a handler that panicked.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer that catches panics gives them away"
)]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = said, "a handler panicked");
    Failure::from(NodeError::Broken).into_response()
}
