//! A log that does not do as it is told, for everyone who has to get along with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use madang::domain::{Revision, Timestamp};
use madang::event_store::{
    AppendError, Appended, EventStore, Expected, NewEvent, Page, Position, RecordedEvent,
    StoreError, StreamName, Subscription,
};

/// What comes between a log and whoever uses it. Appends are numbered from 0.
#[async_trait]
pub(crate) trait Whim: Send + Sync {
    /// Before an append reaches the log; it never does after an error.
    async fn before(&self, _append: usize) -> Result<(), AppendError> {
        Ok(())
    }

    /// After an append was written, before its writer hears of it.
    async fn after(&self, _append: usize) -> Result<(), AppendError> {
        Ok(())
    }

    /// Before a read.
    async fn reading(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A log with a whim.
pub(crate) struct Wayward<W> {
    log: Arc<dyn EventStore>,
    whim: W,
    appends: AtomicUsize,
}

impl<W: Whim> Wayward<W> {
    pub(crate) fn over(log: Arc<dyn EventStore>, whim: W) -> Arc<Self> {
        let appends = AtomicUsize::new(0);
        Arc::new(Self { log, whim, appends })
    }

    /// How often somebody has tried to append.
    pub(crate) fn appends(&self) -> usize {
        self.appends.load(Ordering::Relaxed)
    }
}

pub(crate) fn away() -> StoreError {
    StoreError::Unavailable {
        store: "the store".to_owned(),
        detail: "away".to_owned(),
    }
}

pub(crate) fn refused() -> StoreError {
    StoreError::Refused {
        store: "the store".to_owned(),
        detail: "no".to_owned(),
    }
}

pub(crate) fn unknown() -> StoreError {
    StoreError::OutcomeUnknown {
        store: "the store".to_owned(),
        detail: "no answer".to_owned(),
    }
}

#[async_trait]
impl<W: Whim> EventStore for Wayward<W> {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let number = self.appends.fetch_add(1, Ordering::Relaxed);
        self.whim.before(number).await?;
        let appended = self.log.append(stream, expected, events).await?;
        self.whim.after(number).await?;
        Ok(appended)
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.whim.reading().await?;
        self.log.read_stream(stream, from, page).await
    }

    async fn read_all(&self, from: Position, page: Page) -> Result<Vec<RecordedEvent>, StoreError> {
        self.whim.reading().await?;
        self.log.read_all(from, page).await
    }

    async fn event_at(&self, position: Position) -> Result<Option<RecordedEvent>, StoreError> {
        self.log.event_at(position).await
    }

    async fn position_before(&self, time: Timestamp) -> Result<Position, StoreError> {
        self.log.position_before(time).await
    }

    async fn subscribe_all(&self, after: Position) -> Result<Subscription, StoreError> {
        self.log.subscribe_all(after).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.log.head().await
    }

    async fn close(&self) {
        self.log.close().await;
    }
}
