//! How far the views have got, in the same transaction as the views themselves.

use sqlx::error::DatabaseError;
use uuid::Uuid;

use super::SQL;
use crate::calendar::Calendar;
use crate::event_store::{EventStore, Position, RecordedEvent, StoreError};
use crate::views::dialect::{Listed, Spelled};
use crate::views::{Connection, Row, Views};

/// What makes two folds the same one, whoever folds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The identity of the log.
    pub log_id: Uuid,
    /// The days of the zone that tells which day an event falls on.
    pub calendar: Calendar,
}

/// How far a projection has got, and in which log. Whoever folds on from it takes the days from it,
/// too, so the views never hold the days of two zones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Everything up to here is in the views.
    pub position: Position,
    /// The identity of the log.
    pub log_id: Uuid,
    /// The days by which the log is folded.
    pub calendar: Calendar,
    /// The last event applied: its place and its id.
    pub last: Option<(Position, Uuid)>,
}

/// Why the views and the log do not belong together, or cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The views were folded from another log.
    #[error(
        "the views are of another log ({views}, not {log}); name the event store or the file that has that \
         one, or `madang replay --offline` rebuilds them from this one"
    )]
    ForeignLog {
        /// The log that the views are of.
        views: Uuid,
        /// The log that is there.
        log: Uuid,
    },
    /// The views were folded by the days of another zone.
    #[error(
        "the views are of the time zone {views}, but time_zone is {configured}: \
         `madang replay --offline --time-zone {configured}` rebuilds the views, and \
         `--time-zone {views}` goes on with them as they are"
    )]
    OtherZone {
        /// The zone that the views are of.
        views: String,
        /// The zone that was asked for.
        configured: String,
    },
    /// The views were folded by a release that folds less of the log, and knows no zone.
    #[error(
        "the views are of an older release and lack what this one shows; \
         `madang replay --offline` rebuilds them"
    )]
    OlderRelease,
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
    /// No projector has ever looked at the views.
    #[error("no projector has begun the views yet")]
    NotBegun,
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

/// Reads the checkpoint and makes sure that the views are *this* fold. New views begin before
/// everything.
pub async fn verified(
    views: &Views,
    store: &dyn EventStore,
    identity: &Identity,
) -> Result<Checkpoint, CheckpointError> {
    begin(views, identity).await?;
    match found(views, store, identity).await {
        Err(CheckpointError::NotBegun) => Err(CheckpointError::Damaged),
        found => found,
    }
}

/// The same of views that others fold: nothing is written.
pub async fn found(
    views: &Views,
    store: &dyn EventStore,
    identity: &Identity,
) -> Result<Checkpoint, CheckpointError> {
    let checkpoint = current(views, identity).await?;
    if let Some((position, event_id)) = checkpoint.last {
        let standing = store.event_at(position).await?;
        if standing.is_none_or(|event| event.event_id != event_id) {
            return Err(CheckpointError::NotInLog { position, event_id });
        }
    }
    Ok(checkpoint)
}

/// The checkpoint of views that were found to be this fold once, which a replay may have replaced by
/// those of another log or zone. The log is not asked.
pub async fn current(views: &Views, identity: &Identity) -> Result<Checkpoint, CheckpointError> {
    let stored = Stored::read(views).await?;
    let stored = stored.ok_or(CheckpointError::NotBegun)?;
    stored.of(identity)
}

