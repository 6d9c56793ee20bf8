//! The views in a file that belongs to one process: one connection writes, a few read. A reader works
//! on a snapshot and never waits for the writer. The file may lose its last moments in a power failure
//! (`synchronous=NORMAL`): the checkpoint inside moves with the rows, so the projector folds those
//! moments again. It never loses consistency.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use super::connection::{FilePool, Pool, Pooled};
use super::{Views, ViewsError};
use crate::file_lock::FileLock;

/// Connections that read at once.
const READERS: u32 = 4;
/// How long a statement waits for a lock of another connection.
const BUSY: Duration = Duration::from_secs(5);
/// How long a request waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// Pages (of 4 KiB) after which the write-ahead log is folded into the file. More than SQLite's 1,000:
/// folding syncs twice, and a projector that catches up would spend its time on it.
const WAL_PAGES: &str = "4000";
/// How much of the file the writer may keep in memory, in KiB (negative, as SQLite wants it). A batch
/// of a projector that catches up touches more than the default of 2 MB: rows of many articles, and
/// of each comment two indexes. What does not fit is written to the log twice.
const WRITER_CACHE: &str = "-16384";
/// The same for a replay, which has nothing else to do and writes what does not fit to the file.
const SCRATCH_CACHE: &str = "-32768";
/// Marks the file as views of Madang, in SQLite's header (`Mdgv`).
const APPLICATION_ID: i64 = 0x4d64_6776;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

impl Views {
    /// Opens the file at `path` for this process alone, creates it if it is missing and brings its
    /// schema up to date.
    pub async fn open_file(path: &Path) -> Result<Self, ViewsError> {
        let lock = FileLock::acquire(path)?;
        Self::open_locked(path, Arc::new(lock)).await
    }

    /// Opens a file whose lock is held already, or that nobody else knows of.
    pub async fn open_locked(path: &Path, lock: Arc<FileLock>) -> Result<Self, ViewsError> {
        let writing = options(path)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", WAL_PAGES);
        Self::open_with((path, lock), writing, "PRAGMA journal_mode = WAL").await
    }

    /// Opens a file that is thrown away unless all that is about to be written is written: without a
    /// journal and without a sync, so it holds nothing of worth after a crash or a failed
    /// transaction. Whoever keeps it syncs it after closing.
    pub async fn open_scratch(path: &Path, lock: Arc<FileLock>) -> Result<Self, ViewsError> {
        let writing = options(path)
            .synchronous(SqliteSynchronous::Off)
            .journal_mode(SqliteJournalMode::Off)
            .locking_mode(SqliteLockingMode::Exclusive)
            .pragma("cache_size", SCRATCH_CACHE);
        Self::open_with((path, lock), writing, "PRAGMA journal_mode = OFF").await
    }

    async fn open_with(
        (path, lock): (&Path, Arc<FileLock>),
        writing: SqliteConnectOptions,
        journal: &'static str,
    ) -> Result<Self, ViewsError> {
        let fail = failed(path);
        let writing = writing.create_if_missing(true);
        let writer = pool(1).connect_with(writing).await.map_err(fail)?;
        own(&writer, path).await?;
        // Not before: in somebody else's database this would already be a write.
        sqlx::query(journal).execute(&writer).await.map_err(fail)?;
        MIGRATIONS
            .run(&writer)
            .await
            .map_err(|source| ViewsError::Migration {
                place: path.display().to_string(),
                source,
            })?;
        let readers = pool(READERS).connect_lazy_with(options(path).read_only(true));
        Ok(Self {
            place: path.display().to_string().into(),
            writer: Pool(Pooled::Sqlite(FilePool::of(writer))),
            readers: Pool(Pooled::Sqlite(FilePool::of(readers))),
            server: None,
            _lock: Some(lock),
        })
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .disable_statement_logging()
        .busy_timeout(BUSY)
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_release(|connection, _| Box::pin(is_clean(connection)))
}

/// Whether a connection may be used again. SQLite rolls back by itself after some errors (a full
/// disk, say); sqlx then fails to roll back, believes that the transaction goes on, and would make
/// each later one a part of it that nobody ever commits. The ping waits for a roll-back under way.
async fn is_clean(connection: &mut sqlx::SqliteConnection) -> sqlx::Result<bool> {
    use sqlx::Connection as _;
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Refuses a database that is not ours before anything is written into it.
async fn own(writer: &SqlitePool, path: &Path) -> Result<(), ViewsError> {
    let fail = failed(path);
    let id: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(writer)
        .await
        .map_err(fail)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(writer)
        .await
        .map_err(fail)?;
    match (id, tables) {
        (APPLICATION_ID, _) => Ok(()),
        (0, 0) => {
            let mark = format!("PRAGMA application_id = {APPLICATION_ID}");
            sqlx::query(sqlx::AssertSqlSafe(mark))
                .execute(writer)
                .await
                .map_err(fail)?;
            Ok(())
        }
        _ => Err(ViewsError::Foreign {
            place: path.display().to_string(),
        }),
    }
}

fn failed(path: &Path) -> impl Fn(sqlx::Error) -> ViewsError + Copy {
    move |source| ViewsError::Database {
        place: path.display().to_string(),
        source,
    }
}
