//! All that can happen, as one type, and the envelope that says who and when.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::article::ArticleEvent;
use super::board::BoardEvent;
use super::comment::CommentEvent;
use super::id::{Timestamp, UserId};
use super::like::LikeEvent;
use super::snowflake::Snowflake;
use super::view::Viewed;

/// Anything that a log of Madang can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The log began. Its first event, and its identity.
    LogCreated {
        /// What tells this log from any other.
        log_id: Uuid,
    },
    /// Something happened to a board.
    Board(BoardEvent),
    /// Something happened to an article.
    Article(ArticleEvent),
    /// Something happened to a comment.
    Comment(CommentEvent),
    /// Somebody liked an article, or does no more.
    Like(LikeEvent),
    /// Articles were viewed: what one node counted in a moment.
    ArticlesViewed {
        /// How often, per article; at most [`MAX_VIEWED`](super::view::MAX_VIEWED) of them.
        views: Vec<Viewed>,
    },
    /// An import fixed the ids of the records that it is about to bring in.
    ImportPlanned {
        /// The new id of each record, by the key that the source knows it by: `post/17`.
        ids: BTreeMap<String, Snowflake>,
    },
}

impl From<BoardEvent> for Event {
    fn from(event: BoardEvent) -> Self {
        Self::Board(event)
    }
}

impl From<ArticleEvent> for Event {
    fn from(event: ArticleEvent) -> Self {
        Self::Article(event)
    }
}

impl From<CommentEvent> for Event {
    fn from(event: CommentEvent) -> Self {
        Self::Comment(event)
    }
}

impl From<LikeEvent> for Event {
    fn from(event: LikeEvent) -> Self {
        Self::Like(event)
    }
}

/// An event with the two things about it that rules may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<E> {
    /// What happened.
    pub event: E,
    /// Who made it happen.
    pub actor: UserId,
    /// When it happened to a user (not when the log took it).
    pub occurred_at: Timestamp,
}
