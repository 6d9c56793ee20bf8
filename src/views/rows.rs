//! Statements over many rows at once, in a few fixed sizes, so that each text is prepared once.

use std::ops::Range;

use serde::de::DeserializeOwned;
use sqlx::FromRow;
use sqlx::mysql::MySqlRow;

use super::connection::Connection;
use super::dialect::{Dialect, Packed, Spelled, Upsert};
use super::statement::{Found, Row, Statement};
use crate::event_store::Position;

/// The numbers of rows that statements are made for, largest first.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// Cuts `total` rows into runs of the sizes that statements are made for.
pub fn runs(total: usize) -> impl Iterator<Item = Range<usize>> {
    runs_of(total, usize::MAX)
}

/// The same, of at most `most` rows each.
fn runs_of(total: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let most = most.min(total - start);
        let size = SIZES.into_iter().find(|size| *size <= most)?;
        start += size;
        Some(start - size..start)
    })
}

/// Asks for the rows of all `keys`, in as few statements as there are runs. `bind` binds one key.
pub async fn fetch<K>(
    transaction: &mut Connection,
    spelled: &Spelled,
    keys: &[K],
    bind: impl Fn(Statement, &K) -> Statement,
) -> sqlx::Result<Vec<Row>> {
    let mut found = Vec::new();
    for run in runs(keys.len()) {
        let text = spelled.text(transaction.dialect(), run.len());
        let statement = keys[run].iter().fold(transaction.statement(text), &bind);
        found.append(&mut statement.fetch_all(transaction).await?);
    }
    Ok(found)
}

/// As [`fetch`], of rows that are packed on their way where that is faster.
pub async fn fetch_packed<K, R>(
    transaction: &mut Connection,
    packed: &Packed,
    keys: &[K],
    bind: impl Fn(Statement, &K) -> Statement,
) -> sqlx::Result<Vec<R>>
where
    R: DeserializeOwned + for<'r> FromRow<'r, MySqlRow>,
{
    let mut found = Vec::new();
    for run in runs(keys.len()) {
        let text = packed.text(transaction.dialect(), run.len());
        let statement = keys[run].iter().fold(transaction.statement(text), &bind);
        for row in statement.fetch_all(transaction).await? {
            unpack(&row, &mut found)?;
        }
    }
    Ok(found)
}

fn unpack<R>(row: &Row, found: &mut Vec<R>) -> sqlx::Result<()>
where
    R: DeserializeOwned + for<'r> FromRow<'r, MySqlRow>,
{
    match &row.0 {
        Found::Sqlite(_) => {
            let rows: Vec<R> = serde_json::from_str(row.try_get(0)?)
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            found.extend(rows);
        }
        Found::MySql(row) => found.push(R::from_row(row)?),
    }
    Ok(())
}

/// Writes all `rows`, in as few statements as there are runs. `bind` binds one row.
pub async fn write<R>(
    transaction: &mut Connection,
    spelled: &Spelled,
    rows: Vec<R>,
    bind: impl Fn(Statement, R) -> Statement,
) -> sqlx::Result<()> {
    let most = spelled.most(transaction.dialect());
    let text = |dialect, rows| spelled.text(dialect, rows);
    write_runs(transaction, (text, most), rows, bind).await
}

/// As [`write()`], of rows that may be there already.
pub async fn upsert<R>(
    transaction: &mut Connection,
    upsert: &Upsert,
    rows: Vec<R>,
    bind: impl Fn(Statement, R) -> Statement,
) -> sqlx::Result<()> {
    let most = upsert.most(transaction.dialect());
    let text = |dialect, rows| upsert.text(dialect, rows);
    write_runs(transaction, (text, most), rows, bind).await
}

async fn write_runs<R>(
    transaction: &mut Connection,
    (text, most): (impl Fn(Dialect, usize) -> &'static str, usize),
    rows: Vec<R>,
    bind: impl Fn(Statement, R) -> Statement,
) -> sqlx::Result<()> {
    let runs = runs_of(rows.len(), most);
    let mut rows = rows.into_iter();
    for run in runs {
        let text = text(transaction.dialect(), run.len());
        let statement = transaction.statement(text);
        let rows = rows.by_ref().take(run.len());
        rows.fold(statement, &bind).execute(transaction).await?;
    }
    Ok(())
}

/// A column that holds a position.
pub fn position(row: &Row, column: usize) -> sqlx::Result<Position> {
    let text: &str = row.try_get(column)?;
    text.parse()
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
