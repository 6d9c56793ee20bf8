//! Reads by a few connections of their own, which never block the writer.
//!
//! Every read is one statement that ends by itself: a read transaction left open would keep the
//! WAL from being emptied.

use std::time::Duration;

use sqlx::Row;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqlitePool, SqlitePoolOptions, SqliteRow};
use uuid::Uuid;

use super::file::LogFile;
use super::schema;
use crate::domain::{Revision, Timestamp};
use crate::event_store::{
    Direction, MAX_READ_EVENTS, Page, Position, RecordedEvent, StoreError, StreamName,
};

/// The most reads at once; further ones wait.
const CONNECTIONS: u32 = 4;
/// How long a read waits for a connection.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(10);
/// When a connection that nobody uses is closed.
const IDLE: Duration = Duration::from_mins(1);

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT position, stream, revision, event_id, event_type, data, metadata, recorded_at \
             FROM event ",
            $rest
        )
    };
}

const ALL_FORWARD: &str = select!("WHERE position > ? ORDER BY position LIMIT ?");
const ALL_BACKWARD: &str = select!("WHERE position < ? ORDER BY position DESC LIMIT ?");
const STREAM_FORWARD: &str =
    select!("WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?");
const STREAM_BACKWARD: &str =
    select!("WHERE stream = ? AND revision <= ? ORDER BY revision DESC LIMIT ?");
const AT: &str = select!("WHERE position = ?");
// A row costs a hand-over between two threads and an allocation for each column, several times what
// finding it costs. So a subscription reads a page as one value.
const PACKED: &str = "SELECT json_group_array(json_array(position, stream, revision, \
    hex(event_id), event_type, data, metadata, recorded_at)) \
    FROM (SELECT * FROM event WHERE position > ? ORDER BY position LIMIT ?)";
const HEAD: &str = "SELECT coalesce(max(position), 0) FROM event";
const RECORDED_AT: &str = "SELECT recorded_at FROM event WHERE position = ?";

/// The readers of a log.
#[derive(Clone, Debug)]
pub(super) struct Readers {
    pub(super) file: LogFile,
    pub(super) pool: SqlitePool,
}

