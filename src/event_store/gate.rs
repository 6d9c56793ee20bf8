//! A gate before a log on a server, which has to be looked at before anybody uses it: is it there, has
//! it an identity, and is it the log that the views are of?
//!
//! What must hold: until the gate opens nobody reads and nobody writes, so that no event comes before
//! the one that the log begins with, and none gets into a log that is another's. What was shut stays
//! shut. The gate does not wait: whoever comes too early is told at once that the log is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::{
    AppendError, Appended, EventStore, Expected, NewEvent, Page, Position, RecordedEvent,
    StoreError, StreamName, Subscription,
};
use crate::domain::{Revision, Timestamp};

/// A log that is used only while somebody has found it to be good.
pub struct Gate {
    store: Arc<dyn EventStore>,
    place: String,
    open: AtomicBool,
    /// Nobody opens it any more.
    shut: AtomicBool,
}

impl Gate {
    /// A closed gate before `store`, which is at `place`.
    pub fn closed(store: Arc<dyn EventStore>, place: String) -> Self {
        Self {
            store,
            place,
            open: AtomicBool::new(false),
            shut: AtomicBool::new(false),
        }
    }

    /// Lets everybody through, or nobody any more. What is under way goes on.
    pub fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Release);
    }

    /// Lets nobody through any more, whoever opens it afterwards.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::Release);
    }

    /// Whether it lets anybody through.
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire) && !self.shut.load(Ordering::Acquire)
    }

    fn behind(&self) -> Result<&dyn EventStore, StoreError> {
        if self.is_open() {
            return Ok(&*self.store);
        }
        Err(StoreError::Unavailable {
            store: self.place.clone(),
            detail: "the log is not open".to_owned(),
        })
    }
}

#[async_trait]
impl EventStore for Gate {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.behind()?.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.behind()?.read_stream(stream, from, page).await
    }

    async fn read_all(&self, from: Position, page: Page) -> Result<Vec<RecordedEvent>, StoreError> {
        self.behind()?.read_all(from, page).await
    }

    async fn event_at(&self, position: Position) -> Result<Option<RecordedEvent>, StoreError> {
        self.behind()?.event_at(position).await
    }

    async fn position_before(&self, time: Timestamp) -> Result<Position, StoreError> {
        self.behind()?.position_before(time).await
    }

    fn skew(&self) -> i64 {
        self.store.skew()
    }

    async fn subscribe_all(&self, after: Position) -> Result<Subscription, StoreError> {
        self.behind()?.subscribe_all(after).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.behind()?.head().await
    }

    async fn close(&self) {
        self.shut();
        self.store.close().await;
    }
}
