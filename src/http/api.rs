//! What the handlers stand on.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::health::Readiness;
use super::token::Verifier;
use crate::command::Commands;

/// Bounds on requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most requests in flight; more are told to come back.
    pub in_flight: usize,
    /// The longest time that a request may take.
    pub request_time: Duration,
    /// The longest time that a body may take to arrive.
    pub body_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 1024,
            request_time: Duration::from_secs(30),
            body_time: Duration::from_secs(20),
        }
    }
}
