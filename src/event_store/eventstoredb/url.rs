//! Where the server is, and how to get in: checked before anybody connects.
//!
//! The client has a parser of its own, which takes less than it is given (userinfo stays encoded, an
//! unknown option is ignored, a bad file panics later) and shows passwords in its errors. So it only
//! ever sees a URL that is written here, without a user, and none of its errors is shown.
//!
//! What must hold: no `Display`, no `Debug` and no error holds what may be a part of a password.

mod options;
mod pem;

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use eventstore::{
    AppendToStreamOptions, ClientSettings, ReadAllOptions, ReadStreamOptions, SubscribeToAllOptions,
};
use percent_encoding::percent_decode_str;

use self::options::Options;

/// The port of a server that names none.
const PORT: u16 = 2113;
/// Characters that end a part of a URL, or cannot be seen.
const NEVER: &[char] = &['#', '\\', '"', '<', '>', '`', '^', '|'];

/// The text names no event store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedEsdbUrl {
    /// Not what such a URL looks like.
    #[error(
        "an event store is esdb://[user:password@]host[:port][,host[:port]…][?option=value&…], or \
         esdb+discover:// and one name; percent-encode all but letters and digits in user and \
         password: {0}"
    )]
    Shape(&'static str),
    /// An option that is not one.
    #[error("the option {name} of the event store's URL is not known; known are {}", Options::NAMES.join(", "))]
    UnknownOption {
        /// As it was written.
        name: String,
    },
    /// An option has a value that it cannot have.
    #[error("the option {name} of the event store's URL must be {must_be}")]
    Value {
        /// The option.
        name: &'static str,
        /// What it may be.
        must_be: &'static str,
    },
    /// A file that an option names is of no use.
    #[error("{}, the file of {name} of the event store: {detail}", path.display())]
    File {
        /// The option.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
}

/// Who connects, if it is not said in the URL; what stands here wins.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// A PEM file with the certificates that the server's own may be signed by.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// A server, or the nodes of a cluster, with all that is needed to get in.
#[derive(Clone, PartialEq, Eq)]
pub struct EsdbUrl {
    discover: bool,
    hosts: Vec<Host>,
    settings: ClientSettings,
    login: Option<eventstore::Credentials>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    name: String,
    port: u16,
}

impl EsdbUrl {
    /// The most nodes of a cluster that are tried.
    pub const MAX_HOSTS: usize = 100;

    /// Reads `esdb://…` or `esdb+discover://…`. Files that it names must be there and be PEM.
    pub fn parse(text: &str, credentials: &Credentials) -> Result<Self, MalformedEsdbUrl> {
        use MalformedEsdbUrl::Shape;
        let (discover, rest) = if let Some(rest) = text.strip_prefix("esdb://") {
            (false, rest)
        } else if let Some(rest) = text.strip_prefix("esdb+discover://") {
            (true, rest)
        } else {
            return Err(Shape("another scheme"));
        };
        let plain = |c: char| c.is_ascii_graphic() && !NEVER.contains(&c);
        if !rest.chars().all(plain) {
            return Err(Shape("a character that must be percent-encoded"));
        }
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        // Whatever comes before it may be a password.
        if query.contains('@')
            || authority
                .split_once('/')
                .is_some_and(|(_, path)| path.contains('@'))
        {
            return Err(Shape(
                "a character of user or password, or an @, is not percent-encoded",
            ));
        }
        let (userinfo, hosts) = match authority.split_once('@') {
            Some((userinfo, hosts)) => (Some(userinfo), hosts),
            None => (None, authority),
        };
        let hosts = hosts_of(hosts.strip_suffix('/').unwrap_or(hosts))?;
        if discover && hosts.len() > 1 {
            return Err(Shape("esdb+discover takes one name"));
        }
        let options = Options::parse(query, credentials.ca_file.as_deref())?;
        let settings = settings(discover, &hosts, &options)?;
        let login = login(userinfo, credentials)?;
        Ok(Self {
            discover,
            hosts,
            settings,
            login,
        })
    }

    /// Whether another client could find another node.
    pub(super) fn has_choice(&self) -> bool {
        self.discover || self.hosts.len() > 1
    }

    /// What the client is made of. No password is among it.
    pub(super) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    /// The same options, with user and password.
    pub(super) fn authenticated<O: Authenticated>(&self, options: O) -> O {
        match &self.login {
            Some(login) => options.with(login.clone()),
            None => options,
        }
    }
}

/// Options of a call that can carry user and password.
pub(super) trait Authenticated {
    /// The same options with them.
    fn with(self, login: eventstore::Credentials) -> Self;
}

macro_rules! authenticated {
    ($($options:ty),*) => {
        $(impl Authenticated for $options {
            fn with(self, login: eventstore::Credentials) -> Self {
                self.authenticated(login)
            }
        })*
    };
}

authenticated!(
    AppendToStreamOptions,
    ReadStreamOptions,
    ReadAllOptions,
    SubscribeToAllOptions
);

fn hosts_of(text: &str) -> Result<Vec<Host>, MalformedEsdbUrl> {
    use MalformedEsdbUrl::Shape;
    let hosts: Vec<&str> = text.split(',').collect();
    if hosts.len() > EsdbUrl::MAX_HOSTS {
        return Err(Shape("too many hosts"));
    }
    let alone = hosts.len() == 1;
    hosts.into_iter().map(|host| host_of(host, alone)).collect()
}

fn host_of(text: &str, alone: bool) -> Result<Host, MalformedEsdbUrl> {
    use MalformedEsdbUrl::Shape;
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (text, None),
    };
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let is_name = !name.is_empty()
        && name.len() <= 253
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    match address {
        // The client's parser splits a list of hosts at every colon.
        Some(_) if !alone => {
            return Err(Shape("several hosts are named, not given by IPv6 address"));
        }
        Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => {}
        None if is_name => {}
        _ => return Err(Shape("the host")),
    }
    let port = match port {
        None => PORT,
        Some(port) => match port.parse() {
            Ok(port) if port > 0 && !text.contains('+') => port,
            _ => return Err(Shape("the port")),
        },
    };
    Ok(Host {
        name: name.to_owned(),
        port,
    })
}

