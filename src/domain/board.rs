//! Boards: where articles stand. An admin opens, changes and closes them.
//!
//! A closed board takes no new article; everything on it stays.

use super::Aggregate;
use super::event::{Event, Fact};
use super::id::{BoardId, Revision, Timestamp};
use super::text::{BoardDescription, BoardName};

/// How deep threads on a board may grow: 2 to 100, the root being 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentDepth(u8);

impl CommentDepth {
    /// The smallest limit: the classic two-level board.
    pub const MIN: u8 = 2;
    /// The greatest limit.
    pub const MAX: u8 = 100;

    /// `None` outside [`Self::MIN`] to [`Self::MAX`].
    pub fn new(depth: u64) -> Option<Self> {
        u8::try_from(depth)
            .ok()
            .filter(|d| (Self::MIN..=Self::MAX).contains(d))
            .map(Self)
    }

    /// A limit that stands in the log, which was checked when it was written.
    pub fn recorded(depth: u8) -> Self {
        Self(depth)
    }

    /// The limit as a number.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Default for CommentDepth {
    fn default() -> Self {
        Self(Self::MAX)
    }
}

/// What an admin chooses about a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardSettings {
    /// What readers call it.
    pub name: BoardName,
    /// What it is for.
    pub description: BoardDescription,
    /// How deep its threads may grow.
    pub max_comment_depth: CommentDepth,
}

/// What can happen to a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardEvent {
    /// It was opened.
    Created {
        /// Which board.
        board_id: BoardId,
        /// What was chosen.
        settings: BoardSettings,
    },
    /// Its settings were replaced.
    Updated {
        /// Which board.
        board_id: BoardId,
        /// What was chosen instead.
        settings: BoardSettings,
    },
    /// It takes no new article from here on.
    Closed {
        /// Which board.
        board_id: BoardId,
    },
}

/// A board as its stream tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Which board.
    pub id: BoardId,
    /// Its current settings.
    pub settings: BoardSettings,
    /// Whether it refuses new articles.
    pub closed: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// The newest event's place in the stream.
    pub revision: Revision,
}

/// What an admin may ask of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardCommand {
    /// Open a board under a new id.
    Create {
        /// The new id.
        board_id: BoardId,
        /// What was chosen.
        settings: BoardSettings,
    },
    /// Replace all settings.
    Update {
        /// What to choose instead.
        settings: BoardSettings,
        /// Only if the board still stands at this revision.
        if_match: Option<Revision>,
    },
    /// Take no more articles. Closing a closed board changes nothing.
    Close,
}

/// Why a rule said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardRejection {
    /// A board with this id is there already.
    #[error("a board with this id exists already")]
    Exists,
    /// There never was such a board.
    #[error("there is no such board")]
    NotFound,
    /// The board has changed since the caller looked.
    #[error("the board stands at revision {current}")]
    Stale {
        /// Where it stands now.
        current: Revision,
    },
}

/// What follows from a command in a given state; no events if nothing would change.
pub fn decide(
    command: BoardCommand,
    state: Option<&Board>,
) -> Result<Vec<BoardEvent>, BoardRejection> {
    match (command, state) {
        (BoardCommand::Create { .. }, Some(_)) => Err(BoardRejection::Exists),
        (BoardCommand::Create { board_id, settings }, None) => {
            Ok(vec![BoardEvent::Created { board_id, settings }])
        }
        (_, None) => Err(BoardRejection::NotFound),
        (BoardCommand::Update { settings, if_match }, Some(board)) => {
            if if_match.is_some_and(|wanted| wanted != board.revision) {
                return Err(BoardRejection::Stale {
                    current: board.revision,
                });
            }
            if settings == board.settings {
                return Ok(Vec::new());
            }
            Ok(vec![BoardEvent::Updated {
                board_id: board.id,
                settings,
            }])
        }
        (BoardCommand::Close, Some(board)) if board.closed => Ok(Vec::new()),
        (BoardCommand::Close, Some(board)) => Ok(vec![BoardEvent::Closed { board_id: board.id }]),
    }
}

impl Aggregate for Board {
    type Event = BoardEvent;

    fn event_of(event: Event) -> Option<BoardEvent> {
        match event {
            Event::Board(event) => Some(event),
            _ => None,
        }
    }

    fn evolve(state: Option<Self>, fact: &Fact<BoardEvent>) -> Option<Self> {
        match (state, &fact.event) {
            (None, BoardEvent::Created { board_id, settings }) => Some(Self {
                id: *board_id,
                settings: settings.clone(),
                closed: false,
                created_at: fact.occurred_at,
                revision: Revision::FIRST,
            }),
            (None, _) => None,
            (Some(board), event) => Some(board.after(event)),
        }
    }
}

impl Board {
    fn after(mut self, event: &BoardEvent) -> Self {
        self.revision = self.revision.next();
        match event {
            BoardEvent::Created { .. } => {}
            BoardEvent::Updated { settings, .. } => self.settings = settings.clone(),
            BoardEvent::Closed { .. } => self.closed = true,
        }
        self
    }
}
