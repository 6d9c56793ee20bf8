//! Views that are built beside the others on the same server, in a schema of their own, and then take
//! their place in one step.
//!
//! What must hold: until then the old views stay as they are, so a replay may fail or be killed at any
//! moment; what it leaves behind the next one throws away. A projector that runs all the same does no
//! harm: after the step its guard on the checkpoint fails, and it goes on from the new one. Tables
//! that are not ours are never touched, in neither schema.

use sqlx::MySqlConnection;
use tracing::warn;

use super::opening::{classified, connect_to, fit_server, open_lazily, refused};
use super::schema::{self, are_ours, drop_tables, tables};
use super::session::{bounded, say};
use crate::views::database::ServerUrl;
use crate::views::{Access, Views, ViewsError};

/// What a table is called that was replaced, in the schema beside.
const REPLACED: &str = "replaced_";
/// How long a projector may be silent before it is taken for dead, in milliseconds.
const SILENCE: i64 = 10_000;

/// Views that are being built.
pub struct Shadow {
    url: ServerUrl,
    beside: ServerUrl,
    views: Views,
    /// Holds the lock that keeps a second replay away.
    connection: MySqlConnection,
}

impl Shadow {
    /// Makes empty views beside those at `url`, which may be damaged, of another log or missing.
    pub(in crate::views) async fn begin(url: &ServerUrl) -> Result<Self, ViewsError> {
        let mut old = connect_to(url, Some(url.name())).await?;
        fit_server(&mut old, url, Access::Write).await?;
        own(&mut old, url).await?;
        refuse_if_projected(&mut old, url).await?;
        refuse_triggers(&mut old, url).await?;
        let beside = url.beside();
        let create = format!("CREATE DATABASE IF NOT EXISTS `{}`", beside.name());
        let created = say(&mut old, create).await;
        created.map_err(|error| classified(&beside, error))?;
        let mut connection = connect_to(&beside, Some(beside.name())).await?;
        lock(&mut connection, &beside).await?;
        let left = leftovers(&mut connection, &beside).await?;
        let dropped = drop_tables(&mut connection, &left).await;
        dropped.map_err(|error| classified(&beside, error))?;
        schema::migrate(&mut connection, &beside).await?;
        Ok(Self {
            url: url.clone(),
            views: open_lazily(&beside),
            beside,
            connection,
        })
    }

    /// The views to fold into.
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// Puts the new views into the place of the old ones, all tables at once, and drops those.
    pub async fn take_over(mut self) -> Result<(), ViewsError> {
        self.views.close().await;
        let mut old = connect_to(&self.url, Some(self.url.name())).await?;
        let replaced = own(&mut old, &self.url).await?;
        self.is_whole().await?;
        let new = schema::names();
        // One may have been started meanwhile.
        refuse_if_projected(&mut old, &self.url).await?;
        let (here, beside) = (self.url.name(), self.beside.name());
        let away = replaced
            .iter()
            .map(|table| format!("`{here}`.`{table}` TO `{beside}`.`{REPLACED}{table}`"));
        let into = new
            .iter()
            .map(|table| format!("`{beside}`.`{table}` TO `{here}`.`{table}`"));
        let moves: Vec<_> = away.chain(into).collect();
        let rename = format!("RENAME TABLE {}", moves.join(", "));
        let renamed = say(&mut self.connection, rename).await;
        renamed.map_err(|error| self.renaming(error))?;
        if let Err(error) = self.sweep().await {
            // The next replay throws it away.
            warn!(%error, "the views are rebuilt, but something is left of the old ones");
        }
        Ok(())
    }

    /// Nothing may come along into the place of the views that is none of theirs.
    async fn is_whole(&mut self) -> Result<(), ViewsError> {
        let found = tables(&mut self.connection).await;
        let found = found.map_err(|error| classified(&self.beside, error))?;
        if !found.iter().all(|table| schema::is_ours(table)) {
            return Err(ViewsError::Foreign {
                place: self.beside.to_string(),
            });
        }
        if found.len() != schema::names().len() {
            let why = "somebody has dropped tables of the new views";
            return Err(refused(&self.beside, why, "replay again"));
        }
        Ok(())
    }

