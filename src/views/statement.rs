//! Statements and rows of either dialect, at the cost of a branch.

use sqlx::mysql::{MySql, MySqlArguments, MySqlRow};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Decode, Encode, Row as _, Type};

use super::connection::Connection;

/// A statement that takes its values by position. Made by [`Connection::statement`].
pub struct Statement(pub(super) Spoken);

pub(super) enum Spoken {
    Sqlite(Query<'static, Sqlite, SqliteArguments>),
    MySql(Query<'static, MySql, MySqlArguments>),
}

/// A row that was found.
pub struct Row(pub(super) Found);

pub(super) enum Found {
    Sqlite(SqliteRow),
    MySql(MySqlRow),
}

impl Statement {
    /// Binds the next value.
    #[must_use]
    pub fn bind<'t, T>(self, value: T) -> Self
    where
        T: Encode<'t, Sqlite> + Type<Sqlite> + Encode<'t, MySql> + Type<MySql>,
    {
        Self(match self.0 {
            Spoken::Sqlite(query) => Spoken::Sqlite(query.bind(value)),
            Spoken::MySql(query) => Spoken::MySql(query.bind(value)),
        })
    }

    /// Runs it; answers with how many rows it found to change.
    pub async fn execute(self, on: &mut Connection) -> sqlx::Result<u64> {
        on.execute(self).await
    }

    /// Runs it; answers with all rows that it found.
    pub async fn fetch_all(self, on: &mut Connection) -> sqlx::Result<Vec<Row>> {
        on.fetch_all(self).await
    }

    /// Runs it; answers with the row that it found, if it found one. For statements that find no more.
    pub async fn fetch_optional(self, on: &mut Connection) -> sqlx::Result<Option<Row>> {
        on.fetch_optional(self).await
    }

    /// Runs it; answers with the row that it found.
    pub async fn fetch_one(self, on: &mut Connection) -> sqlx::Result<Row> {
        let found = on.fetch_optional(self).await?;
        found.ok_or(sqlx::Error::RowNotFound)
    }
}

impl Row {
    /// The value of a column, from 0.
    ///
    /// What comes from MySQL is taken for what is asked for: it reports texts that compare bytewise as
    /// bytes, and sqlx would refuse to read those. The schema was looked at when the database was
    /// opened, so only the order of columns could be wrong, and any test would tell.
    pub fn try_get<'r, T>(&'r self, column: usize) -> sqlx::Result<T>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, MySql>,
    {
        match &self.0 {
            Found::Sqlite(row) => row.try_get(column),
            Found::MySql(row) => row.try_get_unchecked(column),
        }
    }
}
