//! The SQL store that projections write and queries read: an embedded file (`sqlite`) or a server that
//! many nodes share.
//!
//! Whoever writes or reads takes a connection and speaks through it (`connection`, `statement`,
//! `rows`), without knowing which of the two it is; where their SQL differs, `dialect` knows.

pub mod connection;
mod database;
pub mod dialect;
pub mod rows;
mod sqlite;
pub mod statement;

use std::sync::Arc;

use crate::domain::{ArticleId, BoardId};
use crate::file_lock::{FileLock, FileLockError};

pub use connection::{Connection, Pool, Transaction};
pub use database::Database;
pub use statement::{Row, Statement};

/// What a batch changed, for those who keep copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Articles that changed, or what readers did with them.
    pub articles: Vec<ArticleId>,
    /// Boards whose rows changed.
    pub boards: Vec<BoardId>,
    /// Boards whose lists of articles changed, or one of the articles in them.
    pub lists: Vec<BoardId>,
    /// Articles whose comments changed.
    pub threads: Vec<ArticleId>,
}

/// Why the views cannot be used. The texts are for operators.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The database said no.
    #[error("{place}: {source}")]
    Database {
        /// Where they are.
        place: String,
        /// What it said.
        source: sqlx::Error,
    },
    /// The schema is not what this release's migrations lead to.
    #[error("{place}: {source}; `madang replay --offline` rebuilds the views")]
    Migration {
        /// Where they are.
        place: String,
        /// What does not fit.
        source: sqlx::migrate::MigrateError,
    },
    /// Another process has the file.
    #[error(transparent)]
    Lock(#[from] FileLockError),
    /// Somebody else's database.
    #[error("{place}: a database, but not views of Madang; name another one")]
    Foreign {
        /// Where they are.
        place: String,
    },
}

/// The open views. Cheap to clone; all clones share the connections.
#[derive(Clone, Debug)]
pub struct Views {
    place: Arc<str>,
    writer: Pool,
    readers: Pool,
    _lock: Option<Arc<FileLock>>,
}

impl Views {
    /// Opens the views and brings their schema up to date; a file is created if it is missing.
    pub async fn open(database: &Database) -> Result<Self, ViewsError> {
        match database {
            Database::File(path) => Self::open_file(path).await,
        }
    }

    /// Where they are, for operators.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The connections that write.
    pub fn writer(&self) -> &Pool {
        &self.writer
    }

    /// The connections that read.
    pub fn readers(&self) -> &Pool {
        &self.readers
    }

    /// Closes all connections; the last one to a file folds the write-ahead log into it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
