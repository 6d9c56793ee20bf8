//! What is written down of comments.

use serde::{Deserialize, Serialize};

use super::{Payload, id, ids};
use crate::domain::comment::CommentEvent;
use crate::domain::text::{Content, WriterName};

#[derive(Serialize, Deserialize)]
pub(in super::super) struct CommentCreated {
    comment_id: String,
    article_id: String,
    ancestors: Vec<String>,
    content: String,
    writer_name: String,
}

#[derive(Serialize, Deserialize)]
pub(in super::super) struct CommentUpdated {
    comment_id: String,
    article_id: String,
    content: String,
}

#[derive(Serialize, Deserialize)]
pub(in super::super) struct CommentDeleted {
    comment_id: String,
    article_id: String,
}

impl From<CommentEvent> for Payload {
    fn from(event: CommentEvent) -> Self {
        match event {
            CommentEvent::Created {
                comment_id,
                article_id,
                ancestors,
                content,
                writer_name,
            } => Self::CommentCreated(CommentCreated {
                comment_id: comment_id.to_string(),
                article_id: article_id.to_string(),
                ancestors: ancestors.iter().map(ToString::to_string).collect(),
                content: content.into_string(),
                writer_name: writer_name.into_string(),
            }),
            CommentEvent::Updated {
                comment_id,
                article_id,
                content,
            } => Self::CommentUpdated(CommentUpdated {
                comment_id: comment_id.to_string(),
                article_id: article_id.to_string(),
                content: content.into_string(),
            }),
            CommentEvent::Deleted {
                comment_id,
                article_id,
            } => Self::CommentDeleted(CommentDeleted {
                comment_id: comment_id.to_string(),
                article_id: article_id.to_string(),
            }),
        }
    }
}

pub(super) fn created(p: CommentCreated) -> Result<CommentEvent, String> {
    Ok(CommentEvent::Created {
        comment_id: id("comment_id", &p.comment_id)?,
        article_id: id("article_id", &p.article_id)?,
        ancestors: ids("ancestors", &p.ancestors)?,
        content: Content::recorded(p.content),
        writer_name: WriterName::recorded(p.writer_name),
    })
}

pub(super) fn updated(p: CommentUpdated) -> Result<CommentEvent, String> {
    Ok(CommentEvent::Updated {
        comment_id: id("comment_id", &p.comment_id)?,
        article_id: id("article_id", &p.article_id)?,
        content: Content::recorded(p.content),
    })
}

pub(super) fn deleted(p: &CommentDeleted) -> Result<CommentEvent, String> {
    Ok(CommentEvent::Deleted {
        comment_id: id("comment_id", &p.comment_id)?,
        article_id: id("article_id", &p.article_id)?,
    })
}
