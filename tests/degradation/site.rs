//! A node that serves a board from servers of its own: views behind proxies, and the log on a server, too,
//! if the test is about that one.

use std::fmt::Write as _;
use std::sync::Arc;

use madang::event_store::EventStore;
use redis::FromRedisValue;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::facts::Facts;
use super::store::Store;
use super::wait_for;
use crate::cli::madang::Place;
use crate::node::server::Server;
use crate::servers::mariadb::MariaDb;
use crate::servers::proxy::Proxy;
use crate::servers::redis::Redis;

/// The node's own name at the SQL server: it may do what it needs, but not write to a server that is
/// read-only.
const SQL_USER: &str = "CREATE DATABASE madang; CREATE DATABASE replayed; \
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

/// A Redis with the node's hot views.
pub(crate) struct Hot {
    pub(crate) server: Redis,
    pub(crate) proxy: Proxy,
}

impl Hot {
    fn start() -> Self {
        let mut server = Redis::start();
        let proxy = Proxy::before(server.process().port());
        Self { server, proxy }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.proxy.port())
    }

    /// Asks the server, past the proxy.
    pub(crate) fn run<T: FromRedisValue>(&self, command: &str) -> T {
        wait_for(self.server.run(command))
    }
}

/// A node, its files and its servers. The node ends first.
pub(crate) struct Site {
    pub(super) facts: Arc<Facts>,
    server: Server,
    pub(super) place: Place,
    pub(super) sql: Sql,
    pub(super) redis: Hot,
    store: Option<Store>,
}

impl Site {
    /// A board with its readers' favourites, served. Its log is in a file.
    pub(super) fn open() -> Self {
        Self::with(None)
    }

    /// The same with the log on a server.
    pub(super) fn on_store() -> Self {
        Self::with(Some(Store::start()))
    }

    fn with(store: Option<Store>) -> Self {
        let (sql, redis) = (Sql::start(), Hot::start());
        let place = Place::new();
        let (database, hot) = (sql.url(), redis.url());
        let mut settings = format!("database = \"{database}\"\nredis = \"{hot}\"\n");
        if let Some(store) = &store {
            writeln!(settings, "event_store = \"{}\"", store.url()).unwrap();
        }
        place.write("madang.toml", settings);
        let token = Facts::import(&place);
        let server = Server::start(&place);
        Self {
            facts: Arc::new(Facts::find(&server, token)),
            server,
            place,
            sql,
            redis,
            store,
        }
    }

    /// The server of the log.
    pub(super) fn store(&mut self) -> &mut Store {
        self.store
            .as_mut()
            .expect("a site whose log is on a server")
    }

    /// Whether the log may be ill.
    pub(super) fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// What is in the log.
    pub(super) async fn log(&self) -> Arc<dyn EventStore> {
        let Some(store) = &self.store else {
            return self.place.log().await;
        };
        Place::log_at(&store.url())
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
}
