//! Connections to the views, whatever they are kept in.

use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqlitePool};

use super::dialect::{Dialect, spelled};
use super::mysql::{Lease, ServerPool};
use super::statement::{Found, Row, Spoken, Statement};

/// Some connections. Cheap to clone; all clones share them.
#[derive(Clone, Debug)]
pub struct Pool(pub(super) Pooled);

#[derive(Clone, Debug)]
pub(super) enum Pooled {
    Sqlite(FilePool),
    Server(ServerPool),
}

/// Connections to a file.
#[derive(Clone, Debug)]
pub(super) struct FilePool {
    pool: SqlitePool,
    /// Whether nobody may have one yet.
    held: Arc<AtomicBool>,
}

impl FilePool {
    pub(super) fn of(pool: SqlitePool) -> Self {
        let held = Arc::default();
        Self { pool, held }
    }

    fn admitted(&self) -> sqlx::Result<&SqlitePool> {
        if self.held.load(Ordering::Acquire) {
            let why = "the views are not open yet";
            return Err(sqlx::Error::Io(io::Error::other(why)));
        }
        Ok(&self.pool)
    }
}

impl Pool {
    /// Takes a connection, waiting for one for a bounded time.
    pub async fn acquire(&self) -> sqlx::Result<Connection> {
        match &self.0 {
            Pooled::Sqlite(file) => {
                let connection = file.admitted()?.acquire().await?;
                Ok(Connection(Held::Sqlite(connection)))
            }
            Pooled::Server(pool) => Ok(Connection(Held::Server(pool.acquire().await?))),
        }
    }

    /// Takes a connection and begins a transaction.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        match &self.0 {
            Pooled::Sqlite(file) => {
                let transaction = file.admitted()?.begin().await?;
                Ok(Transaction(Connection(Held::Begun(transaction))))
            }
            Pooled::Server(pool) => Ok(Transaction(Connection(Held::Server(pool.begin().await?)))),
        }
    }

    pub(super) async fn close(&self) {
        match &self.0 {
            Pooled::Sqlite(file) => file.pool.close().await,
            Pooled::Server(pool) => pool.close().await,
        }
    }

    pub(super) fn admit(&self) {
        match &self.0 {
            Pooled::Sqlite(file) => file.held.store(false, Ordering::Release),
            Pooled::Server(pool) => pool.open(),
        }
    }

    /// Lets nobody in until [`admit`](Self::admit), which a server's readers wait for anyway.
    pub(super) fn hold(&self) {
        if let Pooled::Sqlite(file) = &self.0 {
            file.held.store(true, Ordering::Release);
        }
    }
}

/// A connection, until it is dropped.
pub struct Connection(Held);

enum Held {
    Sqlite(PoolConnection<Sqlite>),
    Begun(sqlx::Transaction<'static, Sqlite>),
    /// In a transaction or not: the lease knows.
    Server(Lease),
}

/// A connection in a transaction, which is rolled back unless it is committed.
pub struct Transaction(Connection);

impl Connection {
    /// What it speaks.
    pub fn dialect(&self) -> Dialect {
        match &self.0 {
            Held::Sqlite(_) | Held::Begun(_) => Dialect::Sqlite,
            Held::Server(_) => Dialect::MySql,
        }
    }

    /// A statement for this connection. The text is one that both dialects know, but for the joins
    /// whose order is to be kept, which are `CROSS JOIN`s, and for `INDEXED BY` an index.
    pub fn statement(&self, text: &'static str) -> Statement {
        let text = spelled(self.dialect(), text);
        Statement(match self.dialect() {
            Dialect::Sqlite => Spoken::Sqlite(sqlx::query(text)),
            Dialect::MySql => Spoken::MySql(sqlx::query(text)),
        })
    }

    /// Runs a script: any number of statements, which take no values and answer nothing.
    pub async fn run(&mut self, script: &'static str) -> sqlx::Result<()> {
        let connection = match &mut self.0 {
            Held::Server(lease) => return lease.run(script).await,
            Held::Sqlite(connection) => &mut **connection,
            Held::Begun(connection) => &mut **connection,
        };
        sqlx::raw_sql(script).execute(connection).await?;
        Ok(())
    }

    pub(super) async fn execute(&mut self, statement: Statement) -> sqlx::Result<u64> {
        match (statement.0, &mut self.0) {
            (Spoken::Sqlite(query), Held::Sqlite(connection)) => {
                Ok(query.execute(&mut **connection).await?.rows_affected())
            }
            (Spoken::Sqlite(query), Held::Begun(connection)) => {
                Ok(query.execute(&mut **connection).await?.rows_affected())
            }
            (Spoken::MySql(query), Held::Server(lease)) => lease.execute(query).await,
            _ => Err(mixed_up()),
        }
    }

    pub(super) async fn fetch_all(&mut self, statement: Statement) -> sqlx::Result<Vec<Row>> {
        let found = match (statement.0, &mut self.0) {
            (Spoken::Sqlite(query), Held::Sqlite(connection)) => {
                query.fetch_all(&mut **connection).await?
            }
            (Spoken::Sqlite(query), Held::Begun(connection)) => {
                query.fetch_all(&mut **connection).await?
            }
            (Spoken::MySql(query), Held::Server(lease)) => {
                let found = lease.fetch_all(query).await?.into_iter();
                return Ok(found.map(|row| Row(Found::MySql(row))).collect());
            }
            _ => return Err(mixed_up()),
        };
        let found = found.into_iter();
        Ok(found.map(|row| Row(Found::Sqlite(row))).collect())
    }

    pub(super) async fn fetch_optional(
        &mut self,
        statement: Statement,
    ) -> sqlx::Result<Option<Row>> {
        let found = match (statement.0, &mut self.0) {
            (Spoken::Sqlite(query), Held::Sqlite(connection)) => {
                query.fetch_optional(&mut **connection).await?
            }
            (Spoken::Sqlite(query), Held::Begun(connection)) => {
                query.fetch_optional(&mut **connection).await?
            }
            (Spoken::MySql(query), Held::Server(lease)) => {
                let found = lease.fetch_all(query).await?.into_iter().next();
                return Ok(found.map(|row| Row(Found::MySql(row))));
            }
            _ => return Err(mixed_up()),
        };
        Ok(found.map(|row| Row(Found::Sqlite(row))))
    }
}

fn mixed_up() -> sqlx::Error {
    sqlx::Error::Protocol("a statement was made for another connection".to_owned())
}

impl Transaction {
    /// Makes all that was done durable, and seen by others.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self.0.0 {
            Held::Begun(transaction) => transaction.commit().await,
            Held::Server(lease) => lease.commit().await,
            Held::Sqlite(_) => Err(mixed_up()),
        }
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}
