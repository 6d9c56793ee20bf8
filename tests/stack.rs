//! The stores that a test runs on: the embedded files, or servers for the log, the views and what is
//! hot of them.
//!
//! `MADANG_TEST_STACK` chooses for all tests that do not name one: `embedded` (the default) or
//! `servers`. Tests of what only files can do (a lock, a lease, a rename, a plan of SQLite) name
//! [`Stack::Embedded`], and so run the same whatever is chosen.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use madang::ambient::{Clock, new_command_id};
use madang::config::{Config, Settings};
use madang::event_store::EventStore;
use madang::views::Database as Location;
use tempfile::TempDir;
use tokio::sync::{Mutex, OnceCell};
use tokio::task::spawn_blocking;

use crate::servers::eventstoredb::EventStoreDb;
use crate::servers::mariadb::{Database, MariaDb};
use crate::servers::redis::Redis;

/// What the log and the views are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    /// Files in the test's own directory.
    Embedded,
    /// An EventStoreDB of the test's own, within this process; a MariaDB, or the server that
    /// `MADANG_TEST_MYSQL` names; and a Redis.
    Servers,
}

/// The views that nodes have.
const VIEWS: &str = "data/views.db";

impl Stack {
    /// The one that somebody has chosen for all tests.
    #[expect(
        clippy::disallowed_methods,
        reason = "what to test on is no setting of the program"
    )]
    pub(crate) fn chosen() -> Self {
        match std::env::var("MADANG_TEST_STACK").as_deref() {
            Err(_) | Ok("" | "embedded") => Self::Embedded,
            Ok("servers") => Self::Servers,
            Ok(other) => panic!("MADANG_TEST_STACK = {other}: embedded or servers"),
        }
    }
}

/// Stores of one test's own, empty at first; they go with it.
pub(crate) struct Home {
    stack: Stack,
    directory: TempDir,
    /// What its keys in Redis begin with.
    prefix: String,
    /// Its log, once somebody has asked for it.
    event_store: OnceCell<EventStoreDb>,
    /// What was asked for so far, by name.
    databases: Mutex<Vec<(String, Database)>>,
}

impl Home {
    /// On the stack that was chosen.
    pub(crate) fn new() -> Self {
        Self::on(Stack::chosen())
    }

    pub(crate) fn on(stack: Stack) -> Self {
        Self {
            stack,
            directory: TempDir::new().unwrap(),
            prefix: new_command_id().simple().to_string(),
            event_store: OnceCell::new(),
            databases: Mutex::default(),
        }
    }

    /// A file or directory of this name.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The choices of a node whose files are in `data`: of one with views of its own.
    pub(crate) async fn config(&self) -> Config {
        let config = Some(self.path("none.toml"));
        std::fs::write(config.as_ref().unwrap(), "").unwrap();
        let settings = Settings {
            config,
            data_dir: Some(self.path("data")),
            event_store: self.event_store().await,
            database: Some(self.url(VIEWS).await),
            redis: self.redis().await,
            redis_prefix: Some(self.prefix.clone()),
            ..Settings::default()
        };
        settings.resolve().unwrap()
    }

    /// Where the log is; a file in the data directory, if nothing is said.
    async fn event_store(&self) -> Option<String> {
        match self.stack {
            Stack::Embedded => None,
            Stack::Servers => Some(self.store().await.url()),
        }
    }

    /// The server of the log, which is of this home alone.
    async fn store(&self) -> &EventStoreDb {
        self.event_store.get_or_init(EventStoreDb::start).await
    }

    /// The log, opened beside whoever writes it.
    pub(crate) async fn log(&self) -> Arc<dyn EventStore> {
        let place = self.config().await.event_store;
        place.open_read_only(Clock::system()).await.unwrap()
    }

    /// Where what is hot is; nowhere, if views are in files.
    async fn redis(&self) -> Option<String> {
        match self.stack {
            Stack::Embedded => None,
            Stack::Servers => Some(redis().await.url()),
        }
    }

    /// Where the views of this name are: always the same for the same name.
    pub(crate) async fn database(&self, name: &str) -> Location {
        let settings = Settings {
            config: Some("/dev/null".into()),
            database: Some(self.url(name).await),
            ..Settings::default()
        };
        settings.resolve().unwrap().database
    }

    /// What tells the program to use these stores.
    pub(crate) async fn variables(&self) -> Vec<(&'static str, String)> {
        let Some(redis) = self.redis().await else {
            return Vec::new();
        };
        vec![
            ("MADANG_EVENT_STORE", self.store().await.url()),
            ("MADANG_DATABASE", self.url(VIEWS).await),
            ("MADANG_REDIS", redis),
            ("MADANG_REDIS_PREFIX", self.prefix.clone()),
        ]
    }

    /// Where views are, as a setting has it.
    pub(crate) async fn url(&self, name: &str) -> String {
        if self.stack == Stack::Embedded {
            return format!("sqlite:{}", self.path(name).display());
        }
        let mut databases = self.databases.lock().await;
        if let Some((_, database)) = databases.iter().find(|(given, _)| given == name) {
            return database.url.clone();
        }
        let database = MariaDb::shared().await.database().await;
        let url = database.url.clone();
        databases.push((name.to_owned(), database));
        url
    }
}

/// The Redis of all tests that do not stop it; their prefixes keep them apart.
async fn redis() -> &'static Redis {
    static SHARED: OnceCell<Redis> = OnceCell::const_new();
    let first = async || spawn_blocking(Redis::start).await.unwrap();
    SHARED.get_or_init(first).await
}
