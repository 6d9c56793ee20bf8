//! Tokens: HS256 JWTs that say who is asking and what they may do.
//!
//! `sub` is a user id and must be one; `exp` must be there and in the future by *our* clock, to the
//! millisecond; `nbf`, if there, must not be. A `name` that readers cannot be shown is replaced by
//! the `sub`; roles that are unknown here are ignored. Other algorithms, `none` above all, are
//! refused, as are tokens for an audience and with critical extensions (RFC 7515, 4.1.11).

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::Value;

use super::key::AuthKey;
use super::rejection::AuthError;
use super::role::{Role, Roles};
use crate::ambient::Clock;
use crate::domain::text::WriterName;
use crate::domain::{Timestamp, UserId};

/// Who is asking, as their token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user: UserId,
    /// What readers see beside what they write.
    pub name: WriterName,
    /// What they may do.
    pub roles: Roles,
}

/// What a new token shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// For whom.
    pub user: UserId,
    /// The name to show, if it is not the user id.
    pub name: Option<WriterName>,
    /// What it lets them do.
    pub roles: Roles,
    /// When it begins to be good.
    pub issued_at: Timestamp,
    /// When it stops; seconds are all that a token can say.
    pub expires_at: Timestamp,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'static str>,
    iat: i64,
    exp: i64,
}

/// A token could not be made; only a broken build can be the reason.
#[derive(Debug, thiserror::Error)]
#[error("the token could not be signed: {0}")]
pub struct MintError(#[from] jsonwebtoken::errors::Error);

/// Makes a token.
pub fn mint(key: &AuthKey, grant: &Grant) -> Result<String, MintError> {
    let claims = Claims {
        sub: grant.user.as_str(),
        name: grant.name.as_ref().map(WriterName::as_str),
        roles: grant.roles.iter().map(Role::name).collect(),
        iat: grant.issued_at.0.div_euclid(1000),
        exp: grant.expires_at.0.div_euclid(1000),
    };
    let key = EncodingKey::from_secret(key.as_bytes());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)?;
    Ok(token)
}

/// Tells good tokens from others.
pub struct Verifier {
    key: DecodingKey,
    rules: Validation,
    clock: Clock,
}

impl Verifier {
    /// Accepts what was signed with `key`, as long as `clock` says that it is good.
    pub fn new(key: &AuthKey, clock: Clock) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        // Times are compared below, with our clock; the library would ask the machine.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        Self {
            key: DecodingKey::from_secret(key.as_bytes()),
            rules,
            clock,
        }
    }

    /// Who is asking, if the token is good.
    pub fn verify(&self, token: &str) -> Result<Identity, AuthError> {
        let decoded = jsonwebtoken::decode::<Value>(token, &self.key, &self.rules)
            .map_err(|_| AuthError::Invalid)?;
        if decoded.header.crit.is_some() {
            return Err(AuthError::Invalid);
        }
        let claims = decoded.claims;
        self.check_times(&claims)?;
        identity(&claims)
    }

    fn check_times(&self, claims: &Value) -> Result<(), AuthError> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds since 1970 are exact for 285,000 years"
        )]
        let now = self.clock.now().0 as f64 / 1000.0;
        let exp = claims["exp"].as_f64().ok_or(AuthError::Invalid)?;
        if exp <= now {
            return Err(AuthError::Expired);
        }
        match &claims["nbf"] {
            Value::Null => Ok(()),
            nbf if nbf.as_f64().is_some_and(|nbf| nbf <= now) => Ok(()),
            _ => Err(AuthError::Invalid),
        }
    }
}

fn identity(claims: &Value) -> Result<Identity, AuthError> {
    let sub = claims["sub"].as_str().ok_or(AuthError::Invalid)?;
    let user = UserId::parse(sub).map_err(|_| AuthError::Invalid)?;
    let name = claims["name"]
        .as_str()
        .and_then(|name| WriterName::parse(name).ok())
        .unwrap_or_else(|| WriterName::recorded(sub.to_owned()));
    let roles = claims["roles"].as_array().into_iter().flatten();
    let roles = roles.filter_map(Value::as_str).filter_map(Role::named);
    Ok(Identity {
        user,
        name,
        roles: roles.collect(),
    })
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}
