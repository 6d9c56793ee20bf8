//! The payloads as they are spelled on the wire (names, fields and their order are for ever).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::article::{ArticleEvent, Text};
use crate::domain::board::{BoardEvent, BoardSettings, CommentDepth};
use crate::domain::comment::CommentEvent;
use crate::domain::like::LikeEvent;
use crate::domain::snowflake::Snowflake;
use crate::domain::text::{BoardDescription, BoardName, Content, Title, WriterName};
use crate::domain::view;
use crate::domain::{Event, Timestamp, UserId};

#[derive(Serialize, Deserialize)]
pub(super) struct LogCreated {
    log_id: Uuid,
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the wire says board_id")]
pub(super) struct Board {
    board_id: String,
    name: String,
    description: String,
    max_comment_depth: u8,
}

#[derive(Serialize, Deserialize)]
pub(super) struct BoardClosed {
    board_id: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ArticleCreated {
    article_id: String,
    board_id: String,
    title: String,
    content: String,
    writer_name: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ArticleUpdated {
    article_id: String,
    board_id: String,
    title: String,
    content: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ArticleDeleted {
    article_id: String,
    board_id: String,
    created_at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CommentCreated {
    comment_id: String,
    article_id: String,
    ancestors: Vec<String>,
    content: String,
    writer_name: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CommentUpdated {
    comment_id: String,
    article_id: String,
    content: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CommentDeleted {
    comment_id: String,
    article_id: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Like {
    article_id: String,
    user_id: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ArticlesViewed {
    views: Vec<Viewed>,
}

#[derive(Serialize, Deserialize)]
struct Viewed {
    article_id: String,
    count: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ImportPlanned {
    ids: BTreeMap<String, String>,
}

macro_rules! payloads {
    ($($name:literal, version $version:literal => $variant:ident($payload:ident)),+ $(,)?) => {
        /// The payload of an event in its current schema version.
        pub(super) enum Payload { $($variant($payload)),+ }

        /// Every event that this release writes: its name and its schema version.
        pub const WIRE_NAMES: &[(&str, u32)] = &[$(($name, $version)),+];

        /// The schema version that this release writes; `None` for a name it has never heard of.
        pub(super) fn current_version(event_type: &str) -> Option<u32> {
            match event_type { $($name => Some($version),)+ _ => None }
        }

        impl Payload {
            pub(super) fn wire_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),+ }
            }

            pub(super) fn schema_version(&self) -> u32 {
                match self { $(Self::$variant(_) => $version),+ }
            }

            pub(super) fn to_json(&self) -> serde_json::Result<String> {
                match self { $(Self::$variant(payload) => serde_json::to_string(payload)),+ }
            }

            pub(super) fn from_json(event_type: &str, json: &str) -> serde_json::Result<Self> {
                match event_type {
                    $($name => serde_json::from_str(json).map(Self::$variant),)+
                    _ => Err(serde::de::Error::custom("unknown event type")),
                }
            }
        }
    };
}

payloads! {
    "LogCreated", version 1 => LogCreated(LogCreated),
    "BoardCreated", version 1 => BoardCreated(Board),
    "BoardUpdated", version 1 => BoardUpdated(Board),
    "BoardClosed", version 1 => BoardClosed(BoardClosed),
    "ArticleCreated", version 1 => ArticleCreated(ArticleCreated),
    "ArticleUpdated", version 1 => ArticleUpdated(ArticleUpdated),
    "ArticleDeleted", version 1 => ArticleDeleted(ArticleDeleted),
    "CommentCreated", version 1 => CommentCreated(CommentCreated),
    "CommentUpdated", version 1 => CommentUpdated(CommentUpdated),
    "CommentDeleted", version 1 => CommentDeleted(CommentDeleted),
    "ArticleLiked", version 1 => ArticleLiked(Like),
    "ArticleUnliked", version 1 => ArticleUnliked(Like),
    "ArticlesViewed", version 1 => ArticlesViewed(ArticlesViewed),
    "ImportPlanned", version 1 => ImportPlanned(ImportPlanned),
}

impl From<Event> for Payload {
    fn from(event: Event) -> Self {
        match event {
            Event::LogCreated { log_id } => Self::LogCreated(LogCreated { log_id }),
            Event::Board(event) => event.into(),
            Event::Article(event) => event.into(),
            Event::Comment(event) => event.into(),
            Event::Like(event) => event.into(),
            Event::ArticlesViewed { views } => Self::ArticlesViewed(ArticlesViewed {
                views: views.into_iter().map(Viewed::from).collect(),
            }),
            Event::ImportPlanned { ids } => Self::ImportPlanned(ImportPlanned {
                ids: ids
                    .into_iter()
                    .map(|(key, id)| (key, id.to_string()))
                    .collect(),
            }),
        }
    }
}

impl From<BoardEvent> for Payload {
    fn from(event: BoardEvent) -> Self {
        let board = |board_id: &dyn ToString, settings: BoardSettings| Board {
            board_id: board_id.to_string(),
            name: settings.name.into_string(),
            description: settings.description.into_string(),
            max_comment_depth: settings.max_comment_depth.get(),
        };
        match event {
            BoardEvent::Created { board_id, settings } => {
                Self::BoardCreated(board(&board_id, settings))
            }
            BoardEvent::Updated { board_id, settings } => {
                Self::BoardUpdated(board(&board_id, settings))
            }
            BoardEvent::Closed { board_id } => Self::BoardClosed(BoardClosed {
                board_id: board_id.to_string(),
            }),
        }
    }
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

impl From<view::Viewed> for Viewed {
    fn from(viewed: view::Viewed) -> Self {
        Self {
            article_id: viewed.article_id.to_string(),
            count: viewed.count,
        }
    }
}

fn id<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{field} is not an id"))
}

fn ids<T: std::str::FromStr>(field: &str, texts: &[String]) -> Result<Vec<T>, String> {
    texts.iter().map(|text| id(field, text)).collect()
}

fn viewed(viewed: &Viewed) -> Result<view::Viewed, String> {
    Ok(view::Viewed {
        article_id: id("article_id", &viewed.article_id)?,
        count: viewed.count,
    })
}

fn settings(board: Board) -> BoardSettings {
    BoardSettings {
        name: BoardName::recorded(board.name),
        description: BoardDescription::recorded(board.description),
        max_comment_depth: CommentDepth::recorded(board.max_comment_depth),
    }
}

fn text(title: String, content: String) -> Text {
    Text {
        title: Title::recorded(title),
        content: Content::recorded(content),
    }
}

impl TryFrom<Payload> for Event {
    type Error = String;

    fn try_from(payload: Payload) -> Result<Self, String> {
        Ok(match payload {
            Payload::LogCreated(p) => Self::LogCreated { log_id: p.log_id },
            Payload::BoardCreated(p) => Self::Board(BoardEvent::Created {
                board_id: id("board_id", &p.board_id)?,
                settings: settings(p),
            }),
            Payload::BoardUpdated(p) => Self::Board(BoardEvent::Updated {
                board_id: id("board_id", &p.board_id)?,
                settings: settings(p),
            }),
            Payload::BoardClosed(p) => Self::Board(BoardEvent::Closed {
                board_id: id("board_id", &p.board_id)?,
            }),
            Payload::ArticleCreated(p) => Self::Article(ArticleEvent::Created {
                article_id: id("article_id", &p.article_id)?,
                board_id: id("board_id", &p.board_id)?,
                text: text(p.title, p.content),
                writer_name: WriterName::recorded(p.writer_name),
            }),
            Payload::ArticleUpdated(p) => Self::Article(ArticleEvent::Updated {
                article_id: id("article_id", &p.article_id)?,
                board_id: id("board_id", &p.board_id)?,
                text: text(p.title, p.content),
            }),
            Payload::ArticleDeleted(p) => Self::Article(ArticleEvent::Deleted {
                article_id: id("article_id", &p.article_id)?,
                board_id: id("board_id", &p.board_id)?,
                created_at: Timestamp(p.created_at),
            }),
            Payload::CommentCreated(p) => Self::Comment(CommentEvent::Created {
                comment_id: id("comment_id", &p.comment_id)?,
                article_id: id("article_id", &p.article_id)?,
                ancestors: ids("ancestors", &p.ancestors)?,
                content: Content::recorded(p.content),
                writer_name: WriterName::recorded(p.writer_name),
            }),
            Payload::CommentUpdated(p) => Self::Comment(CommentEvent::Updated {
                comment_id: id("comment_id", &p.comment_id)?,
                article_id: id("article_id", &p.article_id)?,
                content: Content::recorded(p.content),
            }),
            Payload::CommentDeleted(p) => Self::Comment(CommentEvent::Deleted {
                comment_id: id("comment_id", &p.comment_id)?,
                article_id: id("article_id", &p.article_id)?,
            }),
            Payload::ArticleLiked(p) => Self::Like(LikeEvent::Liked {
                article_id: id("article_id", &p.article_id)?,
                user_id: UserId::recorded(p.user_id),
            }),
            Payload::ArticleUnliked(p) => Self::Like(LikeEvent::Unliked {
                article_id: id("article_id", &p.article_id)?,
                user_id: UserId::recorded(p.user_id),
            }),
            Payload::ArticlesViewed(p) => Self::ArticlesViewed {
                views: p.views.iter().map(viewed).collect::<Result<_, _>>()?,
            },
            Payload::ImportPlanned(p) => Self::ImportPlanned { ids: planned(p)? },
        })
    }
}

fn planned(plan: ImportPlanned) -> Result<BTreeMap<String, Snowflake>, String> {
    plan.ids
        .into_iter()
        .map(|(key, text)| id("an id in ids", &text).map(|id| (key, id)))
        .collect()
}
