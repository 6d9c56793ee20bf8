//! The one writer of the log: takes appends from a bounded queue and commits all that wait as one
//! transaction, so that the cost of making it durable is shared.
//!
//! What must hold: nobody is answered before the commit; positions have no gaps, also after a
//! failed transaction, because the number of the newest event is only moved by a commit or read
//! from the file; after any error the connection is given up, since SQLite may or may not have
//! rolled back by itself.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnection, SqlitePool};
use tokio::sync::{Notify, mpsc, watch};

use super::batch::{Batch, Job, Judgement, repeated};
use super::file::LogFile;
use super::recent::Recent;
use super::{insert, schema};
use crate::ambient::{Clock, jittered};
use crate::domain::Timestamp;
use crate::event_store::{AppendError, Appended, Position, StoreError, StreamName};
use crate::file_lock::FileLock;

/// A transaction takes no more events once it has this many.
const BATCH_EVENTS: usize = 1024;
/// A transaction takes no more events once it has this many bytes.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How often a batch tries to get a connection back before it gives up.
const RECONNECTS: u32 = 3;
const FIRST_RECONNECT_AFTER: Duration = Duration::from_millis(100);

type Verdict = Result<Appended, AppendError>;

/// All that the writer needs, and the lock that makes it the only one.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) file: LogFile,
    pub(super) clock: Clock,
    pub(super) queue: mpsc::Receiver<Job>,
    pub(super) stop: Arc<Notify>,
    pub(super) head: watch::Sender<Position>,
    pub(super) recent: Recent,
    pub(super) readers: SqlitePool,
    pub(super) _lock: FileLock,
}

/// An open connection and what stands at the end of the log.
#[derive(Debug)]
struct Connected {
    connection: SqliteConnection,
    newest: u64,
    recorded_at: Timestamp,
}

impl Writer {
    /// Serves the queue until it is closed and empty. The reader's connections are closed before
    /// the writer's, because only the last to close that may write can empty the WAL; the lock
    /// goes last of all.
    pub(super) async fn run(mut self, connection: SqliteConnection) {
        let mut connected = self.look_at_the_end(connection).await.ok();
        while let Some(batch) = self.next_batch().await {
            connected = self.serve(connected, batch).await;
        }
        self.readers.close().await;
        if let Some(connected) = connected {
            schema::close(connected.connection).await;
        }
    }

    /// Waits for an append and takes all that wait with it; `None` once there will be none.
    async fn next_batch(&mut self) -> Option<Vec<Job>> {
        let first = loop {
            tokio::select! {
                biased;
                job = self.queue.recv() => break job?,
                () = self.stop.notified() => self.queue.close(),
            }
        };
        // Those who were just answered may have more to append: let them run first, so that they
        // share this transaction rather than wait for the next.
        tokio::task::yield_now().await;
        let mut events = first.events.len();
        let mut bytes = first.bytes;
        let mut batch = vec![first];
        while events < BATCH_EVENTS && bytes < BATCH_BYTES {
            let Ok(job) = self.queue.try_recv() else {
                break;
            };
            events += job.events.len();
            bytes += job.bytes;
            batch.push(job);
        }
        Some(batch)
    }

    /// Decides, commits and answers a batch; hands the connection on if it is still good.
    async fn serve(&self, connected: Option<Connected>, mut batch: Vec<Job>) -> Option<Connected> {
        let outcome = match connected {
            Some(connected) => Ok(connected),
            None => self.reconnect().await,
        };
        let mut connected = match outcome {
            Ok(connected) => connected,
            Err(error) => {
                fail(batch, &error);
                return None;
            }
        };
        let outcome = self.commit(&mut connected, &mut batch).await;
        // Also after an error: what could not be confirmed may have been committed.
        for job in &batch {
            self.recent.changed(&job.stream);
        }
        match outcome {
            Ok(verdicts) => {
                self.head.send_replace(Position::new(0, connected.newest));
                for (job, verdict) in batch.into_iter().zip(verdicts) {
                    // Whoever went away does not want the answer.
                    let _ = job.answer.send(verdict);
                }
                Some(connected)
            }
            Err(error) => {
                tracing::error!(%error, "appends failed");
                schema::close(connected.connection).await;
                fail(batch, &error);
                None
            }
        }
    }

