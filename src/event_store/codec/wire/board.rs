//! What is written down of boards.

use serde::{Deserialize, Serialize};

use super::{Payload, id};
use crate::domain::board::{BoardEvent, BoardSettings, CommentDepth};
use crate::domain::text::{BoardDescription, BoardName};

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the wire says board_id")]
pub(in super::super) struct Board {
    board_id: String,
    name: String,
    description: String,
    max_comment_depth: u8,
}

#[derive(Serialize, Deserialize)]
pub(in super::super) struct BoardClosed {
    board_id: String,
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

pub(super) fn created(p: Board) -> Result<BoardEvent, String> {
    Ok(BoardEvent::Created {
        board_id: id("board_id", &p.board_id)?,
        settings: settings(p),
    })
}

pub(super) fn updated(p: Board) -> Result<BoardEvent, String> {
    Ok(BoardEvent::Updated {
        board_id: id("board_id", &p.board_id)?,
        settings: settings(p),
    })
}

pub(super) fn closed(p: &BoardClosed) -> Result<BoardEvent, String> {
    Ok(BoardEvent::Closed {
        board_id: id("board_id", &p.board_id)?,
    })
}

fn settings(board: Board) -> BoardSettings {
    BoardSettings {
        name: BoardName::recorded(board.name),
        description: BoardDescription::recorded(board.description),
        max_comment_depth: CommentDepth::recorded(board.max_comment_depth),
    }
}
