//! The boards that posts name.

use std::collections::{HashMap, HashSet};

use super::names::{Key, origin_of, system};
use super::together::together;
use super::{IN_FLIGHT, ImportError, Importer, Post, Record};
use crate::command::board::BoardOutcome;
use crate::command::{CommandError, load};
use crate::domain::article::BoardStanding;
use crate::domain::board::{Board, BoardRejection, BoardSettings, CommentDepth};
use crate::domain::text::{BoardDescription, BoardName};
use crate::domain::{BoardId, Timestamp};
use crate::event_store::StreamName;

/// How boards stand, by the names that the source gives them.
pub(super) type Standings = HashMap<String, Stands>;

/// How a board stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stands {
    pub(super) id: BoardId,
    pub(super) standing: BoardStanding,
    pub(super) max_depth: CommentDepth,
}

impl Stands {
    fn of(id: BoardId, board: Option<&Board>) -> Self {
        let depth = |board: &Board| board.settings.max_comment_depth;
        Self {
            id,
            standing: BoardStanding::of(board),
            max_depth: board.map(depth).unwrap_or_default(),
        }
    }
}

impl Importer {
    /// Opens those boards of the posts among `records`, all planned, that are not there. A board
    /// that was planned just now cannot be there and need not be read.
    pub(super) async fn open_boards(
        &mut self,
        records: &[Record],
        just_planned: &HashSet<String>,
    ) -> Result<Standings, ImportError> {
        let mut met = HashSet::new();
        let posts = records.iter().filter_map(Record::post);
        let first: Vec<&Post> = posts
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
                    return Ok(Stands::of(*id, None));
                }
                this.stands(*id).await
            }));
            let read: Vec<Stands> = read.await.into_iter().collect::<Result<_, _>>()?;
            let opened =
                together(chunk.iter().zip(read).map(
                    async |(post, stands)| match stands.standing {
                        BoardStanding::Missing => this.open_board(stands.id, post).await,
                        BoardStanding::Open | BoardStanding::Closed => Ok((stands, false)),
                    },
                ))
                .await;
            for (post, opened) in chunk.iter().zip(opened) {
                let (stands, opened) = opened?;
                self.boards_opened += u64::from(opened);
                standings.insert(post.board.as_str().to_owned(), stands);
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
    async fn open_board(&self, id: BoardId, post: &Post) -> Result<(Stands, bool), ImportError> {
        let name = post.board.as_str();
        match self.create_board(id, name, post.created_at).await {
            Ok(done) => Ok((Stands::of(id, Some(&done.state)), true)),
            Err(CommandError::Rejected {
                rejection: BoardRejection::Exists,
                ..
            }) => Ok((self.stands(id).await?, false)),
            Err(error) => {
                let board = |_| ImportError::Board(name.to_owned());
                Err(ImportError::of(error, board))
            }
        }
    }

    async fn stands(&self, id: BoardId) -> Result<Stands, ImportError> {
        let board = load::<Board>(&*self.commands.store, &StreamName::board(id)).await?;
        Ok(Stands::of(id, board.state.as_ref()))
    }

    async fn create_board(&self, id: BoardId, name: &str, at: Timestamp) -> BoardOutcome {
        let origin = origin_of(&self.source, Key::Board(name), (system(), at));
        let settings = BoardSettings {
            name: BoardName::recorded(name.to_owned()),
            description: BoardDescription::recorded(String::new()),
            max_comment_depth: CommentDepth::default(),
        };
        self.commands.create_board_as(&origin, id, settings).await
    }
}
