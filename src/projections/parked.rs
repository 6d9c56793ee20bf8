//! Events that could not be folded because of what they are, and all that followed them in their
//! streams: kept by position with the reason, until a release that understands them replays.

use std::collections::{BTreeSet, HashSet};

use super::SQL;
use crate::event_store::{Position, RecordedEvent, StreamName};
use crate::views::dialect::Spelled;
use crate::views::{Connection, Views, rows};

/// Which streams of `events` have a parked event. Almost always none has, so the first question is
/// whether there is any at all.
pub async fn among<'a>(
    transaction: &mut Connection,
    events: impl Iterator<Item = &'a RecordedEvent>,
) -> sqlx::Result<HashSet<StreamName>> {
    const ANY: &str = "SELECT EXISTS (SELECT 1 FROM parked WHERE projection = ?)";
    const SELECT: Spelled = Spelled::alike(
        "SELECT DISTINCT stream FROM parked WHERE projection = ? AND stream IN ({})",
        "?",
    );
    let mut found = HashSet::new();
    let any = transaction.statement(ANY).bind(SQL);
    if !any.fetch_one(transaction).await?.try_get::<bool>(0)? {
        return Ok(found);
    }
    let streams: Vec<_> = events.map(|event| event.stream.as_str()).collect();
    for run in rows::runs(streams.len()) {
        let text = SELECT.text(transaction.dialect(), run.len());
        let mut select = transaction.statement(text).bind(SQL);
        for stream in &streams[run] {
            select = select.bind(*stream);
        }
        for row in select.fetch_all(transaction).await? {
            found.insert(StreamName::recorded(row.try_get(0)?));
        }
    }
    Ok(found)
}

/// Parks an event.
pub async fn park(
    transaction: &mut Connection,
    event: &RecordedEvent,
    reason: &str,
) -> sqlx::Result<()> {
    const INSERT: &str = "INSERT INTO parked \
         (projection, position, stream, revision, event_type, reason) VALUES (?, ?, ?, ?, ?, ?)";
    let insert = transaction.statement(INSERT);
    let insert = insert
        .bind(SQL)
        .bind(event.position.to_string())
        .bind(event.stream.as_str())
        .bind(i64::try_from(event.revision.0).unwrap_or(i64::MAX))
        .bind(event.event_type.as_str())
        .bind(reason);
    insert.execute(transaction).await?;
    Ok(())
}

/// Where those of the parked events stand that come after the first position, up to the second.
pub async fn between(
    views: &Views,
    (after, to): (Position, Position),
) -> sqlx::Result<BTreeSet<Position>> {
    const SELECT: &str = "SELECT position FROM parked \
         WHERE projection = ? AND position > ? AND position <= ?";
    let mut connection = views.readers().acquire().await?;
    let select = connection.statement(SELECT);
    let select = select
        .bind(SQL)
        .bind(after.to_string())
        .bind(to.to_string());
    let found = select.fetch_all(&mut connection).await?;
    found.iter().map(|row| rows::position(row, 0)).collect()
}

/// How many events are parked.
pub async fn count(views: &Views) -> sqlx::Result<u64> {
    const COUNT: &str = "SELECT count(*) FROM parked WHERE projection = ?";
    let mut connection = views.writer().acquire().await?;
    let count = connection.statement(COUNT).bind(SQL);
    let count: i64 = count.fetch_one(&mut connection).await?.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}
