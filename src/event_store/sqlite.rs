//! The embedded event log: one SQLite file that belongs to one process.
//!
//! An acknowledged append survives `kill -9` and the loss of power: the journal is a WAL that is
//! synced at each commit (`synchronous=FULL`). To share the cost of syncing, one writer commits all
//! appends that wait as one transaction. Positions are 1, 2, 3 … without gaps.
//!
//! A repeated append is found where it would stand, at (stream, expected + 1 …), so event ids need
//! no index. Left out on purpose: deleting events, several writers, and polling by other processes
//! except for auditors ([`SqliteLog::open_read_only`]).

mod batch;
mod file;
mod insert;
mod read;
mod recent;
mod schema;
mod subscription;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use self::batch::Job;
use self::file::LogFile;
use self::read::Readers;
use self::recent::Recent;
use self::subscription::News;
use self::writer::Writer;
use super::{
    AppendError, Appended, EventStore, Expected, NewEvent, Page, Position, RecordedEvent,
    StoreError, StreamName, Subscription, append_size,
};
use crate::ambient::Clock;
use crate::domain::{Revision, Timestamp};
use crate::file_lock::FileLock;

/// The most appends that wait for the writer.
pub const QUEUE_LIMIT: usize = 1024;
/// How long an append waits for a place in the queue before it is told that the log is busy.
pub const QUEUE_WAIT: Duration = Duration::from_secs(3);

/// A log in a SQLite file.
#[derive(Debug)]
pub struct SqliteLog {
    readers: Readers,
    writing: Option<Writing>,
}

/// The way to the writer task.
#[derive(Debug)]
struct Writing {
    queue: mpsc::Sender<Job>,
    stop: Arc<Notify>,
    head: watch::Receiver<Position>,
    recent: Recent,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteLog {
    /// Opens the log at `path` for this process alone, creating it and its directory if missing.
    pub async fn open(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        let file = LogFile::at(path);
        if let Some(directory) = file.path().parent() {
            tokio::fs::create_dir_all(directory)
                .await
                .map_err(|e| file.refused(format!("its directory cannot be made: {e}")))?;
        }
        let lock = FileLock::acquire(file.path()).map_err(|e| file.refused(e.detail()))?;
        let connection = schema::connect(&file).await?;
        let readers = Readers::of(file.clone());
        let first = readers.head().await?;
        let (queue, jobs) = mpsc::channel(QUEUE_LIMIT);
        let (publish, head) = watch::channel(first);
        let stop = Arc::new(Notify::new());
        let recent = Recent::new();
        let writer = Writer {
            file,
            clock,
            queue: jobs,
            stop: Arc::clone(&stop),
            head: publish,
            recent: recent.clone(),
            readers: readers.pool.clone(),
            _lock: lock,
        };
        let task = Mutex::new(Some(tokio::spawn(writer.run(connection))));
        let writing = Some(Writing {
            queue,
            stop,
            head,
            recent,
            task,
        });
        Ok(Self { readers, writing })
    }

    /// Opens the log at `path` beside the process that writes it. Appends are refused.
    ///
    /// Takes a clock so that it is opened like any other log; a log that is only read needs none.
    pub async fn open_read_only(path: &Path, _clock: Clock) -> Result<Self, StoreError> {
        let file = LogFile::at(path);
        if !file.path().exists() {
            return Err(file.refused("there is no such file"));
        }
        schema::check(&file).await?;
        Ok(Self {
            readers: Readers::of(file),
            writing: None,
        })
    }

    /// Takes no more appends, finishes those that wait, and lets the file go.
    pub async fn close(&self) {
        let Some(writing) = &self.writing else {
            return self.readers.pool.close().await;
        };
        writing.stop.notify_one();
        let mut task = writing.task.lock().await;
        if let Some(running) = task.take()
            && let Err(error) = running.await
        {
            tracing::error!(%error, "the writer of the event log died");
        }
    }

    async fn enqueue(&self, queue: &mpsc::Sender<Job>, job: Job) -> Result<(), StoreError> {
        let file = &self.readers.file;
        match queue.send_timeout(job, QUEUE_WAIT).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(file.busy()),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => {
                Err(file.unavailable("the log is closed"))
            }
        }
    }
}

#[async_trait]
impl EventStore for SqliteLog {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let bytes = append_size(&events)?;
        let file = &self.readers.file;
        let Some(writing) = &self.writing else {
            return Err(file.refused("the log was opened to be read only").into());
        };
        let (answer, answered) = oneshot::channel();
        let job = Job {
            stream: stream.clone(),
            expected,
            events,
            bytes,
            answer,
        };
        self.enqueue(&writing.queue, job).await?;
        answered
            .await
            .unwrap_or_else(|_| Err(file.outcome_unknown("the writer died").into()))
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let read = self.readers.stream(stream, from, page);
        match &self.writing {
            Some(writing) => writing.recent.or_read((stream, from, page), read).await,
            // Another process writes: only the file can tell.
            None => read.await,
        }
    }

    async fn read_all(&self, from: Position, page: Page) -> Result<Vec<RecordedEvent>, StoreError> {
        self.readers.all(from, page).await
    }

    async fn event_at(&self, position: Position) -> Result<Option<RecordedEvent>, StoreError> {
        self.readers.at(position).await
    }

    async fn position_before(&self, time: Timestamp) -> Result<Position, StoreError> {
        self.readers.before(time).await
    }

    /// A time is never taken that is earlier than the last one.
    fn skew(&self) -> i64 {
        0
    }

    async fn subscribe_all(&self, after: Position) -> Result<Subscription, StoreError> {
        let head = self.head().await?;
        if after > head {
            let detail = format!("checkpoint past the head: {after} is after {head}");
            return Err(self.readers.file.refused(detail));
        }
        let news = match &self.writing {
            Some(writing) => News::Published(writing.head.clone()),
            None => News::Looked,
        };
        Ok(subscription::start(self.readers.clone(), news, after))
    }

    async fn head(&self) -> Result<Position, StoreError> {
        match &self.writing {
            Some(writing) => Ok(*writing.head.borrow()),
            None => self.readers.head().await,
        }
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}
