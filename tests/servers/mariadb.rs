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
use tokio::runtime::Builder;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::process::Process;

/// Durability that only a power loss would need, and memory that only many users would need, are
/// left out: a killed server loses no transaction.
const SETTINGS: &[&str] = &[
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--debug-no-sync",
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

/// Takes a copy of a data directory, unless there is one from before, and becomes the server.
const BEGIN: &str = r#"[ -e "$2" ] || cp -R "$1" "$2"; shift 2; exec "$@""#;

/// What the names of databases begin with, for those who find some that a killed run has left on a
/// server of theirs.
const PREFIX: &str = "madang_test_";

/// A server: a private one, or the one that `MADANG_TEST_MYSQL` names, a MySQL perhaps.
pub(crate) struct MariaDb {
    process: Option<Process>,
    /// `mysql://user:password@host:port`, and what comes behind the database's name.
    url: (String, String),
}

/// A database that is there as long as this.
pub(crate) struct Database {
    /// `mysql://user:password@host:port/name`.
    pub(crate) url: String,
    /// What is to be cleaned up; nothing on a server that goes with the test process.
    borrowed: Option<String>,
}

impl MariaDb {
    /// A private server. It ends when it is dropped, at the latest with the test process.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// A private server with some settings, such as `["--ssl-cert=…"]`.
    pub(crate) fn start_with(settings: &[String]) -> Self {
        let more = settings;
        let template = template();
        let process = Process::start(|directory, socket, port| {
            let data = directory.join("data");
            let begin = ["sh", "-c", BEGIN, "begin"].map(str::to_owned);
            let copy = [template, &data].map(|path| path.display().to_string());
            let own = [
                format!("--datadir={}", data.display()),
                format!("--socket={}", socket.display()),
                // Not one for all: a server that starts throws away the temporary tables it finds.
                format!("--tmpdir={}", directory.display()),
                format!("--port={port}"),
            ];
            let program = "mariadbd --no-defaults --user=root".split(' ');
            let settings = program.chain(SETTINGS.iter().copied());
            let settings = settings.chain(FILES.iter().copied());
            let server = settings.map(str::to_owned).chain(own);
            let server = server.chain(more.iter().cloned());
            begin.into_iter().chain(copy).chain(server).collect()
        });
        let address = format!("mysql://root@127.0.0.1:{}", process.port());
        Self {
            process: Some(process),
            url: (address, String::new()),
        }
    }

    /// The one that all tests use who neither stop it nor count on being alone on it.
    #[expect(
        clippy::disallowed_methods,
        reason = "what to test on is no setting of the program"
    )]
    pub(crate) async fn shared() -> &'static Self {
        static SHARED: OnceCell<MariaDb> = OnceCell::const_new();
        let first = async || match std::env::var("MADANG_TEST_MYSQL") {
            Ok(url) if !url.is_empty() => Self::borrow(&url),
            _ => spawn_blocking(Self::start).await.unwrap(),
        };
        SHARED.get_or_init(first).await
    }

    /// A server that is somebody else's. The database in `url` is not used.
    fn borrow(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").expect("mysql://…");
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let address = rest.split('/').next().unwrap_or_default();
        let mark = if options.is_empty() { "" } else { "?" };
        Self {
            process: None,
            url: (format!("{scheme}://{address}"), format!("{mark}{options}")),
        }
    }

    /// The process of a private one.
    pub(crate) fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("a private server")
    }

    /// The URL of a database, which need not be there.
    pub(crate) fn url(&self, name: &str) -> String {
        let (address, options) = &self.url;
        format!("{address}/{name}{options}")
    }

    /// A new and empty database.
    pub(crate) async fn database(&self) -> Database {
        let name = format!("{PREFIX}{}", new_command_id().simple());
        let server = self.url("");
        run(&server, format!("CREATE DATABASE {name}")).await;
        Database {
            url: self.url(&name),
            borrowed: self.process.is_none().then_some(server),
        }
    }
}

async fn run(url: &str, sql: String) {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    let run = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection);
    run.await.unwrap();
    connection.close().await.unwrap();
}

impl Drop for Database {
    /// Whoever still uses it is cut off, or they would keep it from going. Another runtime, since a
    /// test's own waits for this.
    fn drop(&mut self) {
        let Some(server) = self.borrowed.take() else {
            return;
        };
        let name = self.url.split('/').next_back().unwrap_or_default();
        let name = name.split('?').next().unwrap_or_default().to_owned();
        let dropped = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(drop_database(&server, &name));
        });
        dropped.join().unwrap();
    }
}

async fn drop_database(server: &str, name: &str) {
    const USERS: &str = "SELECT CAST(id AS CHAR) FROM information_schema.processlist WHERE db = ?";
    let mut connection = MySqlConnection::connect(server).await.unwrap();
    let users: Vec<String> = loop {
        let users = sqlx::query_scalar(USERS).bind(name);
        match users.fetch_all(&mut connection).await {
            Ok(users) => break users,
            // MySQL shows nobody while somebody runs a statement with bytes in it that are no text.
            Err(error) => assert!(error.to_string().contains("Cannot convert"), "{error}"),
        }
    };
    for user in users {
        let kill = AssertSqlSafe(format!("KILL {user}"));
        // It may be gone by itself.
        let _ = sqlx::raw_sql(kill).execute(&mut connection).await;
    }
    run(server, format!("DROP DATABASE {name}")).await;
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

fn said_by(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_is_empty() {
    let database = MariaDb::shared().await.database().await;
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
