//! The HTTP API: boards, articles, comments, likes, views, popular lists, projections, the audit and
//! health, as JSON under `/v1`.
//!
//! What must hold:
//!
//! - Whatever is asked, the answer is either what was asked for or a problem document (RFC 9457),
//!   and says nothing of what is inside (`error`, `problem`, `edge`).
//! - Checks go in a fixed order: who is asking (401) and with which role (403); whether there is
//!   such a path and method, on this node (404, 405, 421); whether path, query and headers can be
//!   read (400); the body (413, 415, 400) and its fields (422); then what the log says. Handlers
//!   name their extractors in that order.
//! - Everything is bounded: connections, requests in flight, the time and the size of each.
//!
//! Left out on purpose: TLS and compression, which a proxy in front does better; cookies, and so
//! CORS.

mod api;
mod articles;
mod audit;
mod auth;
mod boards;
mod body;
mod comments;
mod cursor;
mod drain;
mod edge;
mod error;
mod etag;
mod fields;
mod health;
mod json;
mod key;
mod likes;
mod lists;
mod params;
mod popular;
mod problem;
mod projections;
mod rejection;
mod role;
mod router;
mod server;
mod show;
mod side;
mod threads;
mod token;
mod views;

pub use api::{Limits, Site};
pub use body::MAX_BYTES as MAX_BODY_BYTES;
pub use health::{Check, Readiness};
pub use key::{AuthKey, KeyError};
pub use role::{NodeRole, Role, Roles};
pub use router::router;
pub use server::{DRAIN, HEADER_TIME, MAX_CONNECTIONS, run};
pub use token::{Grant, Identity, MintError, Verifier, mint};
