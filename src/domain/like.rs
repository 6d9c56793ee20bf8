//! Likes: one per user and article. The stream of the two *is* that rule, and saying the same thing
//! twice changes nothing.

use super::Aggregate;
use super::article::ArticleStanding;
use super::event::{Event, Fact};
use super::id::{ArticleId, Timestamp, UserId};

/// What can happen between a user and an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LikeEvent {
    /// The user likes the article.
    Liked {
        /// Which article.
        article_id: ArticleId,
        /// Who.
        user_id: UserId,
    },
    /// The user likes it no more.
    Unliked {
        /// Which article.
        article_id: ArticleId,
        /// Who.
        user_id: UserId,
    },
}

/// What a user thinks of an article, as the newest event of their stream tells it. The events before
/// it do not matter, so a reader may leave them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Like {
    /// Whether the user likes it.
    pub liked: bool,
    /// Since when.
    pub since: Timestamp,
}

/// What a user may say of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikeCommand {
    /// Which article.
    pub article_id: ArticleId,
    /// How it stands, as far as its newest revision tells.
    pub article: ArticleStanding,
    /// Who says so.
    pub user_id: UserId,
    /// Whether they like it.
    pub liked: bool,
}

/// Why a rule said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LikeRejection {
    /// There never was such an article.
    #[error("there is no such article")]
    ArticleNotFound,
    /// The article was deleted.
    #[error("the article was deleted")]
    ArticleDeleted,
}

/// What follows from a command in a given state; no events if nothing would change.
pub fn decide(command: LikeCommand, state: Option<&Like>) -> Result<Vec<LikeEvent>, LikeRejection> {
    let LikeCommand {
        article_id,
        article,
        user_id,
        liked,
    } = command;
    match article {
        ArticleStanding::Missing => return Err(LikeRejection::ArticleNotFound),
        ArticleStanding::Deleted => return Err(LikeRejection::ArticleDeleted),
        ArticleStanding::Live => {}
    }
    let likes_already = state.is_some_and(|like| like.liked);
    Ok(match (likes_already, liked) {
        (false, true) => vec![LikeEvent::Liked {
            article_id,
            user_id,
        }],
        (true, false) => vec![LikeEvent::Unliked {
            article_id,
            user_id,
        }],
        (true, true) | (false, false) => Vec::new(),
    })
}

impl Aggregate for Like {
    type Event = LikeEvent;

    const NEWEST_TELLS: bool = true;

    fn event_of(event: Event) -> Option<LikeEvent> {
        match event {
            Event::Like(event) => Some(event),
            _ => None,
        }
    }

    fn evolve(_: Option<Self>, fact: &Fact<LikeEvent>) -> Option<Self> {
        Some(Self {
            liked: matches!(fact.event, LikeEvent::Liked { .. }),
            since: fact.occurred_at,
        })
    }
}
