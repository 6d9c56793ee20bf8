//! The payloads as they are spelled on the wire (names, fields and their order are for ever).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::article::{ArticleEvent, Text};
use crate::domain::board::{BoardEvent, BoardSettings, CommentDepth};
use crate::domain::snowflake::Snowflake;
use crate::domain::text::{BoardDescription, BoardName, Content, Title, WriterName};
use crate::domain::{Event, Timestamp};

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
    "ImportPlanned", version 1 => ImportPlanned(ImportPlanned),
}

impl From<Event> for Payload {
    fn from(event: Event) -> Self {
        match event {
            Event::LogCreated { log_id } => Self::LogCreated(LogCreated { log_id }),
            Event::Board(event) => event.into(),
            Event::Article(event) => event.into(),
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

fn id<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{field} is not an id"))
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
