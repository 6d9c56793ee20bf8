//! The boards that posts name.

use std::collections::{HashMap, HashSet};

use super::names::{Key, origin_of, system};
use super::together::together;
use super::{IN_FLIGHT, ImportError, Importer, Post};
use crate::command::CommandError;
use crate::domain::article::BoardStanding;
use crate::domain::board::{BoardRejection, BoardSettings, CommentDepth};
use crate::domain::text::{BoardDescription, BoardName};
use crate::domain::{BoardId, Timestamp};

/// How boards stand, by the names that the source gives them.
pub(super) type Standings = HashMap<String, (BoardId, BoardStanding)>;

impl Importer {
    /// Opens those boards of `posts`, all planned, that are not there. A board that was planned
    /// just now cannot be there and need not be read.
    pub(super) async fn open_boards(
        &mut self,
        posts: &[Post],
        just_planned: &HashSet<String>,
    ) -> Result<Standings, ImportError> {
        let mut met = HashSet::new();
        let first: Vec<&Post> = posts
            .iter()
            .filter(|post| met.insert(post.board.as_str()))
            .collect();
        let mut standings = Standings::new();
        for chunk in first.chunks(IN_FLIGHT) {
            self.go_on()?;
            let this = &*self;
            let opened = together(chunk.iter().map(|post| {
                let new = just_planned.contains(post.board.as_str());
                this.open_board(post, new)
            }))
            .await;
            for (post, opened) in chunk.iter().zip(opened) {
                let (id, standing, opened) = opened?;
                self.boards_opened += u64::from(opened);
                standings.insert(post.board.as_str().to_owned(), (id, standing));
            }
        }
        Ok(standings)
    }

    /// The id of the board of `post`, how it stands, and whether it had to be opened.
    async fn open_board(
        &self,
        post: &Post,
        new: bool,
    ) -> Result<(BoardId, BoardStanding, bool), ImportError> {
        let name = post.board.as_str();
        let unusable = || ImportError::Board(name.to_owned());
        let id = self.known.board(name).ok_or_else(unusable)?;
        if !new {
            let standing = self.standing(id).await?;
            if standing != BoardStanding::Missing {
                return Ok((id, standing, false));
            }
        }
        match self.create_board(id, name, post.created_at).await {
            Ok(()) => Ok((id, BoardStanding::Open, true)),
            Err(CommandError::Rejected {
                rejection: BoardRejection::Exists,
                ..
            }) => Ok((id, self.standing(id).await?, false)),
            Err(error) => Err(ImportError::of(error, |_| unusable())),
        }
    }

    async fn standing(&self, id: BoardId) -> Result<BoardStanding, ImportError> {
        let read = self.commands.board_standing(id).await;
        let (standing, _) = read.map_err(|e| ImportError::of(e, |_| ImportError::Conflict))?;
        Ok(standing)
    }

    async fn create_board(
        &self,
        id: BoardId,
        name: &str,
        at: Timestamp,
    ) -> Result<(), CommandError<BoardRejection>> {
        let origin = origin_of(&self.source, Key::Board(name), (system(), at));
        let settings = BoardSettings {
            name: BoardName::recorded(name.to_owned()),
            description: BoardDescription::recorded(String::new()),
            max_comment_depth: CommentDepth::default(),
        };
        self.commands
            .create_board_as(&origin, id, settings)
            .await
            .map(|_| ())
    }
}
