//! Connections to the views, whatever they are kept in.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool};

use super::dialect::{Dialect, spelled};
use super::statement::{Found, Row, Spoken, Statement};

/// Some connections. Cheap to clone; all clones share them.
#[derive(Clone, Debug)]
pub struct Pool(pub(super) Pooled);

#[derive(Clone, Debug)]
pub(super) enum Pooled {
    Sqlite(SqlitePool),
}

impl Pool {
    /// Takes a connection, waiting for one for a bounded time.
    pub async fn acquire(&self) -> sqlx::Result<Connection> {
        match &self.0 {
            Pooled::Sqlite(pool) => Ok(Connection(Held::Sqlite(pool.acquire().await?))),
        }
    }

    /// Takes a connection and begins a transaction.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        match &self.0 {
            Pooled::Sqlite(pool) => {
                let transaction = pool.begin().await?;
                Ok(Transaction(Connection(Held::Begun(transaction))))
            }
        }
    }

    pub(super) async fn close(&self) {
        match &self.0 {
            Pooled::Sqlite(pool) => pool.close().await,
        }
    }
}

/// A connection, until it is dropped.
pub struct Connection(Held);

enum Held {
    Sqlite(PoolConnection<Sqlite>),
    Begun(sqlx::Transaction<'static, Sqlite>),
}

/// A connection in a transaction, which is rolled back unless it is committed.
pub struct Transaction(Connection);

impl Connection {
    /// What it speaks.
    pub fn dialect(&self) -> Dialect {
        match &self.0 {
            Held::Sqlite(_) | Held::Begun(_) => Dialect::Sqlite,
        }
    }

    /// A statement for this connection. The text is one that both dialects know, but for the joins
    /// whose order is to be kept: those are `CROSS JOIN`s.
    pub fn statement(&self, text: &'static str) -> Statement {
        let text = spelled(self.dialect(), text);
        Statement(match self.dialect() {
            Dialect::Sqlite => Spoken::Sqlite(sqlx::query(text)),
            Dialect::MySql => Spoken::MySql(sqlx::query(text)),
        })
    }

    /// Runs a script: any number of statements, which take no values and answer nothing.
    pub async fn run(&mut self, script: &'static str) -> sqlx::Result<()> {
        match &mut self.0 {
            Held::Sqlite(connection) => sqlx::raw_sql(script).execute(&mut **connection).await?,
            Held::Begun(connection) => sqlx::raw_sql(script).execute(&mut **connection).await?,
        };
        Ok(())
    }

    pub(super) async fn execute(&mut self, statement: Statement) -> sqlx::Result<u64> {
        match statement.0 {
            Spoken::Sqlite(query) => {
                let done = query.execute(self.sqlite()?).await?;
                Ok(done.rows_affected())
            }
            Spoken::MySql(_) => Err(mixed_up()),
        }
    }

    pub(super) async fn fetch_all(&mut self, statement: Statement) -> sqlx::Result<Vec<Row>> {
        match statement.0 {
            Spoken::Sqlite(query) => {
                let found = query.fetch_all(self.sqlite()?).await?;
                Ok(found
                    .into_iter()
                    .map(|row| Row(Found::Sqlite(row)))
                    .collect())
            }
            Spoken::MySql(_) => Err(mixed_up()),
        }
    }

    pub(super) async fn fetch_optional(
        &mut self,
        statement: Statement,
    ) -> sqlx::Result<Option<Row>> {
        match statement.0 {
            Spoken::Sqlite(query) => {
                let found = query.fetch_optional(self.sqlite()?).await?;
                Ok(found.map(|row| Row(Found::Sqlite(row))))
            }
            Spoken::MySql(_) => Err(mixed_up()),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "servers follow")]
    fn sqlite(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        match &mut self.0 {
            Held::Sqlite(connection) => Ok(connection),
            Held::Begun(connection) => Ok(connection),
        }
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
