//! Looks at a server and a database before the views are used, and makes the tables if there are none.
//!
//! What must hold: nothing is written before all that could be refused was looked at, and whatever
//! will pass by itself (nobody listens, too many connections) is told from what somebody has to do
//! something about.

use sqlx::{MySqlConnection, Row as _};

use super::pool::ServerPool;
use super::schema;
use super::session::{Use, connect};
use crate::views::connection::{Pool, Pooled};
use crate::views::database::ServerUrl;
use crate::views::{Access, Views, ViewsError};

/// The oldest releases that this is tested with: MySQL, then MariaDB.
const OLDEST: ((u32, u32), (u32, u32)) = ((8, 4), (10, 11));
/// The smallest packet that the server must take, in bytes: a statement over many long comments.
const PACKET: u64 = 16 * 1024 * 1024;
/// What to do if the server's TLS is not what the URL asks for.
const CERTIFICATES: &str = "choose another ?ssl-mode=, or certificates that fit";

/// The views in a database, as they are: nobody has looked at it, and nobody can read from it before
/// it was prepared. Connects when it is used.
pub(in crate::views) fn open_lazily(url: &ServerUrl) -> Views {
    let pool = |usage| Pool(Pooled::Server(ServerPool::new(url, url.name(), usage)));
    Views {
        place: url.to_string().into(),
        writer: pool(Use::Write),
        readers: pool(Use::Read),
        server: Some(url.clone()),
        _lock: None,
    }
}

/// Looks at the database, and makes the tables if they are missing and may be made.
pub(in crate::views) async fn prepare(url: &ServerUrl, access: Access) -> Result<(), ViewsError> {
    let mut connection = connect_to(url, Some(url.name())).await?;
    fit_server(&mut connection, url, access).await?;
    schema::bring_up(&mut connection, url, access).await
}

/// Connects for looking and building.
pub(super) async fn connect_to(
    url: &ServerUrl,
    database: Option<&str>,
) -> Result<MySqlConnection, ViewsError> {
    for file in url.files() {
        if let Err(error) = std::fs::File::open(file) {
            let why = format!("{}: {error}", file.display());
            return Err(refused(url, &why, "name a file that can be read"));
        }
    }
    let connected = connect(url, database, Use::Build).await;
    connected.map_err(|error| classified(url, error))
}

/// Whether the server can keep views at all.
pub(super) async fn fit_server(
    connection: &mut MySqlConnection,
    url: &ServerUrl,
    access: Access,
) -> Result<(), ViewsError> {
    const SELECT: &str = "SELECT VERSION(), CAST(@@max_allowed_packet AS SIGNED), \
         CAST(@@global.read_only AS SIGNED), (SELECT CAST(count(*) AS SIGNED) \
         FROM information_schema.engines WHERE engine = 'InnoDB' AND support IN ('YES', 'DEFAULT'))";
    let row = sqlx::query(SELECT).fetch_one(connection).await;
    let row = row.map_err(|error| classified(url, error))?;
    let column = |index| row.try_get_unchecked::<i64, _>(index);
    let read = || {
        Ok((
            row.try_get_unchecked(0)?,
            column(1)?,
            column(2)?,
            column(3)?,
        ))
    };
    let (version, packet, read_only, innodb): (String, i64, i64, i64) =
        read().map_err(|error| classified(url, error))?;
    if !is_new_enough(&version) {
        let ((a, b), (c, d)) = OLDEST;
        let remedy = format!("upgrade it to MySQL {a}.{b} or MariaDB {c}.{d} at least");
        return Err(refused(url, &format!("the server is {version}"), &remedy));
    }
    if innodb == 0 {
        let why = "the server has no InnoDB";
        return Err(refused(url, why, "start it without disabling InnoDB"));
    }
    if u64::try_from(packet).is_ok_and(|packet| packet < PACKET) {
        let why = format!("max_allowed_packet is {packet}");
        let remedy = format!("set it to {PACKET} at least in the server's configuration");
        return Err(refused(url, &why, &remedy));
    }
    if read_only != 0 && access == Access::Write {
        let remedy = "name the primary, or SET GLOBAL read_only = OFF there";
        return Err(refused(url, "the server is read-only", remedy));
    }
    Ok(())
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(|number| number.parse().ok());
    let (major, minor) = (numbers.next().flatten(), numbers.next().flatten());
    let (mysql, mariadb) = OLDEST;
    let oldest = if version.contains("MariaDB") {
        mariadb
    } else {
        mysql
    };
    major
        .zip(minor)
        .is_some_and(|found: (u32, u32)| found >= oldest)
}

