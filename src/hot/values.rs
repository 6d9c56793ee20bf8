//! Reads what Redis answered. Whatever does not look like what the scripts write is
//! [`HotError::Foreign`], never a panic and never a guess.

use std::str::FromStr;

use redis::{FromRedisValue, RedisError, Value, from_redis_value};

use super::HotError;
use super::entry::{HotArticle, HotBoard};
use super::pointer::{GenerationName, Pointer, Replication};
use crate::domain::{BoardId, Timestamp};

/// The value as what it should be.
pub(super) fn value<T: FromRedisValue>(value: Value) -> Result<T, HotError> {
    Ok(from_redis_value(value).map_err(RedisError::from)?)
}

/// The elements of an array.
pub(super) fn array(value: Value) -> Result<Vec<Value>, HotError> {
    match value {
        Value::Array(values) => Ok(values),
        Value::Nil => Ok(Vec::new()),
        _ => Err(HotError::foreign("an answer that should be an array")),
    }
}

/// The fields of an article that lists show, and the mark of one that was deleted.
pub(super) const LISTED: [&str; 11] = [
    "deleted",
    "board_id",
    "title",
    "writer_id",
    "writer_name",
    "created_at",
    "modified_at",
    "revision",
    "comment_count",
    "like_count",
    "view_count",
];

/// The fields of a hash, few enough to look through: the hottest read of all makes these.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of(answer: Value) -> Result<Self, HotError> {
        let no_hash = |_| HotError::foreign("an answer that should be a hash");
        let fields = answer.into_map_iter().map_err(no_hash)?;
        let fields = fields.map(|(name, field)| Ok((value(name)?, value(field)?)));
        fields.collect::<Result<_, HotError>>().map(Self)
    }

    /// The values of [`LISTED`], in its order, with an empty content.
    pub(super) fn listed(answer: Value) -> Result<Self, HotError> {
        let found: Vec<Option<String>> = value(answer)?;
        if found.len() != LISTED.len() {
            return Err(HotError::foreign("an answer with other fields"));
        }
        let fields = LISTED.into_iter().zip(found);
        let fields = fields.filter_map(|(name, field)| Some((name.to_owned(), field?)));
        let content = ("content".to_owned(), String::new());
        Ok(Self(fields.chain([content]).collect()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(field, _)| field == name)
    }

    fn text(&mut self, name: &str) -> Result<String, HotError> {
        let missing = || HotError::Foreign(format!("a hash without {name}"));
        let place = self.place(name).ok_or_else(missing)?;
        Ok(self.0.swap_remove(place).1)
    }

    fn parsed<T: FromStr>(&mut self, name: &str) -> Result<T, HotError> {
        let text = self.text(name)?;
        let wrong = |_| HotError::Foreign(format!("a hash with {name} = {text:?}"));
        text.parse().map_err(wrong)
    }

    /// A count. Well-formed streams never take one below 0.
    fn count(&mut self, name: &str) -> Result<u64, HotError> {
        let count: i64 = self.parsed(name)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn time(&mut self, name: &str) -> Result<Timestamp, HotError> {
        self.parsed(name).map(Timestamp)
    }

    /// A field that is empty if there is nothing to say.
    fn optional<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, HotError> {
        let place = self.place(name);
        if place.is_some_and(|place| self.0[place].1.is_empty()) {
            return Ok(None);
        }
        self.parsed(name).map(Some)
    }
}

/// What stands in the pointer key; none if nothing does.
pub(super) fn pointer(answer: Value) -> Result<Option<Pointer>, HotError> {
    let mut fields = Fields::of(answer)?;
    if fields.0.is_empty() {
        return Ok(None);
    }
    Ok(Some(Pointer {
        generation: GenerationName(fields.text("generation")?.into()),
        log_id: fields.parsed("log_id")?,
        checkpoint: fields.parsed("checkpoint")?,
        last: fields.optional("last_event_id")?,
        replication: Replication(fields.text("replication")?),
    }))
}

pub(super) fn article(fields: &mut Fields) -> Result<HotArticle, HotError> {
    Ok(HotArticle {
        board_id: fields.parsed::<BoardId>("board_id")?,
        title: fields.text("title")?,
        content: fields.text("content")?,
        writer_id: fields.text("writer_id")?,
        writer_name: fields.text("writer_name")?,
        created_at: fields.time("created_at")?,
        modified_at: fields.optional("modified_at")?.map(Timestamp),
        revision: fields.parsed("revision")?,
        comment_count: fields.count("comment_count")?,
        like_count: fields.count("like_count")?,
        view_count: fields.count("view_count")?,
    })
}

pub(super) fn board(fields: &mut Fields) -> Result<HotBoard, HotError> {
    Ok(HotBoard {
        name: fields.text("name")?,
        description: fields.text("description")?,
        max_comment_depth: fields.parsed("max_comment_depth")?,
        closed: fields.text("closed")? == "1",
        created_at: fields.time("created_at")?,
        revision: fields.parsed("revision")?,
        article_count: fields.count("article_count")?,
    })
}
