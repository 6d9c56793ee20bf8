//! Opens connections, and makes sure that the file is a log of Madang that this version can read.
//!
//! A file is never touched before it is known to be ours or empty: changing the journal mode of
//! somebody else's database would already be a write.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::file::LogFile;
use crate::event_store::StoreError;

/// "MDNG": what `PRAGMA application_id` says of a log.
const APPLICATION_ID: i64 = 0x4d44_4e47;
/// What `PRAGMA user_version` says of this layout.
const VERSION: i64 = 1;
/// Rows that wait between SQLite's thread and the reader of a query; the default of 50 makes the
/// two wait for each other.
const ROWS_UNDER_WAY: usize = 1024;

const IDENTITY: &str = "SELECT \
    (SELECT application_id FROM pragma_application_id), \
    (SELECT user_version FROM pragma_user_version), \
    (SELECT count(*) FROM sqlite_schema)";

const SETTINGS: &str = "PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; \
    PRAGMA wal_autocheckpoint = 4000; \
    PRAGMA journal_size_limit = 67108864;";

// The unique index is what makes a stream's revisions unique even if the writer were wrong, and
// what reads of one stream go by.
const CREATE: &str = "BEGIN IMMEDIATE; \
    CREATE TABLE event ( \
        position INTEGER NOT NULL PRIMARY KEY, \
        stream TEXT NOT NULL, \
        revision INTEGER NOT NULL, \
        event_id BLOB NOT NULL, \
        event_type TEXT NOT NULL, \
        data TEXT NOT NULL, \
        metadata TEXT NOT NULL, \
        recorded_at INTEGER NOT NULL \
    ) STRICT; \
    CREATE UNIQUE INDEX event_by_stream ON event (stream, revision); \
    PRAGMA application_id = 1296322119; \
    PRAGMA user_version = 1; \
    COMMIT;";

// A file that may only be read opens without a word, and even `BEGIN IMMEDIATE` is silently made a
// read: only a write tells.
const WRITE_NOTHING: &str = "BEGIN IMMEDIATE; PRAGMA user_version = 1; ROLLBACK;";

/// How every connection to the log is opened; the caches are kept small because the operating
/// system caches the file anyway.
fn options(file: &LogFile) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file.path())
        .pragma("cache_size", "-1024")
        .row_buffer_size(ROWS_UNDER_WAY)
        .disable_statement_logging()
}

/// How a connection that only reads is opened.
pub(super) fn read_options(file: &LogFile) -> SqliteConnectOptions {
    options(file).read_only(true)
}

/// Connects to write, creating the file and its tables if they are missing.
pub(super) async fn connect(file: &LogFile) -> Result<SqliteConnection, StoreError> {
    let mut connection = options(file)
        .create_if_missing(true)
        .connect()
        .await
        .map_err(|e| file.failed(&e))?;
    match prepare(file, &mut connection).await {
        Ok(()) => Ok(connection),
        Err(error) => {
            close(connection).await;
            Err(error)
        }
    }
}

async fn prepare(file: &LogFile, connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let is_new = !is_log(file, connection).await?;
    let run = async |sql: &'static str, connection: &mut SqliteConnection| {
        sqlx::raw_sql(sql)
            .execute(connection)
            .await
            .map_err(|e| file.failed(&e))
    };
    run(SETTINGS, connection).await?;
    if is_new {
        run(CREATE, connection).await?;
    } else {
        run(WRITE_NOTHING, connection).await?;
    }
    Ok(())
}

/// Checks a file that must be a log already.
pub(super) async fn check(file: &LogFile) -> Result<(), StoreError> {
    let mut connection = read_options(file)
        .connect()
        .await
        .map_err(|e| file.failed(&e))?;
    let found = is_log(file, &mut connection).await;
    close(connection).await;
    if found? {
        Ok(())
    } else {
        Err(file.refused("the file is empty; start the server once, so that it becomes a log"))
    }
}

/// Whether the file is a log; `false` if there is nothing in it yet.
async fn is_log(file: &LogFile, connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let (application, version, tables): (i64, i64, i64) = sqlx::query_as(IDENTITY)
        .fetch_one(connection)
        .await
        .map_err(|e| file.failed(&e))?;
    match (application, version, tables) {
        (0, 0, 0) => Ok(false),
        (APPLICATION_ID, VERSION, _) => Ok(true),
        (APPLICATION_ID, _, _) => Err(file.refused(format!(
            "the log has format {version}, this program writes format {VERSION}; \
             run the version of Madang that wrote it, or a newer one"
        ))),
        _ => Err(file
            .refused("this SQLite file belongs to another program; name another or move it away")),
    }
}

/// Closes a connection that is no longer needed; whatever it had not committed is gone.
pub(super) async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "closing a connection to the event log failed");
    }
}
