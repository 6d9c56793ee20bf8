//! A log on a server for long work by itself, such as an import: a server that is away for a moment is
//! waited for.
//!
//! What must hold: nothing is appended twice. An append is repeated with the same ids and the same
//! expectation, which is what settles an unknown outcome; and whoever gives up says that the outcome is
//! unknown if any of its attempts may have been written.
//!
//! Left out: subscriptions, whose readers begin them anew themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::{
    AppendError, Appended, EventStore, Expected, NewEvent, Page, Position, RecordedEvent,
    StoreError, StreamName, Subscription,
};
use crate::ambient::jittered;
use crate::domain::{Revision, Timestamp};

/// How long one call goes on while the log is away.
pub const PATIENCE: Duration = Duration::from_mins(2);
/// The first and the longest wait before a call is tried again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A log whose every call is tried again while the log is away, until it is out of [`PATIENCE`].
pub struct Patient {
    store: Arc<dyn EventStore>,
    /// Whether nobody wants to wait any more.
    enough: Box<dyn Fn() -> bool + Send + Sync>,
    /// Whether somebody waits: told once, not by each call.
    waits: AtomicBool,
}

/// How long one call has waited.
struct Wait<'a> {
    of: &'a Patient,
    until: Instant,
    next: Duration,
}

impl Patient {
    /// Waits for `store`, unless `enough` says that nobody wants to.
    pub fn over(
        store: Arc<dyn EventStore>,
        enough: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            store,
            enough: Box::new(enough),
            waits: AtomicBool::new(false),
        }
    }

    fn begin(&self) -> Wait<'_> {
        Wait {
            of: self,
            until: Instant::now() + PATIENCE,
            next: BACK_OFF.0,
        }
    }

    /// Asks until there is an answer, or an error that does not pass.
    async fn ask<T, F>(&self, asked: impl Fn() -> F + Send) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let mut wait = self.begin();
        loop {
            match asked().await {
                Err(error) if error.passes() && wait.again(&error).await => {}
                outcome => return self.told(outcome),
            }
        }
    }

    fn told<T, E>(&self, outcome: Result<T, E>) -> Result<T, E> {
        if outcome.is_ok() && self.waits.swap(false, Ordering::Relaxed) {
            info!("the log is back");
        }
        outcome
    }
}

impl Wait<'_> {
    /// Waits a while; false if it is enough.
    async fn again(&mut self, error: &StoreError) -> bool {
        if Instant::now() >= self.until || (self.of.enough)() {
            return false;
        }
        if !self.of.waits.swap(true, Ordering::Relaxed) {
            warn!(%error, "waiting for the log");
        }
        sleep(jittered(self.next)).await;
        self.next = (self.next * 2).min(BACK_OFF.1);
        true
    }
}

#[async_trait]
impl EventStore for Patient {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let (mut wait, mut unknown) = (self.begin(), None);
        loop {
            let outcome = self.store.append(stream, expected, events.clone()).await;
            let Err(AppendError::Store(error)) = outcome else {
                return self.told(outcome);
            };
            let again = error.passes() && wait.again(&error).await;
            if matches!(error, StoreError::OutcomeUnknown { .. }) {
                unknown = Some(error.clone());
            }
            if !again {
                return Err(unknown.unwrap_or(error).into());
            }
        }
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.ask(|| self.store.read_stream(stream, from, page))
            .await
    }

    async fn read_all(&self, from: Position, page: Page) -> Result<Vec<RecordedEvent>, StoreError> {
        self.ask(|| self.store.read_all(from, page)).await
    }

    async fn event_at(&self, position: Position) -> Result<Option<RecordedEvent>, StoreError> {
        self.ask(|| self.store.event_at(position)).await
    }

    async fn position_before(&self, time: Timestamp) -> Result<Position, StoreError> {
        self.ask(|| self.store.position_before(time)).await
    }

    async fn subscribe_all(&self, after: Position) -> Result<Subscription, StoreError> {
        self.store.subscribe_all(after).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.ask(|| self.store.head()).await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
