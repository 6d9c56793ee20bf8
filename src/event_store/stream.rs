//! Stream names. The stream *is* the unique key of what it holds, so a name is built in one place.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::snowflake::Node;
use crate::domain::{ArticleId, BoardId, CommentId, UserId};

/// What is encoded of a user id in a name: all but the unreserved characters of RFC 3986, 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The name of a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(String);

/// The text cannot name a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stream name is 1 to {} bytes without control characters",
    StreamName::MAX_BYTES
)]
pub struct MalformedStreamName;

impl StreamName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// The stream that holds the log's identity.
    pub fn log() -> Self {
        Self("madang-log".to_owned())
    }

    /// A board's stream.
    pub fn board(id: BoardId) -> Self {
        Self(format!("board-{id}"))
    }

    /// An article's stream.
    pub fn article(id: ArticleId) -> Self {
        Self(format!("article-{id}"))
    }

    /// A comment's stream.
    pub fn comment(id: CommentId) -> Self {
        Self(format!("comment-{id}"))
    }

    /// The stream of what a user thinks of an article.
    pub fn like(article_id: ArticleId, user_id: &UserId) -> Self {
        let user_id = utf8_percent_encode(user_id.as_str(), RESERVED);
        Self(format!("like-{article_id}-{user_id}"))
    }

    /// The stream of the views that a node counts in a day of UTC, given as the number yyyymmdd.
    pub fn views(node: Node, day: i64) -> Self {
        Self(format!("view-{}-{day:08}", node.get()))
    }

    /// The stream of the views that one source of imports brings with it. Whoever names a source has
    /// checked that its name fits into a stream's.
    pub fn imported_views(source: &str) -> Self {
        Self(format!("view-import-{source}"))
    }

    /// Whether this is the stream of that board.
    pub fn is_of_board(&self, id: BoardId) -> bool {
        self.0.strip_prefix("board-").map(str::parse) == Some(Ok(id))
    }

    /// Whether this is the stream of that article.
    pub fn is_of_article(&self, id: ArticleId) -> bool {
        self.0.strip_prefix("article-").map(str::parse) == Some(Ok(id))
    }

    /// Whether this is the stream of that comment.
    pub fn is_of_comment(&self, id: CommentId) -> bool {
        self.0.strip_prefix("comment-").map(str::parse) == Some(Ok(id))
    }

    /// Whether this is the stream of what that user thinks of that article.
    pub fn is_of_like(&self, article_id: ArticleId, user_id: &UserId) -> bool {
        *self == Self::like(article_id, user_id)
    }

    /// Whether this is a stream of views, of whatever node or source.
    pub fn holds_views(&self) -> bool {
        self.0.starts_with("view-")
    }

    /// The stream of all that was planned for one source of imports, likewise checked.
    pub fn import(source: &str) -> Self {
        Self(format!("import-{source}"))
    }

    /// A name that stands in the log.
    pub fn recorded(name: String) -> Self {
        Self(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for StreamName {
    type Err = MalformedStreamName;

    fn from_str(text: &str) -> Result<Self, MalformedStreamName> {
        let well_formed = !text.is_empty()
            && text.len() <= Self::MAX_BYTES
            && !text.chars().any(char::is_control);
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedStreamName)
        }
    }
}
