//! What admins do to boards.

use super::execute::{Loaded, execute};
use super::{CommandError, Commands, Done, Origin, load};
use crate::domain::board::{Board, BoardCommand, BoardRejection, BoardSettings, decide};
use crate::domain::{BoardId, Revision};
use crate::event_store::StreamName;

/// What a board command ends in.
pub type BoardOutcome = Result<Done<Board>, CommandError<BoardRejection>>;

impl Commands {
    /// Opens a board under a new id. One append, no read.
    pub async fn create_board(&self, origin: &Origin, settings: BoardSettings) -> BoardOutcome {
        let board_id = BoardId(self.ids.next().await?);
        self.create_board_as(origin, board_id, settings).await
    }

    /// Opens a board under an id that was fixed before. Doing it again under the same command id
    /// is the same command.
    pub async fn create_board_as(
        &self,
        origin: &Origin,
        board_id: BoardId,
        settings: BoardSettings,
    ) -> BoardOutcome {
        let new = (&StreamName::board(board_id), Loaded::nothing());
        let command = BoardCommand::Create { board_id, settings };
        execute(&*self.store, new, origin, |state| {
            decide(command.clone(), state)
        })
        .await
    }

    /// Replaces a board's settings, if it still stands at `if_match`. One read, one append.
    pub async fn update_board(
        &self,
        origin: &Origin,
        (board_id, if_match): (BoardId, Option<Revision>),
        settings: BoardSettings,
    ) -> BoardOutcome {
        self.change_board(
            origin,
            board_id,
            BoardCommand::Update { settings, if_match },
        )
        .await
    }

    /// Closes a board. One read and, unless it is closed already, one append.
    pub async fn close_board(&self, origin: &Origin, board_id: BoardId) -> BoardOutcome {
        self.change_board(origin, board_id, BoardCommand::Close)
            .await
    }

    async fn change_board(
        &self,
        origin: &Origin,
        board_id: BoardId,
        command: BoardCommand,
    ) -> BoardOutcome {
        let stream = StreamName::board(board_id);
        let loaded = load(&*self.store, &stream).await?;
        execute(&*self.store, (&stream, loaded), origin, |state| {
            decide(command.clone(), state)
        })
        .await
    }
}
