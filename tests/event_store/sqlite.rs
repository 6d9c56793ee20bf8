//! The embedded log: the contract, and what one file promises besides.

mod file;
mod log;
mod process;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use madang::ambient::Clock;
use madang::event_store::EventStore;
use madang::event_store::sqlite::SqliteLog;
use tempfile::TempDir;

use super::contract::{Fixture, contract};

/// A log in a directory of its own.
pub(crate) struct InDirectory {
    directory: TempDir,
    log: Arc<SqliteLog>,
}

impl InDirectory {
    /// The file of the log.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("log.db")
    }

    /// The log itself.
    pub(crate) fn log(&self) -> Arc<SqliteLog> {
        Arc::clone(&self.log)
    }

    /// A log that tells the time by `clock`.
    pub(crate) async fn with_clock(clock: Clock) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(&directory.path().join("log.db"), clock).await;
        Self {
            directory,
            log: Arc::new(log.unwrap()),
        }
    }
}

#[async_trait]
impl Fixture for InDirectory {
    async fn open() -> Self {
        Self::with_clock(Clock::system()).await
    }

    fn store(&self) -> Arc<dyn EventStore> {
        self.log()
    }

    async fn reopen(&mut self) {
        self.log.close().await;
        let log = SqliteLog::open(&self.path(), Clock::system()).await;
        self.log = Arc::new(log.unwrap());
    }
}

contract!(InDirectory);
