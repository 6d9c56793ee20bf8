//! Entity tags and the conditions that name them.
//!
//! A tag is `"<revision>-<8 hex of the body's hash>"`. The revision is what `If-Match` compares,
//! since a writer cares about the text and not about how often it was viewed; the hash tells
//! bodies apart whose counts differ, which is what `If-None-Match` is after.

use std::fmt::Write as _;

use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use super::rejection::ParamError;
use crate::domain::Revision;

/// The tag of a body at a revision.
pub(super) fn of(revision: Revision, body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let mut tag = format!("\"{revision}-");
    for byte in &digest[..4] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// What `If-Match` demands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Precondition {
    /// Nothing, or only that the thing is there, which every command demands anyway.
    #[default]
    Any,
    /// That it stands at one of these revisions; never empty.
    OneOf(Vec<Revision>),
}

impl Precondition {
    /// Reads `If-Match`: tags (weak ones too), bare revisions, `*`; several with commas between.
    pub(super) fn from_headers(headers: &HeaderMap) -> Result<Self, ParamError> {
        let malformed = || ParamError::MalformedHeader { name: "If-Match" };
        let mut revisions = Vec::new();
        for value in headers.get_all(IF_MATCH) {
            let text = value.to_str().map_err(|_| malformed())?;
            for tag in text.split(',').map(str::trim) {
                if tag == "*" {
                    return Ok(Self::Any);
                }
                revisions.push(revision_of(tag).ok_or_else(malformed)?);
            }
        }
        if revisions.is_empty() {
            Ok(Self::Any)
        } else {
            Ok(Self::OneOf(revisions))
        }
    }
}

fn revision_of(tag: &str) -> Option<Revision> {
    let strong = tag.strip_prefix("W/").unwrap_or(tag);
    let digits = match strong.strip_prefix('"') {
        Some(open) => {
            let inner = open.strip_suffix('"')?;
            inner.split_once('-').map_or(inner, |(number, _)| number)
        }
        None => strong,
    };
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !all_digits {
        return None;
    }
    digits.parse().ok().map(Revision)
}

/// Whether `If-None-Match` names this tag, so that the caller has the body already. A header that
/// cannot be read names nothing.
pub(super) fn already_held(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value: &HeaderValue| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}
