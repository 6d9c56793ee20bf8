//! Where views are kept, as the operator says it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

/// Where views are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// In a file of this process's own.
    File(PathBuf),
    /// On a MySQL or MariaDB server that many nodes may share.
    Server(ServerUrl),
}

/// A database on a server, and how to get there:
/// `mysql://user:password@host:port/database?ssl-mode=required`. Shown without user and password.
#[derive(Clone)]
pub struct ServerUrl(Arc<Parts>);

struct Parts {
    url: String,
    options: MySqlConnectOptions,
    shown: String,
    name: String,
    files: Vec<PathBuf>,
}

/// A URL that names no database on a server. Says nothing of the URL: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; a database on a server is mysql://USER:PASSWORD@HOST:PORT/DATABASE")]
pub struct MalformedUrl(String);

impl ServerUrl {
    /// The longest name of a database, in bytes. MySQL takes 64, also for names of locks, in which a
    /// replay writes words before it and behind it.
    pub const MAX_NAME_BYTES: usize = 50;

    /// What a replay appends to the name.
    const BESIDE: &str = "_replay";

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The database beside this one in which a replay builds new views.
    pub(super) fn beside(&self) -> Self {
        let name = format!("{}{}", self.name(), Self::BESIDE);
        let host = self.0.shown.rsplit_once('/').map_or("", |(host, _)| host);
        Self(Arc::new(Parts {
            url: self.0.url.clone(),
            options: self.0.options.clone(),
            shown: format!("{host}/{name}"),
            files: self.0.files.clone(),
            name,
        }))
    }

    /// How to connect to the server, with the database or without any.
    pub(super) fn options(&self, database: Option<&str>) -> MySqlConnectOptions {
        match database {
            Some(name) => self.0.options.clone().database(name),
            None => self.0.options.clone(),
        }
    }

    /// The files that the URL names, such as certificates.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.0.files
    }
}

impl FromStr for ServerUrl {
    type Err = MalformedUrl;

    fn from_str(url: &str) -> Result<Self, MalformedUrl> {
        let wrong = |why: &str| MalformedUrl(why.to_owned());
        let rest = url
            .strip_prefix("mysql://")
            .ok_or_else(|| wrong("it does not begin with mysql://"))?;
        let (place, choices) = rest.split_once('?').unwrap_or((rest, ""));
        // Whatever stands before an `@` may be the rest of a password with a `?` in it.
        if choices.contains('@') {
            let why = "a ? in the password is written %3F, and an @ behind the name %40";
            return Err(wrong(why));
        }
        let files = choices
            .split('&')
            .filter(|choice| !choice.is_empty())
            .filter_map(|choice| choice_of(choice).transpose())
            .collect::<Result<_, _>>()?;
        // sqlx would take the database from here and never let go of it.
        let (place, name) = place
            .rsplit_once('/')
            .ok_or_else(|| wrong("it names no database"))?;
        let name = database_name(name)?;
        let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
        if host.is_empty() || place.contains(['/', '#']) {
            return Err(wrong("it names no host"));
        }
        let options: MySqlConnectOptions = format!("mysql://{place}/?{choices}")
            .parse()
            .map_err(|error: sqlx::Error| MalformedUrl(reason(error)))?;
        // Whoever names a certificate wants to see it; sqlx would go on without TLS if there is none.
        let names = |name: &str| choices.split('&').any(|choice| choice.starts_with(name));
        let options = if names("ssl-ca=") && !names("ssl-mode=") {
            options.ssl_mode(MySqlSslMode::VerifyCa)
        } else {
            options
        };
        // sqlx would ask a name server for the address together with its brackets.
        let address = host.strip_prefix('[').and_then(|host| host.split_once(']'));
        let options = match address {
            Some((address, _)) => options.host(address),
            None => options,
        };
        Ok(Self(Arc::new(Parts {
            url: url.to_owned(),
            options,
            shown: format!("mysql://{host}/{name}"),
            name,
            files,
        })))
    }
}

/// The reason without sqlx's preface, which speaks of configuration.
fn reason(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(why) => why.to_string(),
        other => other.to_string(),
    }
}

/// Checks one of the choices behind the question mark; answers with the file that it names. Those
/// which sqlx takes, too, but which would change what texts mean, are none.
fn choice_of(choice: &str) -> Result<Option<PathBuf>, MalformedUrl> {
    let (name, value) = choice.split_once('=').unwrap_or((choice, ""));
    let file = match name {
        "ssl-mode" => None,
        "ssl-ca" | "ssl-cert" | "ssl-key" => {
            let decoded = percent_encoding::percent_decode_str(value).decode_utf8();
            let path = decoded.map_err(|_| MalformedUrl(format!("{name} is no path")))?;
            Some(Path::new(&*path).to_owned())
        }
        _ => {
            // It may be the rest of a password, too, if there is no user before an `@`.
            let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            let it = if plain { name } else { "something else" };
            let why = format!("it has ?{it}, but takes only ssl-mode, ssl-ca, ssl-cert, ssl-key");
            return Err(MalformedUrl(why));
        }
    };
    Ok(file)
}

/// A name that can be written between backticks. Nobody needs stranger ones.
fn database_name(raw: &str) -> Result<String, MalformedUrl> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '$';
    if raw.is_empty() {
        return Err(MalformedUrl("it names no database".to_owned()));
    }
    if raw.ends_with(ServerUrl::BESIDE) {
        let why = format!(
            "a database whose name ends in {} is where a replay builds",
            ServerUrl::BESIDE
        );
        return Err(MalformedUrl(why));
    }
    if raw.len() > ServerUrl::MAX_NAME_BYTES || !raw.chars().all(plain) {
        let most = ServerUrl::MAX_NAME_BYTES;
        let why = format!(
            "the name of the database has more than {most} characters, or others than letters, \
             digits, _, - and $"
        );
        return Err(MalformedUrl(why));
    }
    Ok(raw.to_owned())
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.shown)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for ServerUrl {
    fn eq(&self, other: &Self) -> bool {
        self.0.url == other.0.url && self.0.name == other.0.name
    }
}

impl Eq for ServerUrl {}
