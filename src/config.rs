//! What the operator chose: flags, then `MADANG_*` variables, then `madang.toml`, then defaults.
//! The only module that knows the environment.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::calendar::{Calendar, UnknownZone};
use crate::domain::snowflake::Node;
use crate::event_store::{Credentials, EsdbUrl, MalformedEsdbUrl};
use crate::hot::{HotPrefix, HotUrl, MalformedHotPrefix, MalformedHotUrl};

use crate::views::MalformedUrl;

pub use crate::event_store::Log;
pub use crate::views::Database;

/// What a node does. A node without a role answers its requests with 421.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Takes commands.
    Command,
    /// Answers queries.
    Query,
    /// Folds the log into the views.
    Projector,
}

/// The roles of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Takes commands.
    pub command: bool,
    /// Answers queries.
    pub query: bool,
    /// Folds the log into the views.
    pub projector: bool,
}

impl Roles {
    /// Everything.
    pub const ALL: Self = Self {
        command: true,
        query: true,
        projector: true,
    };

    /// The roles that are listed; all of them if the list is empty.
    pub fn of(roles: &[Role]) -> Self {
        let has = |role| roles.is_empty() || roles.contains(&role);
        Self {
            command: has(Role::Command),
            query: has(Role::Query),
            projector: has(Role::Projector),
        }
    }
}

/// A choice that makes no sense. The text says which and why.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not the TOML that is expected. Tells the line by its number, since what stands
    /// in it may be the signing key.
    #[error("{}, line {line}: {detail}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where it is wrong.
        line: usize,
        /// What is wrong.
        detail: String,
    },
    /// A URL of a store that this release does not speak.
    #[error("{name} = {url}: this release speaks only {spoken}")]
    Url {
        /// Which setting.
        name: &'static str,
        /// What was given, without secrets.
        url: String,
        /// What this setting takes.
        spoken: &'static str,
    },
    /// A URL of a server that names no database on it.
    #[error("database = {url}: {source}")]
    Server {
        /// What was given, without secrets.
        url: String,
        /// What is wrong with it.
        source: MalformedUrl,
    },
    /// The event log cannot be at such a URL. The text shows nothing secret of it.
    #[error("event_store: {0}")]
    EventStore(#[from] MalformedEsdbUrl),
    /// Something about a server that the event log is not on.
    #[error("{0} is for an event_store on a server, esdb://…")]
    NoServer(&'static str),
    /// The hot views cannot be at such a URL. The text shows nothing of it.
    #[error(transparent)]
    Redis(#[from] MalformedHotUrl),
    /// A prefix that cannot begin a key.
    #[error(transparent)]
    RedisPrefix(#[from] MalformedHotPrefix),
    /// A node number above 1023.
    #[error("node_id = {0}: a node number is 0 to {max}", max = Node::MAX)]
    Node(u16),
    /// A time zone that nobody has heard of.
    #[error("time_zone: {0}")]
    TimeZone(#[from] UnknownZone),
    /// A signing key that is too short to be one.
    #[error("auth_key: a signing key has at least {MIN_KEY_BYTES} bytes")]
    Key,
}

/// The fewest bytes of a signing key: the size of the HMAC's hash (RFC 7518, 3.2).
pub const MIN_KEY_BYTES: usize = 32;

/// Everything that can be set, as it was given; nothing is filled in yet.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Settings (flag, then variable, then madang.toml)")]
pub struct Settings {
    /// The file with settings [default: madang.toml, if there is one]
    #[arg(long, global = true, env = "MADANG_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where the embedded files and the signing key are kept [default: ./data]
    #[arg(long, global = true, env = "MADANG_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, env = "MADANG_LISTEN", value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    // Not global: `token` has a --role of its own; `serve` takes this one behind it, too.
    /// What this node does; repeatable [default: all roles]
    #[arg(long, env = "MADANG_ROLE", value_delimiter = ',', value_name = "ROLE")]
    pub role: Vec<Role>,
    /// The event log: sqlite:PATH, or for an EventStoreDB or KurrentDB esdb://USER:PASSWORD@HOST:PORT
    /// with further nodes of a cluster behind commas, or esdb+discover:// and one name for all of them
    /// [default: log.db in the data directory]
    #[arg(
        long,
        global = true,
        env = "MADANG_EVENT_STORE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub event_store: Option<String>,
    /// Who to be on the server of the event log [default: the user in its URL]
    #[arg(
        long,
        global = true,
        env = "MADANG_EVENT_STORE_USER",
        value_name = "USER",
        hide_env_values = true
    )]
    pub event_store_user: Option<String>,
    /// That user's password [default: the one in the URL]
    #[arg(
        long,
        global = true,
        env = "MADANG_EVENT_STORE_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub event_store_password: Option<String>,
    /// A PEM file with the certificates of those who may have signed that server's [default: those
    /// that the machine trusts]
    #[arg(
        long,
        global = true,
        env = "MADANG_EVENT_STORE_CA",
        value_name = "FILE"
    )]
    pub event_store_ca: Option<PathBuf>,
    /// The SQL views [default: views.db in the data directory]
    #[arg(
        long,
        global = true,
        env = "MADANG_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,
    /// The hot views: redis://USER:PASSWORD@HOST:PORT/DB, or rediss:// for TLS; of a Cluster some
    /// of its nodes, with commas between [default: none, SQL answers all queries]
    #[arg(
        long,
        global = true,
        env = "MADANG_REDIS",
        value_name = "URL",
        hide_env_values = true
    )]
    pub redis: Option<String>,
    /// What all keys in Redis begin with: one for each log [default: madang]
    #[arg(
        long,
        global = true,
        env = "MADANG_REDIS_PREFIX",
        value_name = "PREFIX"
    )]
    pub redis_prefix: Option<String>,
    /// The number that tells this node's ids from others', 0 to 1023 [default: a free one, if both the
    /// log and the views are on servers; else 0]
    #[arg(long, global = true, env = "MADANG_NODE_ID", value_name = "N")]
    pub node_id: Option<u16>,
    /// The time zone whose days the popular lists are of, by its IANA name; once there are views, a
    /// change of it needs a replay [default: Asia/Seoul]
    #[arg(long, global = true, env = "MADANG_TIME_ZONE", value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// The key that signs tokens, at least 32 bytes [default: the one in auth.key in the data
    /// directory, which is made at first need]
    #[arg(
        long,
        global = true,
        env = "MADANG_AUTH_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub auth_key: Option<String>,
    /// What to log: a level, or directives such as `info,madang=debug` [default: info]
    #[arg(long, global = true, env = "MADANG_LOG", value_name = "FILTER")]
    pub log: Option<String>,
}

