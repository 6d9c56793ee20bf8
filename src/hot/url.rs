//! Where Redis is, and under which prefix the keys stand: checked before anybody connects.

use std::fmt;

use redis::cluster::ClusterClient;
use redis::{ConnectionInfo, IntoConnectionInfo as _};

/// The text names no Redis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "redis is redis://[user[:password]@]host[:port][/db], or rediss:// for TLS; the seeds of a \
         Cluster are separated by commas and share user, password and TLS: {0}"
)]
pub struct MalformedHotUrl(&'static str);

/// One Redis, or the seeds of a Cluster. Which of the two it is, is asked of the server.
#[derive(Clone)]
pub struct HotUrl {
    seeds: Vec<ConnectionInfo>,
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
        let seeds = urls.into_iter().map(seed).collect::<Result<Vec<_>, _>>()?;
        // The client knows best which seeds go together.
        ClusterClient::builder(seeds.clone())
            .build()
            .map_err(|_| MalformedHotUrl("the seeds do not go together"))?;
        Ok(Self { seeds })
    }

    /// The servers to ask, the first one first. Never empty.
    pub(super) fn seeds(&self) -> &[ConnectionInfo] {
        &self.seeds
    }
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
