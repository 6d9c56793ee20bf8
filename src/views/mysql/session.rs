//! What a connection is for, and how it is set up for it.

use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions as _, MySqlConnection};

use crate::views::database::ServerUrl;

/// How long making a connection may take, with all that has to be said at its beginning.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer may take that needs no work of the server.
pub(super) const ANSWER: Duration = Duration::from_secs(1);
/// How much longer this side waits for a statement than the server works on it: enough for the server
/// to say that it gave up, so that whoever hears nothing at all knows that it is not the statement.
const GRACE: Duration = Duration::from_millis(500);
/// Statements that a connection keeps prepared. More than there are texts and numbers of rows.
const PREPARED: usize = 512;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::views) enum Use {
    /// To fold, and to report. Sees what is committed: the guard on the checkpoint has to.
    Write,
    /// To answer readers. A transaction is one snapshot.
    Read,
    /// To make tables, once in a while.
    Build,
}

impl Use {
    /// Connections of this use at once.
    pub(super) fn connections(self) -> usize {
        match self {
            // The fold, and beside it the status report, a question for the checkpoint and the lease of
            // the node number, which must not be taken for silence because others wait for each other.
            Self::Write => 4,
            Self::Read => 16,
            Self::Build => 1,
        }
    }

    /// How long the server works on a statement.
    fn statement(self) -> Duration {
        match self {
            Self::Read => Duration::from_secs(2),
            Self::Write => Duration::from_secs(30),
            Self::Build => Duration::from_mins(10),
        }
    }

    /// How long this side waits for a statement.
    pub(super) fn patience(self) -> Duration {
        self.statement() + GRACE
    }

    /// How a transaction begins.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Read => "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            Self::Write | Self::Build => "START TRANSACTION READ WRITE",
        }
    }

    /// What is said at the beginning. Each server has a limit of its own for statements, in a comment
    /// that the other one skips. `wait_timeout` bounds for how long the locks of a node that vanished
    /// without a word are held.
    fn greeting(self) -> String {
        let isolation = match self {
            Self::Read => "REPEATABLE READ",
            Self::Write | Self::Build => "READ COMMITTED",
        };
        // A lock goes with its connection, which a long replay does not use in between.
        let idle = match self {
            Self::Read | Self::Write => 60,
            Self::Build => 86_400,
        };
        let (seconds, millis) = (self.statement().as_secs(), self.statement().as_millis());
        format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL {isolation}; \
             SET NAMES utf8mb4 COLLATE utf8mb4_bin, SESSION autocommit = 1, \
             SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
             /*M! SESSION max_statement_time = {seconds}, */ \
             /*!80000 SESSION max_execution_time = {millis}, */ \
             SESSION innodb_lock_wait_timeout = 10, SESSION lock_wait_timeout = 30, \
             SESSION wait_timeout = {idle}"
        )
    }
}

/// Connects for a use, to the database or only to the server. Waits for a bounded time.
pub(super) fn connect(
    url: &ServerUrl,
    database: Option<&str>,
    usage: Use,
) -> impl Future<Output = sqlx::Result<MySqlConnection>> + Send + use<> {
    let (options, greeting) = (options(url, database), usage.greeting());
    let connecting = async move {
        let mut connection = options.connect().await?;
        say(&mut connection, greeting).await?;
        Ok(connection)
    };
    async move {
        let connected = tokio::time::timeout(CONNECT, connecting).await;
        connected.unwrap_or_else(|_| Err(silent()))
    }
}

/// Runs statements that take no values. What they are made of is ours, or was looked at.
pub(super) async fn say(connection: &mut MySqlConnection, sql: String) -> sqlx::Result<()> {
    let said = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    bounded(said.execute(connection)).await?;
    Ok(())
}

/// What a statement answers, which may be a long one; waits for a bounded time.
pub(super) async fn bounded<T>(answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let answered = tokio::time::timeout(Use::Build.patience(), answer).await;
    answered.unwrap_or_else(|_| Err(silent()))
}

/// sqlx would change the session in ways of its own; the greeting says all of it.
fn options(url: &ServerUrl, database: Option<&str>) -> MySqlConnectOptions {
    url.options(database)
        .statement_cache_capacity(PREPARED)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(false)
        .disable_statement_logging()
}

/// The error of a server that does not answer.
pub(super) fn silent() -> sqlx::Error {
    let why = "the server does not answer";
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, why))
}