    /// One transaction. An error says whether it may have been committed.
    async fn commit(
        &self,
        connected: &mut Connected,
        batch: &mut [Job],
    ) -> Result<Vec<Verdict>, StoreError> {
        let recorded_at = self.clock.now().max(connected.recorded_at);
        let failed = |e| self.file.failed(&e);
        let streams = streams_of(batch);
        let connection = &mut connected.connection;
        let heads = insert::begin(connection, &streams).await.map_err(failed)?;
        let heads = streams.into_iter().zip(heads);
        let mut plan = Batch::new(connected.newest, recorded_at, heads);
        let mut verdicts = Vec::with_capacity(batch.len());
        for job in batch {
            let verdict = decide(&mut plan, connection, job).await.map_err(failed)?;
            verdicts.push(verdict);
        }
        let (rows, newest) = plan.into_rows();
        if rows.is_empty() {
            insert::roll_back(connection).await.map_err(failed)?;
            return Ok(verdicts);
        }
        insert::insert(connection, rows).await.map_err(failed)?;
        insert::commit(connection)
            .await
            .map_err(|e| self.file.commit_failed(&e))?;
        connected.newest = newest;
        connected.recorded_at = recorded_at;
        Ok(verdicts)
    }

    async fn reconnect(&self) -> Result<Connected, StoreError> {
        let mut wait = FIRST_RECONNECT_AFTER;
        let mut tries = 1;
        loop {
            match self.try_reconnect().await {
                Ok(connected) => return Ok(connected),
                Err(error) if tries == RECONNECTS => return Err(error),
                Err(error) => tracing::warn!(%error, "the event log cannot be opened again yet"),
            }
            tokio::time::sleep(jittered(wait)).await;
            wait *= 2;
            tries += 1;
        }
    }

    /// A failed sync leaves it open whether what the WAL shows is on the disk, and a later sync
    /// need not write it again. So before anything is built on it, it is copied into the file.
    async fn try_reconnect(&self) -> Result<Connected, StoreError> {
        let mut connection = schema::connect(&self.file).await?;
        match insert::checkpoint(&mut connection).await {
            Ok(true) => self.look_at_the_end(connection).await,
            Ok(false) => {
                schema::close(connection).await;
                Err(self
                    .file
                    .unavailable("readers kept the log from being checked"))
            }
            Err(error) => {
                schema::close(connection).await;
                Err(self.file.failed(&error))
            }
        }
    }

    async fn look_at_the_end(
        &self,
        mut connection: SqliteConnection,
    ) -> Result<Connected, StoreError> {
        match insert::newest(&mut connection).await {
            Ok((newest, recorded_at)) => {
                self.recent.all_changed();
                self.head.send_replace(Position::new(0, newest));
                Ok(Connected {
                    connection,
                    newest,
                    recorded_at,
                })
            }
            Err(error) => {
                schema::close(connection).await;
                Err(self.file.failed(&error))
            }
        }
    }
}

async fn decide(
    plan: &mut Batch,
    connection: &mut SqliteConnection,
    job: &mut Job,
) -> Result<Verdict, sqlx::Error> {
    match plan.judge(job) {
        Judgement::Next => Ok(Ok(plan.write(job))),
        Judgement::Wrong => Ok(Err(plan.wrong(job))),
        Judgement::Taken => {
            let first = job.expected.first();
            let count = job.events.len();
            let mut standing = insert::standing(connection, &job.stream, first, count).await?;
            standing.extend_from_slice(plan.written_at(job));
            Ok(repeated(job, &standing).ok_or_else(|| plan.wrong(job)))
        }
    }
}

fn streams_of(batch: &[Job]) -> Vec<StreamName> {
    let mut streams: Vec<StreamName> = batch.iter().map(|job| job.stream.clone()).collect();
    streams.sort_unstable();
    streams.dedup();
    streams
}

fn fail(batch: Vec<Job>, error: &StoreError) {
    for job in batch {
        let _ = job.answer.send(Err(error.clone().into()));
    }
}
