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
            let ids = self.ids_of(chunk)?;
            let this = &*self;
            // All are read before any is opened, so that they are opened in file order.
            let read = together(chunk.iter().zip(&ids).map(async |(post, id)| {
                if just_planned.contains(post.board.as_str()) {
                    return Ok(BoardStanding::Missing);
                }
                this.standing(*id).await
            }));
            let read: Vec<BoardStanding> = read.await.into_iter().collect::<Result<_, _>>()?;
            let boards = chunk.iter().zip(&ids).zip(read);
            let opened = together(boards.map(async |((post, id), standing)| match standing {
                BoardStanding::Missing => this.open_board(*id, post).await,
                standing => Ok((standing, false)),
            }))
            .await;
            for ((post, id), opened) in chunk.iter().zip(ids).zip(opened) {
                let (standing, opened) = opened?;
                self.boards_opened += u64::from(opened);
                standings.insert(post.board.as_str().to_owned(), (id, standing));
            }
        }
        Ok(standings)
    }

    fn ids_of(&self, posts: &[&Post]) -> Result<Vec<BoardId>, ImportError> {
        let id_of = |post: &&Post| {
            let name = post.board.as_str();
            let id = self.known.board(name);
            id.ok_or_else(|| ImportError::Board(name.to_owned()))
        };
        posts.iter().map(id_of).collect()
    }

    /// Opens the board of `post`; tells how it stands then, and whether it had to be opened.
    async fn open_board(
        &self,
        id: BoardId,
        post: &Post,
    ) -> Result<(BoardStanding, bool), ImportError> {
        let name = post.board.as_str();
        match self.create_board(id, name, post.created_at).await {
            Ok(()) => Ok((BoardStanding::Open, true)),
            Err(CommandError::Rejected {
                rejection: BoardRejection::Exists,
                ..
            }) => Ok((self.standing(id).await?, false)),
            Err(error) => {
                let board = |_| ImportError::Board(name.to_owned());
                Err(ImportError::of(error, board))
            }
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
