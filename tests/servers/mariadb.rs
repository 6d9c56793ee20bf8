//! MariaDB servers for tests, and databases on them.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use madang::ambient::new_command_id;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;
use tokio::time::timeout;

use super::process::Process;

/// Durability that only a power loss would need, and memory that only many users would need, are
/// left out: a killed server loses no transaction.
const SETTINGS: &[&str] = &[
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-buffer-pool-load-at-startup=0",
    "--performance-schema=0",
    "--aria-pagecache-buffer-size=1M",
    "--key-buffer-size=1M",
    "--max-connections=500",
    "--thread-cache-size=64",
    "--skip-name-resolve",
    "--bind-address=127.0.0.1",
];

/// What a data directory is made with, so that it must be run with it: one file for all tables, as
/// most tests make all of them for a few rows.
const FILES: &[&str] = &[
    "--innodb-log-file-size=16M",
    "--innodb-data-file-path=ibdata1:4M:autoextend",
    "--innodb-autoextend-increment=4",
    "--innodb-file-per-table=0",
];

/// A server: a private one, or one that somebody has named.
pub(crate) struct MariaDb {
    process: Option<Process>,
    /// `mysql://user:password@host:port`, without a database.
    url: String,
}

/// A database that is there as long as this.
pub(crate) struct Database {
    /// `mysql://user:password@host:port/name`.
    pub(crate) url: String,
}

impl MariaDb {
    /// A private server. It ends when it is dropped, at the latest with the test process.
    pub(crate) fn start() -> Self {
        let process = Process::start(|directory, socket, port| {
            let data = directory.join("data");
            copy(template(), &data);
            let own = [
                format!("--datadir={}", data.display()),
                format!("--socket={}", socket.display()),
                format!("--port={port}"),
            ];
            let program = "mariadbd --no-defaults --user=root".split(' ');
            let settings = program.chain(SETTINGS.iter().copied());
            let settings = settings.chain(FILES.iter().copied());
            settings.map(str::to_owned).chain(own).collect()
        });
        let url = format!("mysql://root@127.0.0.1:{}", process.port());
        let process = Some(process);
        Self { process, url }
    }

    /// The one that all tests use who neither stop it nor count on being alone on it.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<MariaDb> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The process of a private one.
    pub(crate) fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("a private server")
    }

    /// A new and empty database.
    pub(crate) async fn database(&self) -> Database {
        let name = format!("madang_test_{}", new_command_id().simple());
        let mut connection = MySqlConnection::connect(&self.url).await.unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create)
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        let url = format!("{}/{name}", self.url);
        Database { url }
    }
}

/// A data directory as it is at first, made once and kept beside the built tests: making one takes
/// ten times as long as copying it.
fn template() -> &'static Path {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let version = said_by(Command::new("mariadbd").arg("--version"));
        let version = version.split(' ').find(|word| word.contains("MariaDB"));
        let built = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let mut made_with = DefaultHasher::new();
        FILES.hash(&mut made_with);
        let version = version.expect("a version of MariaDB");
        let kept = built.join(format!("{version}-{:x}", made_with.finish()));
        if !kept.exists() {
            install(built, &kept);
        }
        kept
    })
}

/// Whoever comes second finds what the first one made, which is as good.
fn install(built: &Path, kept: &Path) {
    let made = TempDir::new_in(built).unwrap();
    let data = made.path().join("data");
    let user = said_by(Command::new("id").arg("-un"));
    let mut install = Command::new("mariadb-install-db");
    install
        .arg("--no-defaults")
        .arg(format!("--user={user}"))
        .arg(format!("--datadir={}", data.display()))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db"])
        .args(FILES);
    said_by(&mut install);
    let renamed = fs::rename(&data, kept);
    assert!(renamed.is_ok() || kept.exists(), "{renamed:?}");
}

fn copy(from: &Path, to: &Path) {
    said_by(Command::new("cp").arg("-R").arg(from).arg(to));
}

fn said_by(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_is_empty() {
    let database = MariaDb::shared().database().await;
    let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
    let tables = sqlx::raw_sql("SHOW TABLES").fetch_all(&mut connection);
    assert!(tables.await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_server_is_killed_and_comes_back_with_what_it_had() {
    let mut server = MariaDb::start();
    let database = server.database().await;
    server.process().kill();
    assert!(MySqlConnection::connect(&database.url).await.is_err());
    server.process().restart();
    assert!(MySqlConnection::connect(&database.url).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_server_answers_later() {
    let mut server = MariaDb::start();
    let database = server.database().await;
    server.process().pause();
    let mut connection = pin!(MySqlConnection::connect(&database.url));
    let soon = timeout(Duration::from_millis(100), &mut connection).await;
    assert!(soon.is_err());
    server.process().resume();
    assert!(connection.await.is_ok());
}
