//! How the projections are doing, as they report it into the views.

use super::{Queries, QueryError, count};
use crate::domain::Timestamp;
use crate::views::Row;

/// The state of a projection that has not reported for this long is not to be believed, in
/// milliseconds: it reports each second.
pub const SILENCE: i64 = 10_000;

/// How one projection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionView {
    /// Its name.
    pub name: String,
    /// Everything up to here is in its views.
    pub position: String,
    /// Events known and not applied; `None` before it first caught up.
    pub lag_events: Option<u64>,
    /// How old the oldest of those is, in milliseconds.
    pub lag_ms: Option<u64>,
    /// What it is at.
    pub state: String,
    /// Events that it could not fold.
    pub parked: u64,
    /// The class of what is wrong, if something is.
    pub error: Option<String>,
}

impl Queries {
    /// All projections, by name.
    pub async fn projections(&self, now: Timestamp) -> Result<Vec<ProjectionView>, QueryError> {
        const SELECT: &str = "SELECT c.projection, c.position, c.lag_events, c.lag_ms, c.state, \
             c.error, c.reported_at, (SELECT count(*) FROM parked AS p \
             WHERE p.projection = c.projection) FROM checkpoint AS c ORDER BY c.projection";
        let mut reader = self.views.readers().acquire().await?;
        let rows = reader.statement(SELECT).fetch_all(&mut reader).await?;
        let view = |row: &Row| {
            let silent = row.try_get::<i64>(6)? < now.0.saturating_sub(SILENCE);
            let state: String = row.try_get(4)?;
            Ok(ProjectionView {
                name: row.try_get(0)?,
                position: row.try_get(1)?,
                lag_events: row.try_get::<Option<i64>>(2)?.map(count),
                lag_ms: row.try_get::<Option<i64>>(3)?.map(count),
                state: if silent { "stopped".to_owned() } else { state },
                parked: count(row.try_get(7)?),
                error: row.try_get(5)?,
            })
        };
        Ok(rows.iter().map(view).collect::<sqlx::Result<Vec<_>>>()?)
    }
}
