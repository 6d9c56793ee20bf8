//! The sides of the application as extractors: who is asking is checked first (401, 403), then
//! whether this node does such work at all (421).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::api::Api;
use super::auth::{Admin, AdminOrAuditor, Auditor, Caller};
use super::error::Failure;
use super::etag::Precondition;
use super::rejection::RouteError;
use super::role::NodeRole;
use super::token::Identity;
use crate::command::view::Viewing;
use crate::command::{CommandError, Commands, Done, Origin};
use crate::domain::{Revision, UserId};
use crate::query::Queries;

/// The write side, and who asks it for something.
pub(super) struct Commanding {
    pub(super) identity: Identity,
    pub(super) commands: Arc<Commands>,
    pub(super) viewing: Viewing,
    pub(super) origin: Origin,
    /// For the counts in the answer.
    pub(super) queries: Option<Arc<Queries>>,
}

impl Commanding {
    fn new(identity: Identity, api: &Api) -> Result<Self, RouteError> {
        let missing = || RouteError::Misdirected(NodeRole::Command);
        let commands = api.commands.clone().ok_or_else(missing)?;
        let viewing = api.viewing.clone().ok_or_else(missing)?;
        Ok(Self {
            origin: Origin::now(identity.user.clone(), &api.clock),
            identity,
            commands,
            viewing,
            queries: api.queries.clone(),
        })
    }
}

impl FromRequestParts<Arc<Api>> for Commanding {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Failure> {
        let Caller(identity) = Caller::from_request_parts(parts, api).await?;
        Ok(Self::new(identity, api)?)
    }
}

/// The write side, asked by an admin.
pub(super) struct AdminCommanding(pub(super) Commanding);

impl FromRequestParts<Arc<Api>> for AdminCommanding {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Failure> {
        let Admin(identity) = Admin::from_request_parts(parts, api).await?;
        Ok(Self(Commanding::new(identity, api)?))
    }
}

/// Does a command under a precondition: at the revision where the thing stands, if the caller named
/// that one among others.
pub(super) async fn under<A, R, F>(
    precondition: &Precondition,
    stale: fn(&R) -> Option<Revision>,
    command: impl Fn(Option<Revision>) -> F,
) -> Result<Done<A>, CommandError<R>>
where
    F: Future<Output = Result<Done<A>, CommandError<R>>>,
{
    let Precondition::OneOf(revisions) = precondition else {
        return command(None).await;
    };
    let outcome = command(revisions.first().copied()).await;
    match &outcome {
        Err(CommandError::Rejected { rejection, .. }) => match stale(rejection) {
            Some(current) if revisions.contains(&current) => command(Some(current)).await,
            _ => outcome,
        },
        _ => outcome,
    }
}

fn queries(api: &Api) -> Result<Arc<Queries>, RouteError> {
    let missing = RouteError::Misdirected(NodeRole::Query);
    api.queries.clone().ok_or(missing)
}

/// The read side, which everybody may ask.
pub(super) struct Querying(pub(super) Arc<Queries>);

impl FromRequestParts<Arc<Api>> for Querying {
    type Rejection = Failure;

    async fn from_request_parts(_: &mut Parts, api: &Arc<Api>) -> Result<Self, Failure> {
        Ok(Self(queries(api)?))
    }
}

/// The read side, asked by somebody about themselves.
pub(super) struct Asking {
    pub(super) user: UserId,
    pub(super) queries: Arc<Queries>,
}

impl FromRequestParts<Arc<Api>> for Asking {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Failure> {
        let Caller(identity) = Caller::from_request_parts(parts, api).await?;
        Ok(Self {
            user: identity.user,
            queries: queries(api)?,
        })
    }
}

/// The read side, asked by somebody who looks after the node.
pub(super) struct Overseeing(pub(super) Arc<Queries>);

impl FromRequestParts<Arc<Api>> for Overseeing {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Failure> {
        AdminOrAuditor::from_request_parts(parts, api).await?;
        Ok(Self(queries(api)?))
    }
}

/// The log itself, asked by an auditor. Reading is the work of nodes that answer queries.
pub(super) struct Auditing(pub(super) Arc<Api>);

impl FromRequestParts<Arc<Api>> for Auditing {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Failure> {
        Auditor::from_request_parts(parts, api).await?;
        queries(api)?;
        Ok(Self(Arc::clone(api)))
    }
}
