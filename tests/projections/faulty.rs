//! A log whose subscriptions can be made to fail.

use std::sync::Arc;

use async_trait::async_trait;
use madang::domain::{Revision, Timestamp};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{
    AppendError, Appended, EventStore, Expected, NewEvent, Page, Position, RecordedEvent,
    StoreError, StreamName, Subscription,
};
use tokio::sync::{mpsc, watch};

/// What subscriptions do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// They report.
    Fine,
    /// They break off, and none can be had.
    Broken,
    /// They end without a word.
    Ending,
    /// They are silent.
    Silent,
}

/// A log in a mood.
pub(crate) struct Moody {
    log: Arc<SqliteLog>,
    mood: watch::Receiver<Mood>,
    /// How often somebody has subscribed.
    asked: watch::Sender<u32>,
}

impl Moody {
    /// The log, with what sets its mood, and how often somebody has subscribed.
    pub(crate) fn over(
        log: &Arc<SqliteLog>,
        mood: Mood,
    ) -> (Arc<Self>, watch::Sender<Mood>, watch::Receiver<u32>) {
        let (set, mood) = watch::channel(mood);
        let (asked, count) = watch::channel(0);
        let log = Arc::clone(log);
        (Arc::new(Self { log, mood, asked }), set, count)
    }
}

fn broken() -> StoreError {
    StoreError::Unavailable {
        store: "a log".to_owned(),
        detail: "in a bad mood".to_owned(),
    }
}

#[async_trait]
impl EventStore for Moody {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.log.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.log.read_stream(stream, from, page).await
    }

    async fn read_all(&self, from: Position, page: Page) -> Result<Vec<RecordedEvent>, StoreError> {
        self.log.read_all(from, page).await
    }

    async fn event_at(&self, position: Position) -> Result<Option<RecordedEvent>, StoreError> {
        self.log.event_at(position).await
    }

    async fn position_before(&self, time: Timestamp) -> Result<Position, StoreError> {
        self.log.position_before(time).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.log.head().await
    }

    async fn close(&self) {
        self.log.close().await;
    }

    async fn subscribe_all(&self, after: Position) -> Result<Subscription, StoreError> {
        self.asked.send_modify(|count| *count += 1);
        let mut mood = self.mood.clone();
        let (reports, receiver) = mpsc::channel(64);
        let begun = *mood.borrow_and_update();
        match begun {
            Mood::Broken => return Err(broken()),
            Mood::Ending => return Ok(Subscription::new(receiver)),
            Mood::Fine | Mood::Silent => {}
        }
        let mut inner = self.log.subscribe_all(after).await?;
        tokio::spawn(async move {
            let mut batch = Vec::new();
            loop {
                tokio::select! {
                    changed = mood.changed() => {
                        if changed.is_ok() && *mood.borrow() == Mood::Broken {
                            let _ = reports.send(Err(broken())).await;
                        }
                        return;
                    }
                    read = inner.next_batch(&mut batch, 64), if begun == Mood::Fine => {
                        if read == 0 {
                            return;
                        }
                    }
                }
                for report in batch.drain(..) {
                    if reports.send(report).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(Subscription::new(receiver))
    }
}
