//! The tables: made if there are none, and looked at if there are some.
//!
//! Statements that make tables commit by themselves here, so a node that dies in the midst leaves some
//! of them. Nobody has folded into them yet, so they are thrown away and made anew.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{MySqlConnection, Row as _};

use super::leases;
use super::opening::{classified, refused};
use super::session::{bounded, say};
use crate::views::database::ServerUrl;
use crate::views::{Access, ViewsError};

/// How long a node waits for another one that makes the tables, in seconds.
const WAIT: i64 = 30;
/// The table in which sqlx keeps what was migrated.
const MIGRATED: &str = "_sqlx_migrations";
const REPLAY: &str = "`madang replay --offline` rebuilds the views";

/// What the migrations lead to, as [`COLUMNS`], [`INDEXES`] and [`ENGINES`] find it.
pub(super) const EXPECTED: &str = include_str!("../../../migrations/mysql/schema.txt");

const COLUMNS: &str = "SELECT CONCAT(table_name, '.', column_name, ' ', data_type, \
     IF(data_type LIKE 'var%', CONCAT('(', character_maximum_length, ')'), ''), \
     IF(column_type LIKE '%unsigned%', ' unsigned', ''), IF(extra = '', '', CONCAT(' ', extra)), \
     IF(is_nullable = 'YES', ' null', ''), COALESCE(CONCAT(' ', collation_name), '')) \
     FROM information_schema.columns WHERE table_schema = DATABASE() \
     AND table_name <> '_sqlx_migrations' ORDER BY table_name, ordinal_position";
const INDEXES: &str = "SELECT CONCAT(table_name, ' ', index_name, ' ', \
     IF(non_unique, '', 'unique '), GROUP_CONCAT(CONCAT(column_name, \
     COALESCE(CONCAT('(', sub_part, ')'), ''), IF(collation = 'D', ' desc', '')) ORDER BY seq_in_index SEPARATOR ', ')) \
     FROM information_schema.statistics WHERE table_schema = DATABASE() \
     AND table_name <> '_sqlx_migrations' GROUP BY table_name, index_name, non_unique \
     ORDER BY table_name, index_name";
const ENGINES: &str = "SELECT CONCAT(table_name, ' is ', engine) FROM information_schema.tables \
     WHERE table_schema = DATABASE() AND table_name <> '_sqlx_migrations' ORDER BY table_name";

/// What would refuse rows or change them on their way, and keep a replay from moving the table.
const TRIGGERS: &str = "SELECT CONCAT(event_object_table, ' has the trigger ', trigger_name) \
     FROM information_schema.triggers WHERE event_object_schema = DATABASE() \
     ORDER BY event_object_table, trigger_name";
const CONSTRAINTS: &str = "SELECT CONCAT(table_name, ' has the constraint ', constraint_name) \
     FROM information_schema.table_constraints WHERE table_schema = DATABASE() \
     AND constraint_type IN ('CHECK', 'FOREIGN KEY') ORDER BY table_name, constraint_name";

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("migrations/mysql");
    // sqlx's lock waits for ever; ours does not.
    migrations.set_locking(false);
    migrations
});

/// How far the tables in a database are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There are none, or some that nobody has folded into, because their making was cut off.
    Unmade,
    /// They are of an older release.
    Older,
    /// They are of this release.
    Made,
}

/// Makes the tables if they are missing, or only finds that they are; then compares them with what
/// this release expects.
pub(super) async fn bring_up(
    connection: &mut MySqlConnection,
    url: &ServerUrl,
    access: Access,
) -> Result<(), ViewsError> {
    if stage(connection, url).await? != Stage::Made {
        if access == Access::Read {
            return Err(ViewsError::Unreachable {
                place: url.to_string(),
                why: "no projector has made the views there yet".to_owned(),
            });
        }
        make(connection, url).await?;
    }
    compare(connection, url).await
}

/// Makes the tables, while no other node does.
async fn make(connection: &mut MySqlConnection, url: &ServerUrl) -> Result<(), ViewsError> {
    let fail = |error| classified(url, error);
    // It goes with the connection.
    let locked: Option<i64> =
        sqlx::query_scalar("SELECT GET_LOCK(CONCAT('madang.', DATABASE()), ?)")
            .bind(WAIT)
            .fetch_one(&mut *connection)
            .await
            .map_err(fail)?;
    if locked != Some(1) {
        return Err(ViewsError::Unreachable {
            place: url.to_string(),
            why: "another node is making the tables".to_owned(),
        });
    }
    match stage(connection, url).await? {
        Stage::Made => return Ok(()),
        Stage::Older => {}
        Stage::Unmade => {
            let found = tables(connection).await.map_err(fail)?;
            drop_tables(connection, &found).await.map_err(fail)?;
        }
    }
    migrate(connection, url).await?;
    sqlx::query("SELECT RELEASE_LOCK(CONCAT('madang.', DATABASE()))")
        .execute(connection)
        .await
        .map_err(fail)?;
    Ok(())
}

/// Makes what is missing. Not to be done by two at once.
pub(super) async fn migrate(
    connection: &mut MySqlConnection,
    url: &ServerUrl,
) -> Result<(), ViewsError> {
    // `run` takes anything that leads to a connection; the compiler does not see that this one may go
    // to another thread.
    let migrated = MIGRATIONS.run_direct(None, connection, false).await;
    migrated.map_err(|source| match source {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            classified(url, error)
        }
        source => ViewsError::Migration {
            place: url.to_string(),
            source,
        },
    })
}

