//! Who is asking: read from the header once, before anything else, and handed to handlers.
//!
//! A bad token is refused everywhere, also where none is needed: whoever sends one means to be
//! somebody, and should hear that they are not.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

use super::error::Failure;
use super::rejection::AuthError;
use super::role::Role;
use super::token::{Identity, Verifier};

/// Reads the bearer token, if there is one, and leaves who is asking among the `extensions`.
pub(super) fn identify(
    verifier: &Verifier,
    headers: &HeaderMap,
    extensions: &mut Extensions,
) -> Result<(), AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(());
    };
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let text = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(AuthError::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::Malformed);
    }
    extensions.insert(verifier.verify(token.trim())?);
    Ok(())
}

/// Somebody with a good token. As an extractor: 401 without one.
#[derive(Clone, Debug)]
pub(super) struct Caller(pub(super) Identity);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        match parts.extensions.get::<Identity>() {
            Some(identity) => Ok(Self(identity.clone())),
            None => Err(AuthError::Missing.into()),
        }
    }
}

impl Caller {
    fn need_one_of(self, roles: &[Role]) -> Result<Identity, AuthError> {
        match roles {
            [first, ..] if !roles.iter().any(|role| self.0.roles.has(*role)) => {
                Err(AuthError::RoleMissing(*first))
            }
            _ => Ok(self.0),
        }
    }
}

/// Somebody who may open, change and close boards. As an extractor: 401 or 403 for others.
#[derive(Clone, Debug)]
pub(super) struct Admin(pub(super) Identity);

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self(caller.need_one_of(&[Role::Admin])?))
    }
}

/// Somebody who may read the log. As an extractor: 401 or 403 for others.
#[derive(Clone, Debug)]
pub(super) struct Auditor;

impl<S: Send + Sync> FromRequestParts<S> for Auditor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.need_one_of(&[Role::Auditor])?;
        Ok(Self)
    }
}

/// Somebody who may see how the node is doing. As an extractor: 401 or 403 for others.
#[derive(Clone, Debug)]
pub(super) struct AdminOrAuditor;

impl<S: Send + Sync> FromRequestParts<S> for AdminOrAuditor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let caller = Caller::from_request_parts(parts, state).await?;
        caller.need_one_of(&[Role::Admin, Role::Auditor])?;
        Ok(Self)
    }
}
