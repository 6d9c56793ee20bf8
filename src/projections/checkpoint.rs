//! How far the views have got, in the same transaction as the views themselves.

use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::SQL;
use crate::event_store::{EventStore, Position, RecordedEvent, StoreError};
use crate::views::Views;

/// How far a projection has got, and in which log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Everything up to here is in the views.
    pub position: Position,
    /// The identity of the log.
    pub log_id: Uuid,
    /// The last event applied: its place and its id.
    pub last: Option<(Position, Uuid)>,
}

/// Why the views and the log do not belong together, or cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The views were folded from another log.
    #[error(
        "the views are of another log ({views}, not {log}); `madang replay --offline` rebuilds them"
    )]
    ForeignLog {
        /// The log that the views are of.
        views: Uuid,
        /// The log that is there.
        log: Uuid,
    },
    /// The last event applied is not in the log, or not there.
    #[error(
        "the views are ahead of the log: no event {event_id} at position {position} (was the log \
         restored from a backup?); `madang replay --offline` rebuilds the views"
    )]
    NotInLog {
        /// Where it should stand.
        position: Position,
        /// Its id.
        event_id: Uuid,
    },
    /// The checkpoint's row is not what a projector writes.
    #[error("the checkpoint is damaged; `madang replay --offline` rebuilds the views")]
    Damaged,
    /// The views cannot be asked.
    #[error("the views: {0}")]
    Views(#[from] sqlx::Error),
    /// The log cannot be asked.
    #[error(transparent)]
    Log(#[from] StoreError),
}

/// Reads the checkpoint and makes sure that the views are a fold of *this* log. New views begin
/// before everything.
pub async fn verified(
    views: &Views,
    store: &dyn EventStore,
    log_id: Uuid,
) -> Result<Checkpoint, CheckpointError> {
    begin(views, log_id).await?;
    let checkpoint = read(views).await?.ok_or(CheckpointError::Damaged)?;
    if checkpoint.log_id != log_id {
        return Err(CheckpointError::ForeignLog {
            views: checkpoint.log_id,
            log: log_id,
        });
    }
    if let Some((position, event_id)) = checkpoint.last {
        let standing = store.event_at(position).await?;
        if standing.is_none_or(|event| event.event_id != event_id) {
            return Err(CheckpointError::NotInLog { position, event_id });
        }
    }
    Ok(checkpoint)
}

async fn begin(views: &Views, log_id: Uuid) -> sqlx::Result<()> {
    const SQL_BEGIN: &str = "INSERT INTO checkpoint \
         (projection, position, log_id, event_position, event_id) VALUES (?, '', ?, '', '') \
         ON CONFLICT (projection) DO NOTHING";
    sqlx::query(SQL_BEGIN)
        .bind(SQL)
        .bind(log_id.to_string())
        .execute(views.writer())
        .await?;
    Ok(())
}

/// Reads the checkpoint as it stands; `None` if there is none or its row is damaged.
pub async fn read(views: &Views) -> sqlx::Result<Option<Checkpoint>> {
    const SQL_READ: &str =
        "SELECT position, log_id, event_position, event_id FROM checkpoint WHERE projection = ?";
    let row = sqlx::query(SQL_READ)
        .bind(SQL)
        .fetch_optional(views.writer())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let text = |column: usize| row.try_get::<String, _>(column);
    let (position, log_id) = (text(0)?.parse().ok(), text(1)?.parse().ok());
    let (event_position, event_id) = (text(2)?.parse().ok(), text(3)?);
    let last = event_position.zip(event_id.parse().ok());
    Ok(match (position, log_id) {
        (Some(position), Some(log_id)) if last.is_some() || event_id.is_empty() => {
            Some(Checkpoint {
                position,
                log_id,
                last,
            })
        }
        _ => None,
    })
}

impl Checkpoint {
    /// This checkpoint moved on: over the events up to `last` and then to `position`, which is
    /// that event's unless the log had more to skip.
    #[must_use]
    pub fn advanced(&self, last: Option<&RecordedEvent>, position: Position) -> Self {
        let last = last.map(|e| (e.position, e.event_id)).or(self.last);
        Self {
            position: self.position.max(position),
            log_id: self.log_id,
            last,
        }
    }

    /// The guard: moves the stored checkpoint from this one to `next`, as the first statement of
    /// the transaction that folds what lies between. `false` if another projector has moved it.
    pub async fn advance(
        &self,
        transaction: &mut SqliteConnection,
        next: &Self,
    ) -> sqlx::Result<bool> {
        const SQL_ADVANCE: &str = "UPDATE checkpoint \
             SET position = ?, event_position = ?, event_id = ? \
             WHERE projection = ? AND position = ?";
        let (event_position, event_id) = next
            .last
            .map_or_else(Default::default, |(p, id)| (p.to_string(), id.to_string()));
        let moved = sqlx::query(SQL_ADVANCE)
            .bind(next.position.to_string())
            .bind(event_position)
            .bind(event_id)
            .bind(SQL)
            .bind(self.position.to_string())
            .execute(transaction)
            .await?;
        Ok(moved.rows_affected() == 1)
    }
}
