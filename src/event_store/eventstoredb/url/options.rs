//! The options of the URL: a closed list, each with its bounds.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::MalformedEsdbUrl;
use super::pem::{self, Holds};

/// How long the client waits between two attempts to connect, and before the first, in milliseconds. It
/// is short because this adapter has a back-off of its own.
const DISCOVERY_INTERVAL: u64 = 20;
/// The name by which the server's own statistics know these connections.
const CONNECTION_NAME: &str = "madang";
/// The longest name of a connection, in bytes.
const MAX_NAME: usize = 64;
/// Instead of the certificates of the system, where no TLS is spoken: the client reads them for every
/// connection, needed or not, and panics on a bad one.
const NO_CERTIFICATES: &str = "/dev/null";

/// What can be said about a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    tls: bool,
    verify: bool,
    ca_file: Option<PathBuf>,
    user_files: Option<(PathBuf, PathBuf)>,
    connection_name: String,
    /// Names as the client knows them, and numbers.
    numbers: Vec<(&'static str, u64)>,
}

/// A number: its name, the least and the most that it may be, and in words.
type Number = (&'static str, u64, u64, &'static str);

const MILLISECONDS: &str = "1 to 60000 milliseconds";
const KEEP_ALIVE: &str = "10000 to 3600000 milliseconds";
const NUMBERS: &[Number] = &[
    ("keepAliveInterval", 10_000, 3_600_000, KEEP_ALIVE),
    ("keepAliveTimeout", 10_000, 3_600_000, KEEP_ALIVE),
    ("gossipTimeout", 1, 60_000, MILLISECONDS),
    ("discoveryInterval", 1, 60_000, MILLISECONDS),
    ("maxDiscoverAttempts", 1, 1_000, "1 to 1000"),
];

impl Options {
    /// All that are known.
    pub(super) const NAMES: &'static [&'static str] = &[
        "tls",
        "tlsVerifyCert",
        "tlsCaFile",
        "userCertFile",
        "userKeyFile",
        "nodePreference",
        "connectionName",
        "keepAliveInterval",
        "keepAliveTimeout",
        "gossipTimeout",
        "discoveryInterval",
        "maxDiscoverAttempts",
    ];

    /// Reads what follows the question mark; `ca_file` wins over what is said there.
    pub(super) fn parse(query: &str, ca_file: Option<&Path>) -> Result<Self, MalformedEsdbUrl> {
        let given = given(query)?;
        let value = |name: &str| {
            given
                .iter()
                .find(|(of, _)| *of == name)
                .map(|(_, v)| v.as_str())
        };
        if value("nodePreference").is_some_and(|preferred| preferred != "leader") {
            let must_be = "leader: a follower may not have yet what was just written";
            return Err(bad("nodePreference", must_be));
        }
        let file = |name: &str| value(name).map(PathBuf::from);
        let user_files = match (file("userCertFile"), file("userKeyFile")) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, Some(_)) => return Err(bad("userCertFile", "given with userKeyFile")),
            (Some(_), None) => return Err(bad("userKeyFile", "given with userCertFile")),
        };
        let options = Self {
            tls: switch("tls", value("tls"))?,
            verify: switch("tlsVerifyCert", value("tlsVerifyCert"))?,
            ca_file: ca_file.map(Path::to_owned).or(file("tlsCaFile")),
            user_files,
            connection_name: name(value("connectionName"))?,
            numbers: numbers(value)?,
        };
        options.check()?;
        Ok(options)
    }

    fn check(&self) -> Result<(), MalformedEsdbUrl> {
        let files = self.ca_file.is_some() || self.user_files.is_some();
        if files && !self.tls {
            return Err(bad("tls", "true where certificates or keys are given"));
        }
        if let Some(file) = &self.ca_file {
            pem::check("tlsCaFile", file, Holds::Certificates)?;
        }
        if let Some((certificate, key)) = &self.user_files {
            pem::check("userCertFile", certificate, Holds::Certificates)?;
            pem::check("userKeyFile", key, Holds::Key)?;
        }
        Ok(())
    }

    /// The same for the client's parser.
    pub(super) fn for_client(&self) -> String {
        let mut query = format!(
            "tls={}&tlsVerifyCert={}&nodePreference=leader&connectionName={}",
            self.tls,
            self.verify,
            encoded(&self.connection_name)
        );
        for (name, number) in &self.numbers {
            let _ = write!(query, "&{name}={number}");
        }
        let file = |path: &Path| encoded(&path.to_string_lossy());
        let no_certificates = (!self.tls).then(|| Path::new(NO_CERTIFICATES));
        if let Some(ca_file) = self.ca_file.as_deref().or(no_certificates) {
            let _ = write!(query, "&tlsCaFile={}", file(ca_file));
        }
        if let Some((certificate, key)) = &self.user_files {
            let (certificate, key) = (file(certificate), file(key));
            let _ = write!(query, "&userCertFile={certificate}&userKeyFile={key}");
        }
        query
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn bad(name: &'static str, must_be: &'static str) -> MalformedEsdbUrl {
    MalformedEsdbUrl::Value { name, must_be }
}

/// The options by their proper names, which may be written in any case.
fn given(query: &str) -> Result<Vec<(&'static str, String)>, MalformedEsdbUrl> {
    let mut given: Vec<(&'static str, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (written, value) = pair
            .split_once('=')
            .ok_or(MalformedEsdbUrl::Shape("an option without a value"))?;
        let known = Options::NAMES
            .iter()
            .find(|name| name.eq_ignore_ascii_case(written));
        let Some(name) = known else {
            return Err(unknown(written));
        };
        if given.iter().any(|(before, _)| before == name) {
            return Err(bad(name, "given once"));
        }
        let value = percent_decode_str(value).decode_utf8();
        let value = value.map_err(|_| bad(name, "UTF-8"))?.into_owned();
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err(bad(name, "a value without control characters"));
        }
        given.push((name, value));
    }
    Ok(given)
}

