//! The names that an import derives from the source's own, so that they are the same in each run.
//!
//! A record is known as source/type/id, a board as source/board/name. A source holds no `/`, and
//! `plan` is no type, so no two of these names are equal. A like is known as
//! `source/post/id/liked_by/author`.

use std::fmt::{self, Write};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Source;
use crate::command::Origin;
use crate::domain::{Timestamp, UserId};

/// The namespace of all ids here: a random UUID that stays the same for ever.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0c_9d62_7f1e_4a8b_9c3d_2e64_a1f8_07d5);
/// Bytes of the digest that tells authors apart.
const DIGEST_BYTES: usize = 8;

/// What a source calls one of its things, as plans spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key<'a> {
    Board(&'a str),
    Post(u64),
    Comment(u64),
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Board(name) => write!(f, "board/{name}"),
            Self::Post(id) => write!(f, "post/{id}"),
            Self::Comment(id) => write!(f, "comment/{id}"),
        }
    }
}

impl<'a> Key<'a> {
    /// Reads a key of a plan; `None` for a type that this release does not import.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        match text.split_once('/')? {
            ("board", name) => Some(Self::Board(name)),
            ("post", id) => id.parse().ok().map(Self::Post),
            ("comment", id) => id.parse().ok().map(Self::Comment),
            _ => None,
        }
    }
}

/// Who wrote a record, by the name that the source gives: 16 hex digits of its SHA-256.
pub fn author_id(name: &str) -> UserId {
    let digest = Sha256::digest(name.as_bytes());
    let mut hex = String::with_capacity(2 * DIGEST_BYTES);
    for byte in digest.iter().take(DIGEST_BYTES) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    UserId::imported(&hex)
}

/// Where the command that makes `key` comes from.
pub(super) fn origin_of(source: &Source, key: Key<'_>, by: (UserId, Timestamp)) -> Origin {
    origin(source, &format!("{source}/{key}"), by)
}

/// The command that makes `key`, whoever runs the import.
pub(super) fn command_of(source: &Source, key: Key<'_>) -> Uuid {
    id(&format!("{source}/{key}"))
}

/// Where the like of `post` by `author` comes from. No record is called so, since an id is a number.
pub(super) fn origin_of_like(
    source: &Source,
    post: u64,
    (author, at): (UserId, Timestamp),
) -> Origin {
    let key = Key::Post(post);
    let name = format!("{source}/{key}/liked_by/{}", author.as_str());
    origin(source, &name, (author, at))
}

/// Where the plan comes from whose first new key is `first`. A key is planned once, so no two
/// plans share one.
pub(super) fn origin_of_plan(source: &Source, first: Key<'_>, at: Timestamp) -> Origin {
    origin(source, &format!("{source}/plan/{first}"), (system(), at))
}

/// Who opens boards and makes plans.
pub(super) fn system() -> UserId {
    UserId::system("import")
}

fn id(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

fn origin(source: &Source, name: &str, (actor, occurred_at): (UserId, Timestamp)) -> Origin {
    Origin {
        actor,
        command_id: id(name),
        correlation_id: id(source.as_str()),
        occurred_at,
        trace_id: None,
        import: Some(source.as_str().to_owned()),
    }
}
