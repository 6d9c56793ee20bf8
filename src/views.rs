//! The SQL store that projections write and queries read: an embedded file (`sqlite`) or a server that
//! many nodes share.
//!
//! Whoever writes or reads takes a connection and speaks through it (`connection`, `statement`,
//! `rows`), without knowing which of the two it is; where their SQL differs, `dialect` knows.

pub mod connection;
mod database;
pub mod dialect;
mod mysql;
pub mod rows;
mod sqlite;
pub mod statement;

use std::sync::Arc;

use crate::domain::{ArticleId, BoardId};
use crate::file_lock::{FileLock, FileLockError};

pub use connection::{Connection, Pool, Transaction};
pub use database::{Database, MalformedUrl, ServerUrl};
pub use mysql::Shadow;
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
    /// Anything may have changed: somebody else has moved the views on, or replaced them.
    pub everything: bool,
}

impl Touched {
    /// What is to be told when nobody can tell what changed.
    pub fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }
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
    /// The server cannot be reached, or not now. It passes: try again.
    #[error("{place}: {why}")]
    Unreachable {
        /// Where they are.
        place: String,
        /// What is in the way.
        why: String,
    },
    /// The server answers and cannot keep the views, or not in this database.
    #[error("{place}: {why}")]
    Refused {
        /// Where they are.
        place: String,
        /// What is wrong, and what to do about it.
        why: String,
    },
    /// Nobody knows whether the new views have taken the place of the old ones.
    #[error("{place}: {why}; whether the new views are in place is not known: replay again")]
    Unsure {
        /// Where they are.
        place: String,
        /// What the last that was heard is.
        why: String,
    },
    /// Somebody else's database.
    #[error("{place}: a database, but not views of Madang; name another one")]
    Foreign {
        /// Where they are.
        place: String,
    },
}

/// What a node does with the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It folds into them, and makes them if there are none.
    Write,
    /// It reads them, and waits for others to make them.
    Read,
}

impl ViewsError {
    /// Whether it may be better later, without anybody doing anything about it.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// The open views. Cheap to clone; all clones share the connections.
#[derive(Clone, Debug)]
pub struct Views {
    place: Arc<str>,
    writer: Pool,
    readers: Pool,
    server: Option<ServerUrl>,
    _lock: Option<Arc<FileLock>>,
}

impl Views {
    /// Opens the views and brings their schema up to date; a file is created if it is missing.
    pub async fn open(database: &Database) -> Result<Self, ViewsError> {
        let views = Self::begin(database).await?;
        views.prepare(Access::Write).await?;
        views.admit_readers();
        Ok(views)
    }

    /// Opens a file, or only names a database on a server: that one has to be prepared, and readers to
    /// be admitted, before anybody can read from it.
    pub async fn begin(database: &Database) -> Result<Self, ViewsError> {
        match database {
            Database::File(path) => Self::open_file(path).await,
            Database::Server(url) => Ok(mysql::open_lazily(url)),
        }
    }

    /// Looks whether the server and the database can keep the views, and makes the tables or brings
    /// them up to date if `access` allows. Does nothing to a file, which is ready when it is open.
    pub async fn prepare(&self, access: Access) -> Result<(), ViewsError> {
        match &self.server {
            Some(url) => mysql::prepare(url, access).await,
            None => Ok(()),
        }
    }

    /// Makes the table of node numbers on the server, if it is missing and the database is a place for
    /// views: empty, or with some in it. It is no view, so a replay leaves it alone. A file has none.
    pub async fn prepare_leases(&self) -> Result<(), ViewsError> {
        match &self.server {
            Some(url) => mysql::prepare_leases(url).await,
            None => Ok(()),
        }
    }

    /// What it means that a statement failed: whether that passes, or what to do about it.
    pub fn explained(&self, error: sqlx::Error) -> ViewsError {
        match &self.server {
            Some(url) => mysql::classified(url, error),
            None => ViewsError::Database {
                place: self.place.to_string(),
                source: error,
            },
        }
    }

    /// Lets no readers in until they are admitted: nobody knows yet whether these are views of the
    /// log. On a server that goes without saying.
    pub fn hold_readers(&self) {
        self.readers.hold();
    }

    /// Lets readers in: what is in the database may be believed.
    pub fn admit_readers(&self) {
        self.readers.admit();
    }

    /// Makes new and empty views beside those on a server, to be put into their place.
    pub async fn shadow(url: &ServerUrl) -> Result<Shadow, ViewsError> {
        Shadow::begin(url).await
    }

    /// Whether other nodes may use them, too.
    pub fn is_shared(&self) -> bool {
        self.server.is_some()
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
