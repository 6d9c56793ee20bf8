//! The statements of the writer: few round trips per transaction, whatever the batch.
//!
//! Every statement costs a change of thread to SQLite's own and back, so rows are inserted many at
//! a time, in a few fixed numbers: each number is one text, prepared once.

use std::fmt::Write;
use std::sync::LazyLock;

use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, Row as _};

use super::batch::{Row, Standing};
use crate::domain::{Revision, Timestamp};
use crate::event_store::{Position, StreamName};

/// How many rows the statements insert, most first.
const ROW_COUNTS: [usize; 4] = [64, 16, 4, 1];
const COLUMNS: usize = 8;

static INSERTS: LazyLock<[String; 4]> = LazyLock::new(|| ROW_COUNTS.map(insert_sql));

const NEWEST: &str = "SELECT position, recorded_at FROM event ORDER BY position DESC LIMIT 1";

const BEGIN_AND_HEADS: &str = "BEGIN IMMEDIATE; \
    SELECT wanted.key, (SELECT max(revision) FROM event WHERE stream = wanted.value) \
    FROM json_each(?) AS wanted";

const STANDING: &str = "SELECT event_id, position FROM event \
    WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?";

const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

fn insert_sql(rows: usize) -> String {
    let mut sql = "INSERT INTO event (position, stream, revision, event_id, event_type, data, \
                   metadata, recorded_at) VALUES "
        .to_owned();
    for row in 0..rows {
        let separator = if row == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(sql, "{separator}(?, ?, ?, ?, ?, ?, ?, ?)");
    }
    sql
}

/// Where the log ends and when its last event was taken; 0 and the epoch's beginning if empty.
pub(super) async fn newest(
    connection: &mut SqliteConnection,
) -> Result<(u64, Timestamp), sqlx::Error> {
    let newest: Option<(i64, i64)> = sqlx::query_as(NEWEST).fetch_optional(connection).await?;
    Ok(newest.map_or((0, Timestamp(i64::MIN)), |(position, at)| {
        (position.unsigned_abs(), Timestamp(at))
    }))
}

/// Begins the transaction and looks up where `streams` stand, in their order.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    streams: &[StreamName],
) -> Result<Vec<Option<Revision>>, sqlx::Error> {
    let names: Vec<&str> = streams.iter().map(StreamName::as_str).collect();
    let wanted = serde_json::to_string(&names).map_err(|e| sqlx::Error::Encode(e.into()))?;
    let rows = sqlx::query(BEGIN_AND_HEADS)
        .bind(wanted)
        .fetch_all(connection)
        .await?;
    let mut heads = vec![None; streams.len()];
    for row in rows {
        let index: i64 = row.try_get(0)?;
        let revision: Option<i64> = row.try_get(1)?;
        if let Some(head) = usize::try_from(index).ok().and_then(|i| heads.get_mut(i)) {
            *head = revision.map(|r| Revision(r.unsigned_abs()));
        }
    }
    Ok(heads)
}

/// What stands at `count` revisions of `stream`, from `first`.
pub(super) async fn standing(
    connection: &mut SqliteConnection,
    stream: &StreamName,
    first: Revision,
    count: usize,
) -> Result<Vec<Standing>, sqlx::Error> {
    let rows = sqlx::query(STANDING)
        .bind(stream.as_str().to_owned())
        .bind(i64::try_from(first.0).unwrap_or(i64::MAX))
        .bind(i64::try_from(count).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let id: &[u8] = row.try_get(0)?;
            let position: i64 = row.try_get(1)?;
            Ok(Standing {
                event_id: uuid::Uuid::from_slice(id).unwrap_or_default(),
                position: Position::new(0, position.unsigned_abs()),
            })
        })
        .collect()
}

/// Inserts the rows of a batch.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    rows: Vec<Row>,
) -> Result<(), sqlx::Error> {
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for (count, sql) in ROW_COUNTS.into_iter().zip(INSERTS.iter()) {
        while left >= count {
            left -= count;
            let mut arguments = SqliteArguments::default();
            arguments.reserve(count * COLUMNS, 0);
            for row in rows.by_ref().take(count) {
                bind(&mut arguments, row).map_err(sqlx::Error::Encode)?;
            }
            sqlx::query_with(sql.as_str(), arguments)
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(())
}

fn bind(arguments: &mut SqliteArguments, row: Row) -> Result<(), sqlx::error::BoxDynError> {
    arguments.add(i64::try_from(row.position)?)?;
    arguments.add(row.stream.as_str().to_owned())?;
    arguments.add(i64::try_from(row.revision.0)?)?;
    arguments.add(row.event.event_id.as_bytes().to_vec())?;
    arguments.add(row.event.event_type)?;
    arguments.add(row.event.data)?;
    arguments.add(row.event.metadata)?;
    arguments.add(row.recorded_at.0)?;
    Ok(())
}

/// Makes the transaction durable.
pub(super) async fn commit(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("COMMIT").execute(connection).await.map(drop)
}

/// Ends a transaction that wrote nothing.
pub(super) async fn roll_back(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("ROLLBACK").execute(connection).await.map(drop)
}

/// Copies the WAL into the file and syncs both; `false` if readers were in the way.
pub(super) async fn checkpoint(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(CHECKPOINT).fetch_one(connection).await?;
    let blocked: i64 = row.try_get(0)?;
    Ok(blocked == 0)
}