/// Every choice made.
#[derive(Clone)]
pub struct Config {
    /// Where the embedded files are.
    pub data_dir: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// What this node does.
    pub roles: Roles,
    /// Where the event log is.
    pub event_store: Log,
    /// Where the SQL views are.
    pub database: Database,
    /// Where the hot views are and what their keys begin with, if there are any.
    pub redis: Option<(HotUrl, HotPrefix)>,
    /// The number of this node, if the operator has chosen one.
    pub node: Option<Node>,
    /// The days of the configured time zone.
    pub calendar: Calendar,
    /// The signing key, if it is not the one in the data directory.
    pub auth_key: Option<String>,
    /// What to log.
    pub log: String,
}

impl Config {
    /// Whether the SQL views or the hot ones are on a server, so that somebody may ask for TLS by the
    /// process's default provider, which has to be there then (`provide_tls`).
    pub fn may_use_tls(&self) -> bool {
        self.redis.is_some() || matches!(self.database, Database::Server(_))
    }
}

impl Settings {
    const FILE: &str = "madang.toml";

    /// Fills in what was not given, from the file and then from the defaults.
    pub fn resolve(self) -> Result<Config, ConfigError> {
        let file = self.read_file()?;
        self.or(file).complete()
    }

    fn read_file(&self) -> Result<Self, ConfigError> {
        let path = self.config.as_deref().unwrap_or(Path::new(Self::FILE));
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.config.is_none() => {
                return Ok(Self::default());
            }
            Err(source) => {
                return Err(ConfigError::File {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        toml::from_str(&text).map_err(|error| ConfigError::Toml {
            path: path.to_owned(),
            line: line_of(&error, &text),
            detail: error.message().to_owned(),
        })
    }

    fn or(self, file: Self) -> Self {
        Self {
            config: self.config,
            data_dir: self.data_dir.or(file.data_dir),
            listen: self.listen.or(file.listen),
            role: if self.role.is_empty() {
                file.role
            } else {
                self.role
            },
            event_store: self.event_store.or(file.event_store),
            event_store_user: self.event_store_user.or(file.event_store_user),
            event_store_password: self.event_store_password.or(file.event_store_password),
            event_store_ca: self.event_store_ca.or(file.event_store_ca),
            database: self.database.or(file.database),
            redis: self.redis.or(file.redis),
            redis_prefix: self.redis_prefix.or(file.redis_prefix),
            node_id: self.node_id.or(file.node_id),
            time_zone: self.time_zone.or(file.time_zone),
            auth_key: self.auth_key.or(file.auth_key),
            log: self.log.or(file.log),
        }
    }

    fn complete(self) -> Result<Config, ConfigError> {
        let data_dir = self.data_dir.unwrap_or_else(|| "data".into());
        let credentials = Credentials {
            user: given(self.event_store_user),
            password: given(self.event_store_password),
            ca_file: self
                .event_store_ca
                .filter(|file| !file.as_os_str().is_empty()),
        };
        let zone = self.time_zone.as_deref();
        let zone = zone.unwrap_or(Calendar::DEFAULT_ZONE);
        if self
            .auth_key
            .as_ref()
            .is_some_and(|key| key.len() < MIN_KEY_BYTES)
        {
            return Err(ConfigError::Key);
        }
        Ok(Config {
            listen: self
                .listen
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            roles: Roles::of(&self.role),
            event_store: event_store(self.event_store, &credentials, &data_dir)?,
            database: database(self.database, &data_dir)?,
            redis: redis(self.redis.as_deref(), self.redis_prefix.as_deref())?,
            node: self.node_id.map(node).transpose()?,
            calendar: Calendar::named(zone)?,
            auth_key: self.auth_key,
            log: self.log.unwrap_or_else(|| "info".to_owned()),
            data_dir,
        })
    }
}

fn node(number: u16) -> Result<Node, ConfigError> {
    Node::new(number).ok_or(ConfigError::Node(number))
}

/// A choice that is no empty text, which is what a variable has that was left blank.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The log that a URL names; a file in the data directory if there is none.
fn event_store(
    url: Option<String>,
    credentials: &Credentials,
    data_dir: &Path,
) -> Result<Log, ConfigError> {
    if let Some(url) = &url
        && ["esdb:", "esdb+discover:"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
    {
        return Ok(Log::Server(Box::new(EsdbUrl::parse(url, credentials)?)));
    }
    let path = file("event_store", url)?;
    let useless = [
        ("event_store_user", credentials.user.is_some()),
        ("event_store_password", credentials.password.is_some()),
        ("event_store_ca", credentials.ca_file.is_some()),
    ];
    if let Some((name, _)) = useless.iter().find(|(_, is_given)| *is_given) {
        return Err(ConfigError::NoServer(name));
    }
    Ok(Log::File(path.unwrap_or_else(|| data_dir.join("log.db"))))
}

/// The hot views. A prefix is checked also if there are none.
fn redis(
    url: Option<&str>,
    prefix: Option<&str>,
) -> Result<Option<(HotUrl, HotPrefix)>, ConfigError> {
    let prefix = prefix.map(HotPrefix::parse).transpose()?;
    let url = url.map(HotUrl::parse).transpose()?;
    Ok(url.map(|url| (url, prefix.unwrap_or_default())))
}

/// The line that an error is about, from 1.
fn line_of(error: &toml::de::Error, text: &str) -> usize {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.as_bytes().iter().take(start);
    before.filter(|byte| **byte == b'\n').count() + 1
}

/// The file that a `sqlite:` URL names.
fn file(name: &'static str, url: Option<String>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(url) = url else { return Ok(None) };
    let path = url
        .strip_prefix("sqlite:")
        .map(|rest| rest.strip_prefix("//").unwrap_or(rest));
    match path {
        Some(path) if is_plain(path) => Ok(Some(path.into())),
        _ => Err(ConfigError::Url {
            name,
            url: without_secrets(&url),
            spoken: match name {
                "database" => "sqlite:PATH and mysql://…",
                _ => "sqlite:PATH, esdb://… and esdb+discover://…",
            },
        }),
    }
}

/// The database that a URL names; a file in the data directory if there is none.
fn database(url: Option<String>, data_dir: &Path) -> Result<Database, ConfigError> {
    match url {
        Some(url) if url.starts_with("mysql:") => match url.parse() {
            Ok(server) => Ok(Database::Server(server)),
            Err(source) => Err(ConfigError::Server {
                url: without_secrets(&url),
                source,
            }),
        },
        url => {
            let path = file("database", url)?;
            Ok(Database::File(
                path.unwrap_or_else(|| data_dir.join("views.db")),
            ))
        }
    }
}

/// Whether SQLite takes the text for the path of a file and for nothing else: each connection would
/// see a memory of its own, and a URI may carry options.
fn is_plain(path: &str) -> bool {
    let special = path.starts_with(':') || path.starts_with("file:") || path.contains('?');
    !path.is_empty() && !special
}

/// What may be shown of a URL that makes no sense: its scheme and what follows an `@`, but for the
/// choices; of one without an `@` only the scheme, since anything may be a password. A path is shown.
fn without_secrets(url: &str) -> String {
    let Some(scheme) = url.find(':') else {
        return url.to_owned();
    };
    let place = url.split('?').next().unwrap_or_default();
    let behind = place.rfind('@').map_or("", |at| &place[at..]);
    let scheme = &url[..scheme];
    format!("{scheme}:…{behind}")
}
