//! What is written down of articles.

use serde::{Deserialize, Serialize};

use super::{Payload, id};
use crate::domain::Timestamp;
use crate::domain::article::{ArticleEvent, Text};
use crate::domain::text::{Content, Title, WriterName};

#[derive(Serialize, Deserialize)]
pub(in super::super) struct ArticleCreated {
    article_id: String,
    board_id: String,
    title: String,
    content: String,
    writer_name: String,
}

#[derive(Serialize, Deserialize)]
pub(in super::super) struct ArticleUpdated {
    article_id: String,
    board_id: String,
    title: String,
    content: String,
}

#[derive(Serialize, Deserialize)]
pub(in super::super) struct ArticleDeleted {
    article_id: String,
    board_id: String,
    created_at: i64,
}

impl From<ArticleEvent> for Payload {
    fn from(event: ArticleEvent) -> Self {
        match event {
            ArticleEvent::Created {
                article_id,
                board_id,
                text,
                writer_name,
            } => Self::ArticleCreated(ArticleCreated {
                article_id: article_id.to_string(),
                board_id: board_id.to_string(),
                title: text.title.into_string(),
                content: text.content.into_string(),
                writer_name: writer_name.into_string(),
            }),
            ArticleEvent::Updated {
                article_id,
                board_id,
                text,
            } => Self::ArticleUpdated(ArticleUpdated {
                article_id: article_id.to_string(),
                board_id: board_id.to_string(),
                title: text.title.into_string(),
                content: text.content.into_string(),
            }),
            ArticleEvent::Deleted {
                article_id,
                board_id,
                created_at,
            } => Self::ArticleDeleted(ArticleDeleted {
                article_id: article_id.to_string(),
                board_id: board_id.to_string(),
                created_at: created_at.0,
            }),
        }
    }
}

pub(super) fn created(p: ArticleCreated) -> Result<ArticleEvent, String> {
    Ok(ArticleEvent::Created {
        article_id: id("article_id", &p.article_id)?,
        board_id: id("board_id", &p.board_id)?,
        text: text(p.title, p.content),
        writer_name: WriterName::recorded(p.writer_name),
    })
}

pub(super) fn updated(p: ArticleUpdated) -> Result<ArticleEvent, String> {
    Ok(ArticleEvent::Updated {
        article_id: id("article_id", &p.article_id)?,
        board_id: id("board_id", &p.board_id)?,
        text: text(p.title, p.content),
    })
}

pub(super) fn deleted(p: &ArticleDeleted) -> Result<ArticleEvent, String> {
    Ok(ArticleEvent::Deleted {
        article_id: id("article_id", &p.article_id)?,
        board_id: id("board_id", &p.board_id)?,
        created_at: Timestamp(p.created_at),
    })
}

fn text(title: String, content: String) -> Text {
    Text {
        title: Title::recorded(title),
        content: Content::recorded(content),
    }
}
