//! The payloads as they are spelled on the wire (names, fields and their order are for ever). Here
//! is which there are; how each is made of its event, and the event of it, is in a file for each
//! thing that events are about.

mod article;
mod board;
mod comment;
mod like;
mod plan;
mod view;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::Event;
use article::{ArticleCreated, ArticleDeleted, ArticleUpdated};
use board::{Board, BoardClosed};
use comment::{CommentCreated, CommentDeleted, CommentUpdated};
use like::Like;
use plan::ImportPlanned;
use view::ArticlesViewed;

#[derive(Serialize, Deserialize)]
pub(super) struct LogCreated {
    log_id: Uuid,
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
            Event::ArticlesViewed { views } => Self::ArticlesViewed(views.into()),
            Event::ImportPlanned { ids } => Self::ImportPlanned(ids.into()),
        }
    }
}

impl TryFrom<Payload> for Event {
    type Error = String;

    fn try_from(payload: Payload) -> Result<Self, String> {
        Ok(match payload {
            Payload::LogCreated(p) => Self::LogCreated { log_id: p.log_id },
            Payload::BoardCreated(p) => Self::Board(board::created(p)?),
            Payload::BoardUpdated(p) => Self::Board(board::updated(p)?),
            Payload::BoardClosed(p) => Self::Board(board::closed(&p)?),
            Payload::ArticleCreated(p) => Self::Article(article::created(p)?),
            Payload::ArticleUpdated(p) => Self::Article(article::updated(p)?),
            Payload::ArticleDeleted(p) => Self::Article(article::deleted(&p)?),
            Payload::CommentCreated(p) => Self::Comment(comment::created(p)?),
            Payload::CommentUpdated(p) => Self::Comment(comment::updated(p)?),
            Payload::CommentDeleted(p) => Self::Comment(comment::deleted(&p)?),
            Payload::ArticleLiked(p) => Self::Like(like::liked(p)?),
            Payload::ArticleUnliked(p) => Self::Like(like::unliked(p)?),
            Payload::ArticlesViewed(p) => Self::ArticlesViewed {
                views: view::viewed(&p)?,
            },
            Payload::ImportPlanned(p) => Self::ImportPlanned {
                ids: plan::planned(p)?,
            },
        })
    }
}

fn id<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{field} is not an id"))
}

fn ids<T: std::str::FromStr>(field: &str, texts: &[String]) -> Result<Vec<T>, String> {
    texts.iter().map(|text| id(field, text)).collect()
}
