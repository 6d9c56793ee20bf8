//! Events that could not be folded because of what they are, and all that followed them in their
//! streams: kept by position with the reason, until a release that understands them replays.

use std::collections::HashSet;

use sqlx::{Row, SqliteConnection};

use super::SQL;
use crate::event_store::{RecordedEvent, StreamName};
use crate::views::{Views, rows};

/// Which streams of `events` have a parked event. Almost always none has, so the first question is
/// whether there is any at all.
pub async fn among<'a>(
    transaction: &mut SqliteConnection,
    events: impl Iterator<Item = &'a RecordedEvent>,
) -> sqlx::Result<HashSet<StreamName>> {
    const ANY: &str = "SELECT EXISTS (SELECT 1 FROM parked WHERE projection = ?)";
    const SELECT: &str =
        "SELECT DISTINCT stream FROM parked WHERE projection = ? AND stream IN ({})";
    let mut found = HashSet::new();
    if !sqlx::query_scalar::<_, bool>(ANY)
        .bind(SQL)
        .fetch_one(&mut *transaction)
        .await?
    {
        return Ok(found);
    }
    let streams: Vec<_> = events.map(|event| event.stream.as_str()).collect();
    for run in rows::runs(streams.len()) {
        let mut query = sqlx::query(rows::statement(SELECT, "?", run.len())).bind(SQL);
        for stream in &streams[run] {
            query = query.bind((*stream).to_owned());
        }
        for row in query.fetch_all(&mut *transaction).await? {
            found.insert(StreamName::recorded(row.try_get(0)?));
        }
    }
    Ok(found)
}

/// Parks an event.
pub async fn park(
    transaction: &mut SqliteConnection,
    event: &RecordedEvent,
    reason: &str,
) -> sqlx::Result<()> {
    const INSERT: &str = "INSERT INTO parked \
         (projection, position, stream, revision, event_type, reason) VALUES (?, ?, ?, ?, ?, ?)";
    sqlx::query(INSERT)
        .bind(SQL)
        .bind(event.position.to_string())
        .bind(event.stream.as_str().to_owned())
        .bind(i64::try_from(event.revision.0).unwrap_or(i64::MAX))
        .bind(event.event_type.clone())
        .bind(reason.to_owned())
        .execute(transaction)
        .await?;
    Ok(())
}

/// How many events are parked.
pub async fn count(views: &Views) -> sqlx::Result<u64> {
    const COUNT: &str = "SELECT count(*) FROM parked WHERE projection = ?";
    let count: i64 = sqlx::query_scalar(COUNT)
        .bind(SQL)
        .fetch_one(views.writer())
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