/// How far the tables are made; refuses those that are not ours, and those of another release.
async fn stage(connection: &mut MySqlConnection, url: &ServerUrl) -> Result<Stage, ViewsError> {
    let fail = |error| classified(url, error);
    let found = tables(connection).await.map_err(fail)?;
    if found.is_empty() {
        return Ok(Stage::Unmade);
    }
    if !are_ours(&found) {
        return Err(ViewsError::Foreign {
            place: url.to_string(),
        });
    }
    let applied = "SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version";
    let applied = sqlx::query(applied).fetch_all(&mut *connection).await;
    let mut newest = 0;
    for row in applied.map_err(fail)? {
        let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let (version, success, checksum): (i64, bool, Vec<u8>) = read().map_err(fail)?;
        let known = MIGRATIONS.iter().find(|known| known.version == version);
        let Some(known) = known else {
            let why = "a newer release of Madang has made the tables";
            let remedy = format!("run that one, or: {REPLAY}");
            return Err(refused(url, why, &remedy));
        };
        if *known.checksum != *checksum {
            let why = "another build of Madang has made the tables";
            return Err(refused(url, why, REPLAY));
        }
        if !success {
            if is_folded(connection, &found).await.map_err(fail)? {
                return Err(refused(url, "a migration was cut off", REPLAY));
            }
            return Ok(Stage::Unmade);
        }
        newest = version;
    }
    let last = MIGRATIONS.iter().map(|known| known.version).max();
    Ok(match newest {
        0 => Stage::Unmade,
        newest if Some(newest) == last => Stage::Made,
        _ => Stage::Older,
    })
}

/// All tables of the database but the one of leases: that is no view, so nothing that is done with
/// views is done with it.
pub(super) async fn tables(connection: &mut MySqlConnection) -> sqlx::Result<Vec<String>> {
    const SELECT: &str = "SELECT table_name FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND table_name <> 'node_lease' ORDER BY table_name";
    texts(connection, SELECT).await
}

/// Whether tables are those of views, made by this program.
pub(super) fn are_ours(found: &[String]) -> bool {
    found.iter().all(|table| is_ours(table)) && found.iter().any(|table| table == MIGRATED)
}

/// Whether views have a table of this name.
pub(super) fn is_ours(table: &str) -> bool {
    names().contains(table)
}

/// What the tables of views are called.
pub(super) fn names() -> BTreeSet<&'static str> {
    let columns = EXPECTED.lines().filter_map(|line| line.split_once('.'));
    columns.map(|(table, _)| table).chain([MIGRATED]).collect()
}

/// Whether anything was ever folded into the tables that are there.
async fn is_folded(connection: &mut MySqlConnection, found: &[String]) -> sqlx::Result<bool> {
    if !found.iter().any(|table| table == "checkpoint") {
        return Ok(false);
    }
    let moved = "SELECT position FROM checkpoint WHERE position <> '' LIMIT 1";
    Ok(!texts(connection, moved).await?.is_empty())
}

/// Drops tables. The one that tells of the others goes last: without it they would be nobody's.
pub(super) async fn drop_tables(
    connection: &mut MySqlConnection,
    found: &[String],
) -> sqlx::Result<()> {
    let (last, others): (Vec<_>, Vec<_>) = found.iter().partition(|table| *table == MIGRATED);
    for table in others.into_iter().chain(last) {
        say(connection, format!("DROP TABLE `{table}`")).await?;
    }
    Ok(())
}

/// Finds out whether somebody has edited the schema: the checks of releases say nothing of it.
async fn compare(connection: &mut MySqlConnection, url: &ServerUrl) -> Result<(), ViewsError> {
    let found = described(connection).await;
    let found = found.map_err(|error| classified(url, error))?;
    let found = found.iter().map(String::as_str);
    let found: BTreeSet<_> = found.filter(|line| !leases::is_about(line)).collect();
    let expected: BTreeSet<_> = EXPECTED.lines().collect();
    let missing = expected.difference(&found).next();
    let strange = found.difference(&expected).next();
    let why = match (missing, strange) {
        (None, None) => return Ok(()),
        (Some(missing), _) => format!("`{missing}` is missing"),
        (None, Some(strange)) => format!("`{strange}` is none of theirs"),
    };
    let why = format!("somebody has changed the tables of the views: {why}");
    Err(refused(url, &why, REPLAY))
}

/// The schema as lines: columns, indexes and engines, and whatever else there is.
pub(super) async fn described(connection: &mut MySqlConnection) -> sqlx::Result<Vec<String>> {
    let mut lines = Vec::new();
    for select in [COLUMNS, INDEXES, ENGINES, TRIGGERS, CONSTRAINTS] {
        lines.append(&mut texts(connection, select).await?);
    }
    Ok(lines)
}

/// The triggers on tables of the database, one line for each.
pub(super) async fn triggers(connection: &mut MySqlConnection) -> sqlx::Result<Vec<String>> {
    texts(connection, TRIGGERS).await
}

async fn texts(
    connection: &mut MySqlConnection,
    select: &'static str,
) -> sqlx::Result<Vec<String>> {
    let rows = bounded(sqlx::query(select).fetch_all(connection)).await?;
    rows.iter().map(|row| row.try_get_unchecked(0)).collect()
}
