//! Remembers that a server does not answer, so that not everybody has to wait to find out.
//!
//! After a failure nobody is let through for a while; then one caller is, and what becomes of it
//! decides. Callers that went through before the failure may end as they like: a success closes the
//! breaker, since it proves that the server answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Lets callers through to a server, or not. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Breaker {
    pause: Duration,
    open_until: Arc<Mutex<Option<Instant>>>,
}

impl Breaker {
    /// A breaker that lets nobody through for `pause` after a failure.
    pub fn new(pause: Duration) -> Self {
        Self {
            pause,
            open_until: Arc::default(),
        }
    }

    /// Whether nobody is let through at the moment.
    pub fn is_open(&self) -> bool {
        self.open_until()
            .is_some_and(|until| Instant::now() < until)
    }

    /// Whether the caller may ask the server. Each pause that ends lets one caller through: until that
    /// one has failed or succeeded, or for another pause if it never says, the others are kept out.
    pub fn lets_through(&self) -> bool {
        let mut open_until = self.open_until();
        match *open_until {
            None => true,
            Some(until) if Instant::now() < until => false,
            Some(_) => {
                *open_until = Some(Instant::now() + self.pause);
                true
            }
        }
    }

    /// The server did not answer.
    pub fn failed(&self) {
        *self.open_until() = Some(Instant::now() + self.pause);
    }

    /// The server answered.
    pub fn succeeded(&self) {
        *self.open_until() = None;
    }

    fn open_until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.open_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
