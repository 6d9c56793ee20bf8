//! Where Redis is, and under which prefix the keys stand: checked before anybody connects.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use redis::cluster::ClusterClient;
use redis::{ConnectionInfo, IntoConnectionInfo as _, TlsCertificates};

use super::error::HotError;

/// The text names no Redis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "redis is redis://[user[:password]@]host[:port][/db], or rediss:// for TLS, there with \
         ?ssl-ca=FILE for an authority of one's own; the seeds of a Cluster are separated by commas \
         and share user, password and TLS: {0}"
)]
pub struct MalformedHotUrl(&'static str);

/// One Redis, or the seeds of a Cluster. Which of the two it is, is asked of the server.
#[derive(Clone)]
pub struct HotUrl {
    seeds: Vec<ConnectionInfo>,
    /// The certificates of the authorities to believe; None: those that browsers believe.
    authority: Option<PathBuf>,
}

impl HotUrl {
    /// The most seeds that are tried.
    pub const MAX_SEEDS: usize = 100;

    /// Reads `redis://…` or `rediss://…`, or several of them with commas between. The error never
    /// holds what was read: there may be a password in it.
    pub fn parse(text: &str) -> Result<Self, MalformedHotUrl> {
        let urls: Vec<&str> = text.split(',').map(str::trim).collect();
        if urls.len() > Self::MAX_SEEDS {
            return Err(MalformedHotUrl("too many seeds"));
        }
        let urls = urls.into_iter().map(without_authority);
        let urls = urls.collect::<Result<Vec<_>, _>>()?;
        let authority = urls.first().and_then(|(_, authority)| authority.clone());
        if urls.iter().any(|(_, other)| *other != authority) {
            return Err(MalformedHotUrl("the seeds name different ssl-ca"));
        }
        let seeds = urls.iter().map(|(url, _)| seed(url));
        let seeds = seeds.collect::<Result<Vec<_>, _>>()?;
        // The client knows best which seeds go together.
        ClusterClient::builder(seeds.clone())
            .build()
            .map_err(|_| MalformedHotUrl("the seeds do not go together"))?;
        Ok(Self { seeds, authority })
    }

    /// The servers to ask, the first one first. Never empty.
    pub(super) fn seeds(&self) -> &[ConnectionInfo] {
        &self.seeds
    }

    /// What the server's certificate has to be signed by, if it is not one of the authorities that
    /// browsers believe. Read each time, since such a file is renewed now and then. One that is missing
    /// or holds no certificate is a refusal: nobody else would ever be believed.
    pub(super) async fn authorities(&self) -> Result<Option<TlsCertificates>, HotError> {
        let Some(path) = &self.authority else {
            return Ok(None);
        };
        let wrong = |why: &str| HotError::Refused(format!("ssl-ca={}: {why}", path.display()));
        let pem = tokio::fs::read(path).await;
        let pem = pem.map_err(|error| wrong(&error.to_string()))?;
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: Some(pem.clone()),
        };
        // It is read as the client will read it, and must not be taken for no certificates at all.
        let read = ClusterClient::builder(self.seeds.clone()).certs(certificates.clone());
        let holds_one = pem.windows(BEGIN.len()).any(|part| part == BEGIN);
        match read.build() {
            Ok(_) if holds_one => Ok(Some(certificates)),
            _ => Err(wrong("it holds no certificates in PEM")),
        }
    }
}

/// How a certificate begins in PEM (RFC 7468).
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A seed as the client takes it, and the file of its `ssl-ca`.
fn without_authority(url: &str) -> Result<(String, Option<PathBuf>), MalformedHotUrl> {
    const NAME: &str = "ssl-ca=";
    let Some((place, choices)) = url.split_once('?') else {
        return Ok((url.to_owned(), None));
    };
    let (ours, theirs): (Vec<&str>, Vec<&str>) = choices
        .split('&')
        .partition(|choice| choice.starts_with(NAME));
    let url = match theirs.join("&") {
        none if none.is_empty() => place.to_owned(),
        theirs => format!("{place}?{theirs}"),
    };
    let [ours] = ours[..] else {
        let twice = MalformedHotUrl("ssl-ca stands there twice");
        return if ours.is_empty() {
            Ok((url, None))
        } else {
            Err(twice)
        };
    };
    if !place.starts_with("rediss://") {
        return Err(MalformedHotUrl("ssl-ca is for rediss://"));
    }
    let path = percent_decode_str(&ours[NAME.len()..]).decode_utf8();
    let path = path.map_err(|_| MalformedHotUrl("ssl-ca is no path"))?;
    Ok((url, Some(PathBuf::from(&*path))))
}

fn seed(url: &str) -> Result<ConnectionInfo, MalformedHotUrl> {
    if !["redis://", "rediss://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        return Err(MalformedHotUrl("another scheme"));
    }
    url.into_connection_info()
        .map_err(|_| MalformedHotUrl("the host, the port or the database number"))
}

/// Hosts and ports only: neither user nor password.
impl fmt::Display for HotUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, seed) in self.seeds.iter().enumerate() {
            let comma = if nth == 0 { "" } else { "," };
            write!(f, "{comma}{}", seed.addr())?;
        }
        Ok(())
    }
}

impl fmt::Debug for HotUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HotUrl({self})")
    }
}

/// The text cannot begin the name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("redis_prefix is 1 to 64 of the characters A-Z a-z 0-9 _ . -")]
pub struct MalformedHotPrefix;

/// What all keys begin with (`redis_prefix`), so that several logs may share one Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotPrefix(String);

impl HotPrefix {
    /// The longest prefix, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Checks a prefix. What separates the parts of a key is refused, and so are braces: the first pair
    /// in a key decides where a Cluster puts it.
    pub fn parse(text: &str) -> Result<Self, MalformedHotPrefix> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !fits || !text.bytes().all(plain) {
            return Err(MalformedHotPrefix);
        }
        Ok(Self(text.to_owned()))
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `madang`.
impl Default for HotPrefix {
    fn default() -> Self {
        Self("madang".to_owned())
    }
}
