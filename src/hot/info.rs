//! What a server says of itself: the answer to `INFO`.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::error::HotError;
use super::pointer::Replication;

/// The oldest version of Redis that has what the scripts use. Valkey names one, too: the Redis that it
/// is compatible with.
const OLDEST: u32 = 7;

/// The fields that matter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    version: String,
    role: String,
    cluster: bool,
    replication_id: String,
}

impl Info {
    pub(super) fn parse(text: &str) -> Self {
        let field = |name: &str| {
            let of_name = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.to_owned());
            text.lines().find_map(of_name).unwrap_or_default()
        };
        Self {
            version: field("redis_version"),
            role: field("role"),
            cluster: field("cluster_enabled") == "1",
            replication_id: field("master_replid"),
        }
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.cluster
    }

    pub(super) fn check_version(&self) -> Result<(), HotError> {
        let major = self.version.split('.').next().unwrap_or_default();
        match major.parse::<u32>() {
            Ok(major) if major >= OLDEST => Ok(()),
            _ => Err(HotError::Refused(format!(
                "it is version {}, and {OLDEST}.0 is the oldest that will do",
                self.version
            ))),
        }
    }

    pub(super) fn check_master(&self) -> Result<(), HotError> {
        match self.role.as_str() {
            "master" => Ok(()),
            role => Err(HotError::ReadOnly(format!("it is a {role}"))),
        }
    }
}

/// All masters together, in whatever order they answered.
pub(super) fn digest(masters: &[Info]) -> Replication {
    let mut ids: Vec<&str> = masters
        .iter()
        .map(|info| info.replication_id.as_str())
        .collect();
    ids.sort_unstable();
    let digest = Sha256::digest(ids.join(",").as_bytes());
    let (start, _) = digest.split_at(16);
    let mut text = String::with_capacity(2 * start.len());
    for byte in start {
        let _ = write!(text, "{byte:02x}");
    }
    Replication(text)
}
