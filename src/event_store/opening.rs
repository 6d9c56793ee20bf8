//! Where the log is kept, as the operator says it, and how it is opened there.

use std::path::PathBuf;
use std::sync::Arc;

use super::eventstoredb::{EventStoreDb, Limits};
use super::sqlite::SqliteLog;
use super::{EsdbUrl, EventStore, Position, StoreError};
use crate::ambient::Clock;

/// Where the log is kept.
#[derive(Clone, Debug)]
pub enum Log {
    /// In a file of one process's own.
    File(PathBuf),
    /// On an `EventStoreDB` or `KurrentDB` that many nodes may share.
    Server(Box<EsdbUrl>),
}

impl Log {
    /// Opens the log to be written. A file is created if it is missing, and belongs to this process
    /// then; a server is not asked yet.
    pub async fn open(&self, clock: Clock) -> Result<Arc<dyn EventStore>, StoreError> {
        match self {
            Self::File(path) => Ok(Arc::new(SqliteLog::open(path, clock).await?)),
            Self::Server(url) => Ok(on_server(url)),
        }
    }

    /// Opens the log to be read, also beside others who write it.
    pub async fn open_read_only(&self, clock: Clock) -> Result<Arc<dyn EventStore>, StoreError> {
        match self {
            Self::File(path) => Ok(Arc::new(SqliteLog::open_read_only(path, clock).await?)),
            Self::Server(url) => Ok(on_server(url)),
        }
    }

    /// Whether many processes may write it.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Where it is, for operators: without user and password.
    pub fn place(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Server(url) => url.to_string(),
        }
    }

    /// How far into the log a position lies: events in a file, where positions are 1, 2, 3 …, and
    /// bytes on a server, which counts in nothing else.
    pub fn distance(&self, position: Position) -> u64 {
        match self {
            Self::File(_) => position.prepare(),
            Self::Server(_) => position.commit(),
        }
    }
}

fn on_server(url: &EsdbUrl) -> Arc<dyn EventStore> {
    Arc::new(EventStoreDb::open(url, Limits::default()))
}
