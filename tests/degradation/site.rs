//! A node that serves a board from servers of its own, each behind a proxy.

use std::sync::Arc;

use redis::FromRedisValue;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::facts::Facts;
use super::wait_for;
use crate::cli::madang::Place;
use crate::node::server::Server;
use crate::servers::mariadb::MariaDb;
use crate::servers::process::Process;
use crate::servers::proxy::Proxy;

/// The node's own name at the SQL server: it may do what it needs, but not write to a server that is
/// read-only.
const SQL_USER: &str = "CREATE DATABASE madang; \
     CREATE USER madang IDENTIFIED BY 'secret'; \
     GRANT ALL ON madang.* TO madang";

/// A MariaDB with the node's database.
pub(crate) struct Sql {
    pub(crate) server: MariaDb,
    pub(crate) proxy: Proxy,
}

impl Sql {
    fn start() -> Self {
        let mut server = MariaDb::start();
        let proxy = Proxy::before(server.process().port());
        let sql = Self { server, proxy };
        sql.run(SQL_USER);
        sql
    }

    pub(crate) fn url(&self) -> String {
        let port = self.proxy.port();
        format!("mysql://madang:secret@127.0.0.1:{port}/madang")
    }

    /// Runs statements as the administrator.
    pub(crate) fn run(&self, statements: &str) {
        let run = async {
            let server = self.server.url("");
            let mut connection = MySqlConnection::connect(&server).await.unwrap();
            let run = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
            run.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        };
        wait_for(run);
    }
}

/// A Redis, and perhaps one that follows it.
pub(crate) struct Redis {
    pub(crate) server: Process,
    pub(crate) proxy: Proxy,
}

impl Redis {
    fn start() -> Self {
        let server = Self::another();
        let proxy = Proxy::before(server.port());
        Self { server, proxy }
    }

    /// A server of which nobody knows yet. It keeps nothing on disk.
    pub(crate) fn another() -> Process {
        Process::start(|directory, socket, port| {
            let own = [
                format!("--dir {}", directory.display()),
                format!("--unixsocket {}", socket.display()),
                format!("--port {port}"),
            ];
            let settings = "redis-server --bind 127.0.0.1 --save --appendonly no \
                 --repl-diskless-sync-delay 0 --maxmemory-policy volatile-lru";
            let words = settings.split_whitespace().map(str::to_owned);
            let own = own.iter().flat_map(|two| two.split(' '));
            words.chain(own.map(str::to_owned)).collect()
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.proxy.port())
    }

    pub(crate) fn run<T: FromRedisValue>(&self, command: &str) -> T {
        run(&self.server, command)
    }
}

/// Asks a Redis, past all proxies.
pub(crate) fn run<T: FromRedisValue>(server: &Process, command: &str) -> T {
    let client = redis::Client::open(format!("redis://127.0.0.1:{}", server.port()));
    let mut connection = client.unwrap().get_connection().unwrap();
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    words.for_each(|word| {
        command.arg(word);
    });
    command.query(&mut connection).unwrap()
}

/// A node, its files and its servers. The node ends first.
pub(crate) struct Site {
    pub(super) facts: Arc<Facts>,
    server: Server,
    pub(super) place: Place,
    pub(super) sql: Option<Sql>,
    pub(super) redis: Option<Redis>,
}

/// Which servers a site has instead of the embedded files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Servers {
    pub(super) sql: bool,
    pub(super) redis: bool,
}

impl Site {
    pub(super) fn open(servers: Servers) -> Self {
        let sql = servers.sql.then(Sql::start);
        let redis = servers.redis.then(Redis::start);
        let place = Place::new();
        place.write("madang.toml", settings(sql.as_ref(), redis.as_ref()));
        let token = Facts::import(&place);
        let server = Server::start(&place);
        Self {
            facts: Arc::new(Facts::find(&server, token)),
            server,
            place,
            sql,
            redis,
        }
    }

    /// `kill -9` of the node, and another one in its place.
    pub(super) fn kill_server(&mut self) {
        self.server.kill();
        self.server = Server::start(&self.place);
        self.facts.moved(&self.server.address);
    }

    /// Lets the node stop by itself.
    pub(super) fn stop_server(&mut self) {
        self.server.terminate();
        assert_eq!(self.server.ended().code(), Some(0));
    }

    pub(super) fn sql(&mut self) -> &mut Sql {
        self.sql.as_mut().expect("an SQL server")
    }

    pub(super) fn redis(&mut self) -> &mut Redis {
        self.redis.as_mut().expect("a Redis")
    }
}

fn settings(sql: Option<&Sql>, redis: Option<&Redis>) -> String {
    let database = sql.map(|sql| format!("database = \"{}\"\n", sql.url()));
    let redis = redis.map(|redis| format!("redis = \"{}\"\n", redis.url()));
    database.unwrap_or_default() + &redis.unwrap_or_default()
}
