//! One line of an import file: what it says, or why it says nothing.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::lines::Raw;
use crate::command::import::{Comment, Post, Record, author_id};
use crate::domain::article::Text;
use crate::domain::text::{BoardName, Content, Repairs, TextError, Title, WriterName};
use crate::domain::{Timestamp, UserId};

/// The greatest number of views: what a column of the views can hold.
const MAX_VIEWS: u64 = i64::MAX as u64;

/// A line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing but white space.
    Blank,
    /// A post or a comment, and what had to be done to it.
    Record {
        /// The record.
        record: Record,
        /// A sentence for each text that had to be changed.
        repairs: Vec<String>,
        /// What comes with it and cannot be imported.
        left_out: LeftOut,
    },
    /// Not a record, and why.
    Broken(String),
}

/// What comes with a record and has no place in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How often a comment was viewed: only articles are.
    pub views: u64,
    /// Likes of a comment, since only articles are liked, and likes by an empty name.
    pub liked_by: u64,
    /// Authors of a post's likes that were named before, so that their like counts once.
    pub repeated: u64,
    /// Likes of nobody in particular.
    pub likes: u64,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
}

#[derive(Deserialize)]
struct RawPost<'a> {
    id: u64,
    #[serde(borrow)]
    board: Cow<'a, str>,
    #[serde(borrow)]
    author: Cow<'a, str>,
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    body: Cow<'a, str>,
    created_at: i64,
    views: Option<u64>,
    liked_by: Option<Vec<String>>,
    likes: Option<Value>,
}

#[derive(Deserialize)]
struct RawComment<'a> {
    id: u64,
    post_id: u64,
    #[serde(deserialize_with = "present")]
    parent_id: Option<u64>,
    #[serde(borrow)]
    author: Cow<'a, str>,
    #[serde(borrow)]
    body: Cow<'a, str>,
    created_at: i64,
    views: Option<u64>,
    liked_by: Option<Vec<String>>,
    likes: Option<Value>,
}

/// `likes` is none of the format's fields: a number is counted, anything else ignored.
fn nameless(likes: Option<&Value>) -> u64 {
    likes.and_then(Value::as_u64).unwrap_or(0)
}

fn viewed(views: Option<u64>) -> Result<u64, String> {
    let views = views.unwrap_or(0);
    if views <= MAX_VIEWS {
        Ok(views)
    } else {
        Err(format!("views {views} is more than can be counted"))
    }
}

fn names_nobody(author: &str) -> bool {
    author.trim().is_empty()
}

/// Each author once, in the order of the file.
fn each_once(authors: &[String]) -> Vec<UserId> {
    let mut met = HashSet::new();
    let named = authors.iter().filter(|author| !names_nobody(author));
    let ids = named.map(|author| author_id(author));
    ids.filter(|id| met.insert(id.clone())).collect()
}

/// A field that may be null and may not be missing.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Option::deserialize(from)
}

/// Reads line `number`.
pub fn read(number: u64, raw: Raw<'_>) -> Line {
    understand(number, raw).unwrap_or_else(Line::Broken)
}

fn understand(number: u64, raw: Raw<'_>) -> Result<Line, String> {
    let Raw::Whole { bytes, ended } = raw else {
        return Err("longer than 4 MiB".to_owned());
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|e| format!("not UTF-8 after byte {}", e.valid_up_to()))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Ok(Line::Blank);
    }
    let why = |error: &serde_json::Error| explain(error, ended);
    // Serde would read a list as a record, too.
    if !text.starts_with('{') {
        let json = serde_json::from_str::<IgnoredAny>(text);
        return Err(json.map_or_else(|e| why(&e), |_| "not a JSON object".to_owned()));
    }
    let Kind { kind } = serde_json::from_str(text).map_err(|e| why(&e))?;
    match &*kind {
        "post" => post(number, &serde_json::from_str(text).map_err(|e| why(&e))?),
        "comment" => comment(number, &serde_json::from_str(text).map_err(|e| why(&e))?),
        other => Err(format!("unknown type {:?}", shortened(other))),
    }
}

fn post(line: u64, raw: &RawPost<'_>) -> Result<Line, String> {
    let mut repairs = Vec::new();
    let board = repaired("board", BoardName::repaired(&raw.board), &mut repairs)?;
    let writer_name = repaired("author", WriterName::repaired(&raw.author), &mut repairs)?;
    let title = repaired("title", Title::repaired(&raw.title), &mut repairs)?;
    let content = repaired("body", Content::repaired(&raw.body), &mut repairs)?;
    let named = raw.liked_by.as_deref().unwrap_or_default();
    let liked_by = each_once(named);
    let nobody = named.iter().filter(|author| names_nobody(author)).count() as u64;
    let left_out = LeftOut {
        liked_by: nobody,
        repeated: named.len() as u64 - nobody - liked_by.len() as u64,
        likes: nameless(raw.likes.as_ref()),
        ..LeftOut::default()
    };
    let post = Post {
        line,
        id: raw.id,
        board,
        author: author_id(&raw.author),
        writer_name,
        text: Text { title, content },
        created_at: time(raw.created_at)?,
        views: viewed(raw.views)?,
        liked_by,
    };
    Ok(Line::Record {
        record: post.into(),
        repairs,
        left_out,
    })
}

fn comment(line: u64, raw: &RawComment<'_>) -> Result<Line, String> {
    let mut repairs = Vec::new();
    let writer_name = repaired("author", WriterName::repaired(&raw.author), &mut repairs)?;
    let content = repaired("body", Content::repaired(&raw.body), &mut repairs)?;
    let comment = Comment {
        line,
        id: raw.id,
        post: raw.post_id,
        parent: raw.parent_id,
        author: author_id(&raw.author),
        writer_name,
        content,
        created_at: time(raw.created_at)?,
    };
    let left_out = LeftOut {
        views: viewed(raw.views)?,
        liked_by: raw.liked_by.as_ref().map_or(0, |named| named.len() as u64),
        repeated: 0,
        likes: nameless(raw.likes.as_ref()),
    };
    Ok(Line::Record {
        record: comment.into(),
        repairs,
        left_out,
    })
}

fn repaired<T>(
    field: &str,
    text: Result<(T, Repairs), TextError>,
    repairs: &mut Vec<String>,
) -> Result<T, String> {
    let (text, done) = text.map_err(|error| format!("{field} {error}"))?;
    match (done.control_removed, done.cut) {
        (false, false) => {}
        (true, false) => repairs.push(format!("{field}: control characters removed")),
        (false, true) => repairs.push(format!("{field}: cut, it was too long")),
        (true, true) => {
            repairs.push(format!("{field}: control characters removed, and cut"));
        }
    }
    Ok(text)
}

fn time(millis: i64) -> Result<Timestamp, String> {
    if (0..=Timestamp::MAX.0).contains(&millis) {
        Ok(Timestamp(millis))
    } else {
        Err(format!("created_at {millis} is no time from 1970 to 9999"))
    }
}

/// Says what is wrong in a line of its own, so that the reader does not look for "line 1".
fn explain(error: &serde_json::Error, ended: bool) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if error.is_eof() && !ended {
        format!("the file ends in the middle of this line ({text})")
    } else if error.is_data() {
        shortened(text)
    } else {
        format!(
            "broken JSON: {} (column {})",
            shortened(text),
            error.column()
        )
    }
}

/// What came from the file is shown in part only.
fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