/// Shown only if it looks like the name of an option.
fn unknown(written: &str) -> MalformedEsdbUrl {
    if written.eq_ignore_ascii_case("defaultDeadline") {
        return MalformedEsdbUrl::Shape(
            "defaultDeadline is not taken: calls have their own limits",
        );
    }
    let plain = written.len() <= 32 && written.chars().all(|c| c.is_ascii_alphanumeric());
    if plain && !written.is_empty() {
        MalformedEsdbUrl::UnknownOption {
            name: written.to_owned(),
        }
    } else {
        MalformedEsdbUrl::Shape("an option that is not known")
    }
}

/// On, unless it is switched off.
fn switch(name: &'static str, value: Option<&str>) -> Result<bool, MalformedEsdbUrl> {
    match value {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(bad(name, "true or false")),
    }
}

/// It becomes a header, so it must be one line of what can be seen.
fn name(value: Option<&str>) -> Result<String, MalformedEsdbUrl> {
    let name = value.unwrap_or(CONNECTION_NAME);
    let visible = name.chars().all(|c| c.is_ascii_graphic());
    if visible && (1..=MAX_NAME).contains(&name.len()) {
        Ok(name.to_owned())
    } else {
        Err(bad("connectionName", "1 to 64 visible ASCII characters"))
    }
}

fn numbers<'a>(
    value: impl Fn(&str) -> Option<&'a str>,
) -> Result<Vec<(&'static str, u64)>, MalformedEsdbUrl> {
    let mut numbers = Vec::new();
    for &(name, least, most, must_be) in NUMBERS {
        let number = match (value(name), name) {
            (Some(text), _) => match text.parse() {
                Ok(number) if (least..=most).contains(&number) => number,
                _ => return Err(bad(name, must_be)),
            },
            (None, "discoveryInterval") => DISCOVERY_INTERVAL,
            (None, _) => continue,
        };
        // The client counts one attempt before it makes any.
        let uncounted = u64::from(name == "maxDiscoverAttempts");
        numbers.push((name, number + uncounted));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests;