/// The log that views are of, whatever else they are; `None` if they were never begun.
pub async fn log_of(views: &Views) -> Result<Option<Uuid>, CheckpointError> {
    match Stored::read(views).await {
        Ok(None) => Ok(None),
        Ok(Some(stored)) => {
            let log_id = stored.log_id.parse();
            log_id.map(Some).map_err(|_| CheckpointError::Damaged)
        }
        Err(error) if lacks_the_table(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether nobody has made the tables yet. A file has them as soon as it is open.
fn lacks_the_table(error: &sqlx::Error) -> bool {
    const NO_SUCH_TABLE: &str = "42S02";
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code == NO_SUCH_TABLE)
}

/// Makes the row if there is none. One that an older release made and never moved is as good as
/// new; one that names a zone is left alone, since its projector may be about to move it.
async fn begin(views: &Views, identity: &Identity) -> sqlx::Result<()> {
    const SQL_BEGIN: Spelled = Spelled {
        sqlite: Listed::new(
            "INSERT INTO checkpoint \
             (projection, position, log_id, event_position, event_id, zone) VALUES {} \
             ON CONFLICT (projection) DO UPDATE SET zone = excluded.zone \
             WHERE checkpoint.position = '' AND checkpoint.zone = ''",
            "(?, '', ?, '', '', ?)",
        ),
        mysql: Listed::new(
            "INSERT INTO checkpoint \
             (projection, position, log_id, event_position, event_id, zone) VALUES {} \
             ON DUPLICATE KEY UPDATE zone = IF(position = '' AND zone = '', VALUES(zone), zone)",
            "(?, '', ?, '', '', ?)",
        ),
    };
    let mut connection = views.writer().acquire().await?;
    let begin = connection
        .statement(SQL_BEGIN.text(connection.dialect(), 1))
        .bind(SQL)
        .bind(identity.log_id.to_string())
        .bind(identity.calendar.name());
    begin.execute(&mut connection).await?;
    Ok(())
}

/// Reads the checkpoint as it stands; `None` if there is none or its row is damaged.
pub async fn read(views: &Views) -> sqlx::Result<Option<Checkpoint>> {
    let stored = Stored::read(views).await?;
    Ok(stored.and_then(|stored| stored.checkpoint()))
}

/// The row, as its texts.
struct Stored {
    position: String,
    log_id: String,
    event_position: String,
    event_id: String,
    zone: String,
}

impl Stored {
    async fn read(views: &Views) -> sqlx::Result<Option<Self>> {
        const SQL_READ: &str = "SELECT position, log_id, event_position, event_id, zone \
             FROM checkpoint WHERE projection = ?";
        let mut connection = views.writer().acquire().await?;
        let row = connection.statement(SQL_READ).bind(SQL);
        let row = row.fetch_optional(&mut connection).await?;
        row.as_ref().map(Self::of_row).transpose()
    }

    fn of_row(row: &Row) -> sqlx::Result<Self> {
        Ok(Self {
            position: row.try_get(0)?,
            log_id: row.try_get(1)?,
            event_position: row.try_get(2)?,
            event_id: row.try_get(3)?,
            zone: row.try_get(4)?,
        })
    }

    /// What the row says; `None` if no projector of this release writes such a one.
    fn checkpoint(&self) -> Option<Checkpoint> {
        let event_position = self.event_position.parse().ok();
        let last = event_position.zip(self.event_id.parse().ok());
        if last.is_none() && !self.event_id.is_empty() {
            return None;
        }
        Some(Checkpoint {
            position: self.position.parse().ok()?,
            log_id: self.log_id.parse().ok()?,
            calendar: Calendar::named(&self.zone).ok()?,
            last,
        })
    }

    /// The checkpoint, if it is this fold's. Another log comes first: whoever has named the wrong
    /// file should hear of that.
    fn of(&self, identity: &Identity) -> Result<Checkpoint, CheckpointError> {
        let damaged = || CheckpointError::Damaged;
        let log_id = self.log_id.parse().map_err(|_| damaged())?;
        if log_id != identity.log_id {
            return Err(CheckpointError::ForeignLog {
                views: log_id,
                log: identity.log_id,
            });
        }
        if self.zone.is_empty() {
            return Err(CheckpointError::OlderRelease);
        }
        let checkpoint = self.checkpoint().ok_or_else(damaged)?;
        if checkpoint.calendar != identity.calendar {
            return Err(CheckpointError::OtherZone {
                views: checkpoint.calendar.name().to_owned(),
                configured: identity.calendar.name().to_owned(),
            });
        }
        Ok(checkpoint)
    }
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
            calendar: self.calendar.clone(),
            last,
        }
    }

    /// The guard: moves the stored checkpoint from this one to `next`, as the first statement of
    /// the transaction that folds what lies between. `false` if another projector has moved it, or the
    /// views are another fold's by now, which may have got exactly as far.
    pub async fn advance(&self, transaction: &mut Connection, next: &Self) -> sqlx::Result<bool> {
        const SQL_ADVANCE: &str = "UPDATE checkpoint \
             SET position = ?, event_position = ?, event_id = ? \
             WHERE projection = ? AND position = ? AND log_id = ? AND zone = ?";
        let (event_position, event_id) = next
            .last
            .map_or_else(Default::default, |(p, id)| (p.to_string(), id.to_string()));
        let advance = transaction
            .statement(SQL_ADVANCE)
            .bind(next.position.to_string())
            .bind(event_position)
            .bind(event_id)
            .bind(SQL)
            .bind(self.position.to_string())
            .bind(self.log_id.to_string())
            .bind(self.calendar.name());
        Ok(advance.execute(transaction).await? == 1)
    }
}
