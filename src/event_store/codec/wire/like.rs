//! What is written down of likes.

use serde::{Deserialize, Serialize};

use super::{Payload, id};
use crate::domain::UserId;
use crate::domain::like::LikeEvent;

#[derive(Serialize, Deserialize)]
pub(in super::super) struct Like {
    article_id: String,
    user_id: String,
}

impl From<LikeEvent> for Payload {
    fn from(event: LikeEvent) -> Self {
        match event {
            LikeEvent::Liked {
                article_id,
                user_id,
            } => Self::ArticleLiked(Like {
                article_id: article_id.to_string(),
                user_id: user_id.into_string(),
            }),
            LikeEvent::Unliked {
                article_id,
                user_id,
            } => Self::ArticleUnliked(Like {
                article_id: article_id.to_string(),
                user_id: user_id.into_string(),
            }),
        }
    }
}

pub(super) fn liked(p: Like) -> Result<LikeEvent, String> {
    Ok(LikeEvent::Liked {
        article_id: id("article_id", &p.article_id)?,
        user_id: UserId::recorded(p.user_id),
    })
}

pub(super) fn unliked(p: Like) -> Result<LikeEvent, String> {
    Ok(LikeEvent::Unliked {
        article_id: id("article_id", &p.article_id)?,
        user_id: UserId::recorded(p.user_id),
    })
}
