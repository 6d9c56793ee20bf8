//! Private servers to measure on, as the tests start theirs. They end with the benchmark, however that
//! ends.

#[path = "../tests/servers"]
#[expect(
    clippy::unwrap_used,
    clippy::expect_used,
    dead_code,
    unused_imports,
    reason = "the tests do more with it, and may stop anywhere"
)]
mod of_tests {
    pub(crate) mod eventstoredb;
    pub(crate) mod process;
}

use std::path::Path;
use std::process::Command;

pub(crate) use of_tests::eventstoredb;
use of_tests::process::Process;
use redis::aio::MultiplexedConnection;
use redis::{Client, cmd};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;

use crate::support;

/// As durable as the default, and with the memory of a small server.
const MARIADB: &[&str] = &[
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-buffer-pool-size=512M",
    "--innodb-log-file-size=256M",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-buffer-pool-load-at-startup=0",
    "--skip-name-resolve",
    "--bind-address=127.0.0.1",
];

/// A MariaDB whose data are on the file system of the build.
pub(crate) struct MariaDb {
    process: Process,
    _data: TempDir,
}

impl MariaDb {
    /// Starts it; says so if it is not installed.
    pub(crate) fn start() -> Option<Self> {
        if !["mariadbd", "mariadb-install-db"].into_iter().all(is_there) {
            return None;
        }
        let data = support::directory();
        install(data.path());
        let process = Process::start(|_, socket, port| {
            let own = [
                format!("--datadir={}", data.path().display()),
                format!("--socket={}", socket.display()),
                format!("--port={port}"),
            ];
            let command = "mariadbd --no-defaults --user=root".split(' ');
            let command = command.chain(MARIADB.iter().copied()).map(str::to_owned);
            command.chain(own).collect()
        });
        Some(Self {
            process,
            _data: data,
        })
    }

    /// Makes an empty database; answers with its URL.
    pub(crate) async fn create(&self, name: &str) -> String {
        self.run(format!("CREATE DATABASE {name}")).await;
        self.url(name)
    }

    /// Throws a database away.
    pub(crate) async fn drop(&self, name: &str) {
        self.run(format!("DROP DATABASE {name}")).await;
    }

    fn url(&self, name: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{name}", self.process.port())
    }

    async fn run(&self, sql: String) {
        let connection = MySqlConnection::connect(&self.url("")).await;
        let mut connection = connection.expect("a connection");
        let run = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection);
        run.await.expect("a server that does it");
    }
}

fn install(data: &Path) {
    let installed = Command::new("mariadb-install-db")
        .args(["--no-defaults", "--user=root", "--skip-test-db"])
        .arg("--auth-root-authentication-method=normal")
        .arg(format!("--datadir={}", data.display()))
        .output()
        .expect("mariadb-install-db");
    assert!(installed.status.success(), "{installed:?}");
}

/// A Redis that writes nothing to disk.
pub(crate) struct Redis(Process);

impl Redis {
    /// Starts it; says so if it is not installed.
    pub(crate) fn start() -> Option<Self> {
        is_there("redis-server").then(|| Self(Process::start(redis_server)))
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// The same, as the network has it.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.0.port())
    }

    /// A connection of one's own, of the kind that the program has.
    pub(crate) async fn connect(&self) -> MultiplexedConnection {
        let client = Client::open(self.url()).expect("a URL");
        let connection = client.get_multiplexed_async_connection().await;
        connection.expect("a connection")
    }

    /// How often it was asked to do `command` so far.
    pub(crate) async fn calls(&self, command: &str) -> u64 {
        let mut connection = self.connect().await;
        let mut ask = cmd("INFO");
        let asked = ask.arg("commandstats").query_async(&mut connection);
        let info: String = asked.await.expect("statistics");
        let start = format!("cmdstat_{command}:calls=");
        let line = info.lines().find_map(|line| line.strip_prefix(&start));
        let calls = line.and_then(|line| line.split(',').next()?.parse().ok());
        calls.unwrap_or(0)
    }
}

fn redis_server(directory: &Path, socket: &Path, port: u16) -> Vec<String> {
    let own = [
        ("--port", port.to_string()),
        ("--dir", directory.display().to_string()),
        ("--unixsocket", socket.display().to_string()),
        ("--save", String::new()),
    ];
    let own = own
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value]);
    let command = "redis-server --bind 127.0.0.1 --appendonly no".split(' ');
    command.map(str::to_owned).chain(own).collect()
}

fn is_there(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").output();
    let there = asked.is_ok_and(|answer| answer.status.success());
    if !there {
        println!("skipped: there is no {program} here");
    }
    there
}
