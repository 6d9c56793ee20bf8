//! What a source holds: posts and comments, checked and repaired.

use super::names::Key;
use crate::domain::article::Text;
use crate::domain::text::{BoardName, Content, WriterName};
use crate::domain::{Timestamp, UserId};

/// A post of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The line of the file that it stands on, to speak of it.
    pub line: u64,
    /// What the source calls it.
    pub id: u64,
    /// Where it stands; the name is all that the source tells of a board.
    pub board: BoardName,
    /// Who wrote it ([`author_id`](super::author_id)).
    pub author: UserId,
    /// The writer's name as readers will see it.
    pub writer_name: WriterName,
    /// What it says.
    pub text: Text,
    /// When it was posted.
    pub created_at: Timestamp,
    /// How often it was viewed.
    pub views: u64,
    /// Who likes it, each once.
    pub liked_by: Vec<UserId>,
}

/// A comment of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The line of the file that it stands on.
    pub line: u64,
    /// What the source calls it.
    pub id: u64,
    /// What the source calls the post that it is under.
    pub post: u64,
    /// What the source calls the comment that it replies to, if to one.
    pub parent: Option<u64>,
    /// Who wrote it.
    pub author: UserId,
    /// The writer's name as readers will see it.
    pub writer_name: WriterName,
    /// What it says.
    pub content: Content,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A record of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A post.
    Post(Box<Post>),
    /// A comment.
    Comment(Box<Comment>),
}

impl From<Post> for Record {
    fn from(post: Post) -> Self {
        Self::Post(Box::new(post))
    }
}

impl From<Comment> for Record {
    fn from(comment: Comment) -> Self {
        Self::Comment(Box::new(comment))
    }
}

impl Record {
    pub(super) fn key(&self) -> Key<'_> {
        match self {
            Self::Post(post) => Key::Post(post.id),
            Self::Comment(comment) => Key::Comment(comment.id),
        }
    }

    pub(super) fn line(&self) -> u64 {
        match self {
            Self::Post(post) => post.line,
            Self::Comment(comment) => comment.line,
        }
    }

    pub(super) fn created_at(&self) -> Timestamp {
        match self {
            Self::Post(post) => post.created_at,
            Self::Comment(comment) => comment.created_at,
        }
    }

    pub(super) fn post(&self) -> Option<&Post> {
        match self {
            Self::Post(post) => Some(post),
            Self::Comment(_) => None,
        }
    }

    pub(super) fn comment(&self) -> Option<&Comment> {
        match self {
            Self::Post(_) => None,
            Self::Comment(comment) => Some(comment),
        }
    }
}
