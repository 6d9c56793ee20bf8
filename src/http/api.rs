//! What the handlers stand on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::health::Readiness;
use super::token::Verifier;
use crate::ambient::Clock;
use crate::command::Commands;
use crate::command::view::Viewing;
use crate::event_store::EventStore;
use crate::query::Queries;

/// Bounds on requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most requests in flight; more are told to come back.
    pub in_flight: usize,
    /// The longest time that a request may take.
    pub request_time: Duration,
    /// The longest time that a body may take to arrive.
    pub body_time: Duration,
    /// The longest time that is spent on reading what nobody wants to know.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 1024,
            request_time: Duration::from_secs(30),
            body_time: Duration::from_secs(20),
            drain_time: Duration::from_secs(5),
        }
    }
}

/// What a node serves. What it does not have, it answers with 421.
pub struct Site {
    /// The write side, if the node has the role `command`.
    pub commands: Option<Commands>,
    /// The counting of views, likewise.
    pub viewing: Option<Viewing>,
    /// The read side, if the node has the role `query`.
    pub queries: Option<Queries>,
    /// The log, for auditors.
    pub log: Arc<dyn EventStore>,
    /// Tells good tokens from others.
    pub verifier: Verifier,
    /// Says whether the node can do its work.
    pub readiness: Readiness,
    /// For the time of commands, and for which popular lists are out.
    pub clock: Clock,
    /// Bounds on requests.
    pub limits: Limits,
}

/// What the handlers stand on.
pub(super) struct Api {
    pub(super) commands: Option<Arc<Commands>>,
    pub(super) viewing: Option<Viewing>,
    pub(super) queries: Option<Arc<Queries>>,
    pub(super) log: Arc<dyn EventStore>,
    pub(super) verifier: Verifier,
    pub(super) readiness: Readiness,
    pub(super) clock: Clock,
    pub(super) limits: Limits,
    /// A place for each request in flight.
    pub(super) places: Semaphore,
}

impl From<Site> for Api {
    fn from(site: Site) -> Self {
        Self {
            commands: site.commands.map(Arc::new),
            viewing: site.viewing,
            queries: site.queries.map(Arc::new),
            log: site.log,
            verifier: site.verifier,
            readiness: site.readiness,
            clock: site.clock,
            limits: site.limits,
            places: Semaphore::new(site.limits.in_flight),
        }
    }
}
