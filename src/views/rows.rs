//! Statements over many rows at once, in a few fixed sizes, so that each text is prepared once.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, SqliteConnection};

use crate::event_store::Position;

/// The numbers of rows that statements are made for, largest first.
const SIZES: [usize; 5] = [256, 64, 16, 4, 1];

/// Cuts `total` rows into runs of the sizes that statements are made for.
pub fn runs(total: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= total - start)?;
        start += size;
        Some(start - size..start)
    })
}

/// A statement for one run: `text` with its one `{}` replaced by `rows` times `row`, separated by
/// commas.
pub fn statement(text: &'static str, row: &'static str, rows: usize) -> &'static str {
    // One text per place in the source and size: a small, closed set, so leaking it is a cache.
    type Texts = HashMap<(&'static str, usize), &'static str>;
    static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts.entry((text, rows)).or_insert_with(|| {
        let list = vec![row; rows].join(", ");
        Box::leak(text.replacen("{}", &list, 1).into_boxed_str())
    })
}

/// A statement that takes its values by position.
pub type Statement = Query<'static, Sqlite, SqliteArguments>;

/// Asks for the rows of all `keys`, in as few statements as there are runs. `bind` binds one key.
pub async fn fetch<K>(
    transaction: &mut SqliteConnection,
    (text, row): (&'static str, &'static str),
    keys: &[K],
    bind: impl Fn(Statement, &K) -> Statement,
) -> sqlx::Result<Vec<SqliteRow>> {
    let mut found = Vec::new();
    for run in runs(keys.len()) {
        let query = sqlx::query(statement(text, row, run.len()));
        let query = keys[run].iter().fold(query, &bind);
        found.append(&mut query.fetch_all(&mut *transaction).await?);
    }
    Ok(found)
}

/// As [`fetch`], of a text that answers with one row and column: a JSON array of rows. A row by itself
/// costs a change of threads, which is more than finding it.
pub async fn fetch_packed<K, R: DeserializeOwned>(
    transaction: &mut SqliteConnection,
    statement: (&'static str, &'static str),
    keys: &[K],
    bind: impl Fn(Statement, &K) -> Statement,
) -> sqlx::Result<Vec<R>> {
    let mut found = Vec::new();
    for packed in fetch(transaction, statement, keys, bind).await? {
        let rows: Vec<R> = serde_json::from_str(packed.try_get(0)?)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        found.extend(rows);
    }
    Ok(found)
}

/// Writes all `rows`, in as few statements as there are runs. `bind` binds one row.
pub async fn write<R>(
    transaction: &mut SqliteConnection,
    (text, row): (&'static str, &'static str),
    rows: Vec<R>,
    bind: impl Fn(Statement, R) -> Statement,
) -> sqlx::Result<()> {
    let runs = runs(rows.len());
    let mut rows = rows.into_iter();
    for run in runs {
        let query = sqlx::query(statement(text, row, run.len()));
        let query = rows.by_ref().take(run.len()).fold(query, &bind);
        query.execute(&mut *transaction).await?;
    }
    Ok(())
}

/// A column that holds a position.
pub fn position(row: &SqliteRow, column: usize) -> sqlx::Result<Position> {
    let text: &str = row.try_get(column)?;
    text.parse()
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