fn settings(
    discover: bool,
    hosts: &[Host],
    options: &Options,
) -> Result<ClientSettings, MalformedEsdbUrl> {
    let scheme = if discover { "esdb+discover" } else { "esdb" };
    let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
    let url = format!("{scheme}://{}?{}", hosts.join(","), options.for_client());
    let settings: Result<ClientSettings, _> = url.parse();
    // Its error would show the URL.
    settings.map_err(|_| MalformedEsdbUrl::Shape("the client does not take it"))
}

/// Settings of a client that gives up before it connects.
pub(super) fn nowhere() -> ClientSettings {
    "esdb://localhost?tls=false&tlsCaFile=/dev/null&maxDiscoverAttempts=1"
        .parse()
        .unwrap_or_else(|_| unreachable!("a constant"))
}

fn login(
    userinfo: Option<&str>,
    credentials: &Credentials,
) -> Result<Option<eventstore::Credentials>, MalformedEsdbUrl> {
    use MalformedEsdbUrl::Shape;
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(Cow::into_owned)
            .map_err(|_| Shape("user and password are not UTF-8"))
    };
    let (mut user, mut password) = (None, None);
    if let Some(userinfo) = userinfo {
        let (name, secret) = userinfo
            .split_once(':')
            .ok_or(Shape("a user without a password"))?;
        if !well_encoded(userinfo) {
            return Err(Shape("a % in user or password that encodes nothing"));
        }
        (user, password) = (Some(decoded(name)?), Some(decoded(secret)?));
    }
    let user = credentials.user.clone().or(user);
    let password = credentials.password.clone().or(password);
    match (user, password) {
        (None, None) => Ok(None),
        (Some(user), Some(_)) if user.is_empty() || user.contains(':') => {
            Err(Shape("a user's name is not empty and has no colon"))
        }
        (Some(user), Some(password)) => Ok(Some(eventstore::Credentials::new(user, password))),
        (Some(_), None) => Err(Shape("a user without a password")),
        (None, Some(_)) => Err(Shape("a password without a user")),
    }
}

fn well_encoded(text: &str) -> bool {
    let hex = |c: Option<char>| c.is_some_and(|c| c.is_ascii_hexdigit());
    text.split('%').skip(1).all(|rest| {
        let mut digits = rest.chars();
        hex(digits.next()) && hex(digits.next())
    })
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.port)
    }
}

/// Hosts and ports only: neither user nor password.
impl fmt::Display for EsdbUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.discover {
            "esdb+discover://"
        } else {
            "esdb://"
        })?;
        for (nth, host) in self.hosts.iter().enumerate() {
            let comma = if nth == 0 { "" } else { "," };
            write!(f, "{comma}{host}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for EsdbUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EsdbUrl({self})")
    }
}

#[cfg(test)]
mod tests;