impl Readers {
    /// Connects when the first read comes.
    pub(super) fn of(file: LogFile) -> Self {
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_WITHIN)
            .idle_timeout(IDLE)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(schema::read_options(&file));
        Self { file, pool }
    }

    pub(super) async fn stream(
        &self,
        stream: &StreamName,
        from: Revision,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let sql = match page.direction {
            Direction::Forward => STREAM_FORWARD,
            Direction::Backward => STREAM_BACKWARD,
        };
        let query = sqlx::query(sql)
            .bind(stream.as_str().to_owned())
            .bind(i64::try_from(from.0).unwrap_or(i64::MAX))
            .bind(limit(page));
        self.events(query).await
    }

    pub(super) async fn all(
        &self,
        from: Position,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let sql = match page.direction {
            Direction::Forward => ALL_FORWARD,
            Direction::Backward => ALL_BACKWARD,
        };
        let from = number(from).unwrap_or(i64::MAX);
        self.events(sqlx::query(sql).bind(from).bind(limit(page)))
            .await
    }

    /// The events after `after` like [`Self::all`], but at less cost for each.
    pub(super) async fn packed(
        &self,
        after: Position,
        max: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let packed: Result<String, _> = sqlx::query_scalar(PACKED)
            .bind(number(after).unwrap_or(i64::MAX))
            .bind(limit(Page::forward(max)))
            .fetch_one(&self.pool)
            .await;
        match packed.ok().and_then(|text| unpack(&text)) {
            Some(events) => Ok(events),
            // Row by row the error can tell which one it is.
            None => self.all(after, Page::forward(max)).await,
        }
    }

    pub(super) async fn at(&self, position: Position) -> Result<Option<RecordedEvent>, StoreError> {
        let Some(number) = number(position) else {
            return Ok(None);
        };
        let found = self.events(sqlx::query(AT).bind(number)).await?;
        Ok(found.into_iter().next())
    }

    pub(super) async fn head(&self) -> Result<Position, StoreError> {
        let head: i64 = sqlx::query_scalar(HEAD)
            .fetch_one(&self.pool)
            .await
            .map_err(|e| self.failed(&e))?;
        Ok(Position::new(0, head.unsigned_abs()))
    }

    /// Positions have no gaps and the times never decrease, so halving finds the place.
    pub(super) async fn before(&self, time: Timestamp) -> Result<Position, StoreError> {
        let (mut before, mut end) = (0, self.head().await?.prepare() + 1);
        while end - before > 1 {
            let middle = before + (end - before) / 2;
            if self.recorded_at(middle).await? < time {
                before = middle;
            } else {
                end = middle;
            }
        }
        Ok(Position::new(0, before))
    }

    async fn recorded_at(&self, position: u64) -> Result<Timestamp, StoreError> {
        let found: Option<i64> = sqlx::query_scalar(RECORDED_AT)
            .bind(i64::try_from(position).unwrap_or(i64::MAX))
            .fetch_optional(&self.pool)
            .await
            .map_err(|e| self.failed(&e))?;
        found
            .map(Timestamp)
            .ok_or_else(|| self.missing(Position::new(0, position)))
    }

    /// The error for a position that must be there and is not.
    pub(super) fn missing(&self, position: Position) -> StoreError {
        let place = format!("position {position}");
        self.file.corrupt(place, "the event is missing")
    }

    async fn events(
        &self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let decoded = query
            .map(|row| self.decode(&row))
            .fetch_all(&self.pool)
            .await
            .map_err(|e| self.failed(&e))?;
        decoded.into_iter().collect()
    }

    fn failed(&self, error: &sqlx::Error) -> StoreError {
        match error {
            sqlx::Error::PoolClosed => self.file.unavailable("the log is closed"),
            _ => self.file.failed(error),
        }
    }

    fn decode(&self, row: &SqliteRow) -> Result<RecordedEvent, StoreError> {
        decode(row).map_err(|detail| {
            let number = |column| row.try_get::<i64, _>(column).unwrap_or_default();
            let stream = row.try_get::<String, _>(1).unwrap_or_default();
            let place = format!("stream {stream} revision {} (row {})", number(2), number(0));
            self.file.corrupt(place, detail.to_string())
        })
    }
}

fn decode(row: &SqliteRow) -> Result<RecordedEvent, Box<dyn std::error::Error>> {
    Ok(RecordedEvent {
        position: Position::new(0, u64::try_from(row.try_get::<i64, _>(0)?)?),
        stream: StreamName::recorded(row.try_get(1)?),
        revision: Revision(u64::try_from(row.try_get::<i64, _>(2)?)?),
        event_id: Uuid::from_slice(row.try_get(3)?)?,
        event_type: row.try_get(4)?,
        data: row.try_get(5)?,
        metadata: row.try_get(6)?,
        recorded_at: Timestamp(row.try_get(7)?),
    })
}

type Packed = (i64, String, i64, String, String, String, String, i64);

fn unpack(text: &str) -> Option<Vec<RecordedEvent>> {
    let rows: Vec<Packed> = serde_json::from_str(text).ok()?;
    let event = |row: Packed| {
        let (position, stream, revision, event_id, event_type, data, metadata, recorded_at) = row;
        Some(RecordedEvent {
            position: Position::new(0, u64::try_from(position).ok()?),
            stream: StreamName::recorded(stream),
            revision: Revision(u64::try_from(revision).ok()?),
            event_id: Uuid::try_parse(&event_id).ok()?,
            event_type,
            data,
            metadata,
            recorded_at: Timestamp(recorded_at),
        })
    };
    rows.into_iter().map(event).collect()
}

fn limit(page: Page) -> i64 {
    i64::try_from(page.max.min(MAX_READ_EVENTS)).unwrap_or(0)
}

/// A position as this log counts; `None` if it is past all that it can hold.
fn number(position: Position) -> Option<i64> {
    let own = position.commit() == 0;
    i64::try_from(position.prepare()).ok().filter(|_| own)
}
