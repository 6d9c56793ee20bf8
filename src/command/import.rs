//! Imports: another forum's records, brought in through the commands' own decisions.
//!
//! A source knows its records by its own ids. Before anything is appended for up to
//! [`PLAN_MAX`] keys, one `ImportPlanned` fixes their new ids in the source's stream (`plan`); the
//! ids of commands and events follow from the source's own names (`names`). So a plan can be done
//! again, and the stream, read at start, is all that a resumed import needs to know.
//!
//! What must hold: nothing that is appended depends on when or how often an import was killed. Plans
//! begin and end where the *unplanned* records of the file say, ids and appends are in file order,
//! and no event carries a time or an id of the run that made it, but for the new ids themselves.
//!
//! Left out on purpose: reading files (`cli::import`), and comments, likes and views, which have no
//! commands yet.

mod boards;
mod names;
mod plan;
mod posts;
mod together;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ids::{IdError, Ids};
use super::{CommandError, Commands};
use crate::domain::article::{ArticleRejection, Text};
use crate::domain::text::{BoardName, WriterName};
use crate::domain::{Timestamp, UserId};
use crate::event_store::{EventStore, StoreError, StreamName};
pub use names::author_id;
use plan::Known;

/// The most ids that one `ImportPlanned` fixes.
pub const PLAN_MAX: usize = 1_000;
/// The most appends that wait for the log at once, so that many share one commit.
const IN_FLIGHT: usize = 256;

/// The name of what is imported: 1 to 100 characters, no control characters, no `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(String);

/// The text cannot name a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source's name is 1 to 100 characters, without control characters and `/`")]
pub struct MalformedSource;

impl Source {
    const MAX_CHARS: usize = 100;

    /// Checks a name that somebody chose.
    pub fn parse(name: &str) -> Result<Self, MalformedSource> {
        let refused = |c: char| c.is_control() || c == '/';
        let well_formed =
            (1..=Self::MAX_CHARS).contains(&name.chars().count()) && !name.chars().any(refused);
        if well_formed {
            Ok(Self(name.to_owned()))
        } else {
            Err(MalformedSource)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A post of the source, checked and repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The line of the file that it stands on, to speak of it.
    pub line: u64,
    /// What the source calls it.
    pub id: u64,
    /// Where it stands; the name is all that the source tells of a board.
    pub board: BoardName,
    /// Who wrote it ([`author_id`]).
    pub author: UserId,
    /// The writer's name as readers will see it.
    pub writer_name: WriterName,
    /// What it says.
    pub text: Text,
    /// When it was posted.
    pub created_at: Timestamp,
}

/// What became of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is an article now.
    Imported,
    /// An earlier run brought it in.
    AlreadyThere,
    /// A rule said no.
    Rejected(ArticleRejection),
}

/// News of one post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The post's [`line`](Post::line).
    pub line: u64,
    /// What became of it.
    pub fate: Fate,
}

/// Why an import does not go on. What was brought in stays; the same import again goes on from
/// there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Somebody asked it to stop.
    #[error("the import was stopped")]
    Stopped,
    /// The source's stream moved under the import.
    #[error("somebody else is importing `{0}` at the same time; wait until that import has ended")]
    Overtaken(Source),
    /// The stream of a board or an article kept changing.
    #[error("a stream changed at every attempt to write to it")]
    Conflict,
    /// A board that the import opened cannot be opened.
    #[error("the board `{0}` is neither there nor can it be opened")]
    Board(String),
    /// The store is broken.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are no new ids.
    #[error(transparent)]
    Ids(#[from] IdError),
}

impl ImportError {
    /// What is left of a command's error once rejections have been dealt with.
    fn of<R>(error: CommandError<R>, rejected: impl FnOnce(R) -> Self) -> Self {
        match error {
            CommandError::Rejected { rejection, .. } => rejected(rejection),
            CommandError::Conflict => Self::Conflict,
            CommandError::Store(error) => error.into(),
            CommandError::Ids(error) => error.into(),
        }
    }
}

/// Asks a running import to stop after what is in flight. Clones ask the same import.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has asked.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Brings in the posts of one source.
pub struct Importer {
    commands: Commands,
    source: Source,
    stream: StreamName,
    stop: Stop,
    known: Known,
    /// Posts that an earlier run planned: they may be there already.
    earlier: Vec<Post>,
    /// Posts for the next plan, and the boards that it has to plan with them.
    new: Vec<Post>,
    new_boards: HashSet<String>,
    told: Vec<Told>,
    boards_opened: u64,
}

impl Importer {
    /// Reads what earlier runs planned for `source`.
    pub async fn open(
        store: Arc<dyn EventStore>,
        ids: Arc<Ids>,
        source: Source,
        stop: Stop,
    ) -> Result<Self, ImportError> {
        let stream = names::stream(&source);
        let known = Known::read(&*store, &stream).await?;
        Ok(Self {
            commands: Commands::new(store, ids),
            source,
            stream,
            stop,
            known,
            earlier: Vec::new(),
            new: Vec::new(),
            new_boards: HashSet::new(),
            told: Vec::new(),
            boards_opened: 0,
        })
    }

    /// Takes the next post of the file, whose id came not before, and appends what has gathered if
    /// it is enough.
    pub async fn add(&mut self, post: Post) -> Result<(), ImportError> {
        if self.known.has_post(post.id) {
            self.earlier.push(post);
            if self.earlier.len() >= PLAN_MAX {
                self.bring_earlier().await?;
            }
            return Ok(());
        }
        let board = post.board.as_str();
        let opens = !self.known.has_board(board) && !self.new_boards.contains(board);
        if self.new.len() + self.new_boards.len() + 1 + usize::from(opens) > PLAN_MAX {
            self.finish().await?;
        }
        let board = post.board.as_str();
        if !self.known.has_board(board) {
            self.new_boards.insert(board.to_owned());
        }
        self.new.push(post);
        Ok(())
    }

    /// Appends all that has gathered.
    pub async fn finish(&mut self) -> Result<(), ImportError> {
        // First what stands earlier in the file, so that a resumed import appends in the order of
        // an undisturbed one.
        self.bring_earlier().await?;
        self.new_boards.clear();
        let new = std::mem::take(&mut self.new);
        self.bring(new).await
    }

    /// News since the last call; also after an error.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Boards that this run has opened.
    pub fn boards_opened(&self) -> u64 {
        self.boards_opened
    }

    async fn bring_earlier(&mut self) -> Result<(), ImportError> {
        let earlier = std::mem::take(&mut self.earlier);
        let missing = self.missing(earlier).await?;
        self.bring(missing).await
    }

    /// Plans what is not planned, opens boards that are not there, posts the posts.
    async fn bring(&mut self, posts: Vec<Post>) -> Result<(), ImportError> {
        if posts.is_empty() {
            return Ok(());
        }
        self.go_on()?;
        let planned = self.plan(&posts).await?;
        let standings = self.open_boards(&posts, &planned).await?;
        self.post(posts, &standings).await
    }

    fn go_on(&self) -> Result<(), ImportError> {
        if self.stop.is_asked() {
            Err(ImportError::Stopped)
        } else {
            Ok(())
        }
    }
}
