//! The table that tells who holds which node number: it is in the database of the views, and none of
//! them.
//!
//! What must hold: nobody rebuilds it, moves it or drops it, since a number in it may be in use by a node
//! that has nothing to do with views. So no migration makes it (what was migrated moves along with views
//! that are rebuilt), but whoever wants a number, if it is missing. Without it views are whole.

use super::opening::{classified, connect_to, fit_server, refused};
use super::schema::{are_ours, described, tables};
use super::session::say;
use crate::views::database::ServerUrl;
use crate::views::{Access, ViewsError};

/// `holder` is empty where nobody holds the number. Whoever takes it makes its ids from `until_ms` on.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS node_lease ( \
     node     SMALLINT NOT NULL PRIMARY KEY, \
     holder   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, \
     until_ms BIGINT NOT NULL \
     ) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";
/// What comes of it, in the words of `schema`.
const EXPECTED: [&str; 5] = [
    "node_lease.node smallint",
    "node_lease.holder varchar(64) ascii_bin",
    "node_lease.until_ms bigint",
    "node_lease PRIMARY unique node",
    "node_lease is InnoDB",
];

/// Whether a line of the described schema is about this table.
pub(super) fn is_about(line: &str) -> bool {
    line.strip_prefix("node_lease")
        .is_some_and(|rest| rest.starts_with(['.', ' ']))
}

/// Makes the table if it is missing, in a database that is empty or has views in it; looks whether it is
/// as it should be.
pub(in crate::views) async fn prepare(url: &ServerUrl) -> Result<(), ViewsError> {
    let fail = |error| classified(url, error);
    let mut connection = connect_to(url, Some(url.name())).await?;
    fit_server(&mut connection, url, Access::Write).await?;
    let others = tables(&mut connection).await.map_err(fail)?;
    if !others.is_empty() && !are_ours(&others) {
        return Err(ViewsError::Foreign {
            place: url.to_string(),
        });
    }
    let mut lines = described(&mut connection).await.map_err(fail)?;
    if !lines.iter().any(|line| is_about(line)) {
        say(&mut connection, CREATE.to_owned())
            .await
            .map_err(fail)?;
        lines = described(&mut connection).await.map_err(fail)?;
    }
    if lines.iter().filter(|line| is_about(line)).eq(EXPECTED) {
        return Ok(());
    }
    let why = "somebody has changed the table node_lease";
    let remedy = "stop all nodes that take commands and drop it; it is made anew";
    Err(refused(url, why, remedy))
}