/// A refusal, and what to do about it.
pub(super) fn refused(url: &ServerUrl, why: &str, remedy: &str) -> ViewsError {
    ViewsError::Refused {
        place: url.to_string(),
        why: format!("{why}; {remedy}"),
    }
}

/// What an error at the start means. The numbers are MySQL's, which MariaDB shares.
pub(in crate::views) fn classified(url: &ServerUrl, error: sqlx::Error) -> ViewsError {
    let name = url.name();
    match &error {
        // What TLS has against a certificate comes as an error of reading.
        sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => {
            refused(url, &error.to_string(), CERTIFICATES)
        }
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => ViewsError::Unreachable {
            place: url.to_string(),
            why: error.to_string(),
        },
        sqlx::Error::Tls(_) => refused(url, &error.to_string(), CERTIFICATES),
        sqlx::Error::Protocol(_) => refused(
            url,
            &format!("what answers does not speak as MySQL does ({error})"),
            "name the port of the server",
        ),
        sqlx::Error::Database(said) => {
            let number = said.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
            match number.map_or(0, sqlx::mysql::MySqlDatabaseError::number) {
                // Too many connections; shutting down; a lock that another one holds; killed, or too
                // slow; and tables that another one is making or replacing.
                1040 | 1053 | 1146 | 1203 | 1205 | 1213 | 1226 | 1317 | 1412 | 1684 | 1927
                | 1969 | 3024 | 4031 => ViewsError::Unreachable {
                    place: url.to_string(),
                    why: error.to_string(),
                },
                1045 | 1130 | 1698 => refused(
                    url,
                    &error.to_string(),
                    "check the user and the password in the URL",
                ),
                1049 => refused(
                    url,
                    &format!("there is no database {name}"),
                    &format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4;"),
                ),
                1044 | 1142 | 1143 | 1227 | 1370 => refused(
                    url,
                    &error.to_string(),
                    &format!("GRANT ALL ON `{name}`.* TO the user in the URL"),
                ),
                1290 | 1836 => refused(url, &error.to_string(), "name the primary"),
                _ => ViewsError::Database {
                    place: url.to_string(),
                    source: error,
                },
            }
        }
        _ => ViewsError::Database {
            place: url.to_string(),
            source: error,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::{classified, is_new_enough};

    #[test]
    fn a_certificate_that_does_not_fit_will_not_fit_later() {
        let url = "mysql://db/forum".parse().unwrap();
        let io = |kind| classified(&url, sqlx::Error::Io(Error::new(kind, "no")));
        assert!(!io(ErrorKind::InvalidData).passes());
        assert!(io(ErrorKind::ConnectionReset).passes());
    }

    #[test]
    fn servers_are_told_by_their_versions() {
        for version in ["8.4.0", "9.7.4-2", "10.11.6-MariaDB-log", "11.4.2-MariaDB"] {
            assert!(is_new_enough(version), "{version}");
        }
        for version in [
            "8.0.40",
            "5.7.44",
            "10.6.18-MariaDB",
            "10.5-MariaDB",
            "",
            "eight",
        ] {
            assert!(!is_new_enough(version), "{version}");
        }
    }
}