    /// A server that says nothing may have done it.
    fn renaming(&self, error: sqlx::Error) -> ViewsError {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => ViewsError::Unsure {
                place: self.url.to_string(),
                why: error.to_string(),
            },
            error => classified(&self.url, error),
        }
    }

    /// The new views stand; what is left of the old ones goes.
    async fn sweep(&mut self) -> Result<(), ViewsError> {
        let left = leftovers(&mut self.connection, &self.beside).await?;
        let fail = |error| classified(&self.beside, error);
        let dropped = drop_tables(&mut self.connection, &left).await;
        dropped.map_err(fail)?;
        let drop = format!("DROP DATABASE `{}`", self.beside.name());
        say(&mut self.connection, drop).await.map_err(fail)
    }
}

/// The tables that are there, all of them ours.
async fn own(connection: &mut MySqlConnection, url: &ServerUrl) -> Result<Vec<String>, ViewsError> {
    let found = tables(connection).await;
    let found = found.map_err(|error| classified(url, error))?;
    if found.is_empty() || are_ours(&found) {
        return Ok(found);
    }
    Err(ViewsError::Foreign {
        place: url.to_string(),
    })
}

/// What an earlier replay has left.
async fn leftovers(
    connection: &mut MySqlConnection,
    beside: &ServerUrl,
) -> Result<Vec<String>, ViewsError> {
    let found = tables(connection).await;
    let found = found.map_err(|error| classified(beside, error))?;
    let ours = |table: &String| schema::is_ours(table.strip_prefix(REPLACED).unwrap_or(table));
    if found.iter().all(ours) {
        return Ok(found);
    }
    Err(ViewsError::Foreign {
        place: beside.to_string(),
    })
}

/// One replay at a time. The lock goes with the connection.
async fn lock(connection: &mut MySqlConnection, beside: &ServerUrl) -> Result<(), ViewsError> {
    let lock = "SELECT GET_LOCK(CONCAT('madang.', DATABASE()), 0)";
    let locked = sqlx::query_scalar(lock).fetch_one(connection);
    let locked: Result<Option<i64>, _> = bounded(locked).await;
    match locked.map_err(|error| classified(beside, error))? {
        Some(1) => Ok(()),
        _ => Err(refused(beside, "another replay is at work", "wait for it")),
    }
}

/// A table cannot be moved with its trigger, and nobody knows whose that is.
async fn refuse_triggers(
    connection: &mut MySqlConnection,
    url: &ServerUrl,
) -> Result<(), ViewsError> {
    let found = schema::triggers(connection).await;
    let found = found.map_err(|error| classified(url, error))?;
    match found.first() {
        Some(trigger) => Err(refused(url, trigger, "drop it first")),
        None => Ok(()),
    }
}

/// A projector says each second how it is doing. Views that are too damaged to tell have none.
async fn refuse_if_projected(
    connection: &mut MySqlConnection,
    url: &ServerUrl,
) -> Result<(), ViewsError> {
    const ALIVE: &str = "SELECT CAST(count(*) AS SIGNED) FROM checkpoint \
         WHERE state <> 'stopped' \
         AND reported_at > CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - ?";
    let alive = sqlx::query_scalar(ALIVE).bind(SILENCE);
    let alive: Result<i64, _> = bounded(alive.fetch_one(connection)).await;
    match alive {
        Ok(1..) => Err(refused(
            url,
            "a projector is at work there",
            "stop it first, and if it was killed wait for ten seconds",
        )),
        Ok(_) | Err(sqlx::Error::Database(_)) => Ok(()),
        Err(error) => Err(classified(url, error)),
    }
}
