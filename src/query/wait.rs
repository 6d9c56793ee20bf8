//! Waiting for the views to reach a position, so that a caller can read its own writes on any node.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::QueryError;
use crate::event_store::Position;

/// The longest wait; after it the answer is that the views are behind (the command itself stands).
pub const MAX_WAIT: Duration = Duration::from_secs(5);
/// The most callers that wait at once. Half of the requests that a node takes, so that a crowd that
/// waits for what never comes leaves room for the others.
pub const MAX_WAITING: usize = 512;

/// How far the views have got, as this node hears of it.
#[derive(Clone, Debug)]
pub struct Progress {
    position: watch::Receiver<Position>,
    places: Arc<Semaphore>,
}

impl Progress {
    /// Progress as told through a channel.
    pub fn told_by(position: watch::Receiver<Position>) -> Self {
        Self {
            position,
            places: Arc::new(Semaphore::new(MAX_WAITING)),
        }
    }

    /// Whether somebody waits.
    pub fn is_waited_for(&self) -> bool {
        self.places.available_permits() < MAX_WAITING
    }

    /// Returns once the views have reached `position`.
    pub(super) async fn reach(&self, position: Position) -> Result<(), QueryError> {
        if *self.position.borrow() >= position {
            return Ok(());
        }
        let _place = self
            .places
            .try_acquire()
            .map_err(|_| QueryError::TooManyWaiting)?;
        let mut told = self.position.clone();
        let reached = told.wait_for(|at| *at >= position);
        match tokio::time::timeout(MAX_WAIT, reached).await {
            Ok(Ok(_)) => Ok(()),
            // No projector is left to tell: the views stay where they are.
            Ok(Err(_)) | Err(_) => Err(QueryError::Behind),
        }
    }
}
