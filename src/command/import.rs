//! Imports: another forum's records, brought in through the commands' own decisions.
//!
//! A source knows its records by its own ids. Before anything is appended for up to
//! [`PLAN_MAX`] keys, one `ImportPlanned` fixes their new ids in the source's stream (`plan`); the
//! ids of commands and events follow from the source's own names (`names`). So a plan can be done
//! again, and the stream, read at start, is all that a resumed import needs to know.
//!
//! What must hold: nothing that is appended depends on when or how often an import was killed. So
//! - plans begin and end where the *unplanned* records of the file say;
//! - what a plan holds is brought in as one group, whether by the run that planned it or by a later
//!   one: first boards, then posts and comments, then views, then likes, each in file order. A run
//!   that meets planned records gathers them until it has met all of their plan;
//! - an embedded log commits appends in the order of its queue, so a kill leaves a beginning of that
//!   order, and what is appended later is what was missing, in the same order. A log on a server takes
//!   those that wait together in any order; none of them depends on another;
//! - no event carries a time or an id of the run that made it, but for the new ids themselves.
//!
//! Left out on purpose: reading files (`cli::import`), and what the log has no place for: likes and
//! views of comments, and likes that name nobody.

mod boards;
mod create;
mod facts;
mod found;
mod likes;
mod names;
mod plan;
mod record;
mod source;
mod together;
mod told;
mod views;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ids::{IdError, Ids};
use super::{CommandError, Commands};
use crate::domain::article::ArticleStanding;
use crate::event_store::{EventStore, StoreError, StreamName};
use found::Group;
pub use names::author_id;
use plan::{Gathered, Known, Met};
pub use record::{Comment, Post, Record};
pub use source::{MalformedSource, Source};
pub use told::{Fate, Refusal, Told, What};
use views::Counted;

/// The most ids that one `ImportPlanned` fixes.
pub const PLAN_MAX: usize = 1_000;
/// The most likes that come with the posts of one plan, unless one post alone has more. They are
/// in memory together.
pub const LIKES_MAX: usize = 100_000;
/// The most appends that wait for the log at once, so that many share one commit.
const IN_FLIGHT: usize = 256;
/// Planned records are gathered until their plan is complete. If a file is not in the order of its
/// plans, those of the oldest plan are brought in when there are this many plans' worth of them: more
/// than the newest can hold, and only the newest can be partly there.
const PLANS_GATHERED: usize = 2;

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
    /// The id that is planned for a record is another command's: two processes had one node number.
    #[error(
        "somebody else has begun {0}, whose id is planned for a record of this import: two processes \
         had the same node number"
    )]
    Taken(StreamName),
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
            CommandError::Conflict { .. } => Self::Conflict,
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

/// Brings in the records of one source.
pub struct Importer {
    commands: Commands,
    source: Source,
    stream: StreamName,
    stop: Stop,
    known: Known,
    counted: Counted,
    /// Records that an earlier run planned, by plan: they may be there already.
    earlier: BTreeMap<usize, Vec<Record>>,
    /// Records for the next plan.
    gathered: Gathered,
    plan_max: usize,
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
        let stream = StreamName::import(source.as_str());
        let known = Known::read(&*store, &stream).await?;
        let counted = Counted::read(&*store, &source).await?;
        Ok(Self {
            commands: Commands::new(store, ids),
            source,
            stream,
            stop,
            known,
            counted,
            earlier: BTreeMap::new(),
            gathered: Gathered::default(),
            plan_max: PLAN_MAX,
            told: Vec::new(),
            boards_opened: 0,
        })
    }

    /// Lets plans fix at most `keys` ids, so that a test sees many of them: 2 to [`PLAN_MAX`].
    #[must_use]
    pub fn planning(mut self, keys: usize) -> Self {
        self.plan_max = keys.clamp(2, PLAN_MAX);
        self
    }

    /// Takes the next record of the file, one whose type and id came not before, and appends what
    /// has gathered if it is enough.
    pub async fn add(&mut self, record: impl Into<Record>) -> Result<(), ImportError> {
        let record = record.into();
        if let Some(met) = self.known.meet(&record) {
            return self.add_planned(record, met).await;
        }
        if let Record::Comment(comment) = &record
            && let Err(rejection) = self.has_place(comment)
        {
            // Not planned, so that it is as good as new when there is a place for it.
            let what = What::Comment { hangs: None };
            let (line, fate) = (comment.line, Fate::rejected(rejection));
            self.tell(Told { line, what, fate });
            return Ok(());
        }
        let limits = (&self.known, self.plan_max);
        if !self.gathered.has_room(&record, limits) {
            self.finish().await?;
        }
        self.gathered.push(record, &self.known);
        Ok(())
    }

    /// Appends all that has gathered.
    pub async fn finish(&mut self) -> Result<(), ImportError> {
        // First what stands earlier in the file, so that a resumed import appends in the order of
        // an undisturbed one.
        self.bring_earlier().await?;
        let gathered = std::mem::take(&mut self.gathered);
        self.bring(Group::new(gathered.records)).await
    }

    /// News since the last call; also after an error.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Boards that this run has opened.
    pub fn boards_opened(&self) -> u64 {
        self.boards_opened
    }

    async fn add_planned(&mut self, record: Record, met: Met) -> Result<(), ImportError> {
        self.earlier.entry(met.plan).or_default().push(record);
        let gathered: usize = self.earlier.values().map(Vec::len).sum();
        let ready = if met.is_last {
            self.earlier.remove(&met.plan)
        } else if gathered >= PLANS_GATHERED * self.plan_max {
            self.earlier.pop_first().map(|(_, records)| records)
        } else {
            None
        };
        self.bring_planned(ready.unwrap_or_default()).await
    }

    async fn bring_earlier(&mut self) -> Result<(), ImportError> {
        while let Some((_, records)) = self.earlier.pop_first() {
            self.bring_planned(records).await?;
        }
        Ok(())
    }

    async fn bring_planned(&mut self, records: Vec<Record>) -> Result<(), ImportError> {
        let group = self.look(records).await?;
        self.bring(group).await
    }

    /// Plans what is not planned, opens boards that are not there, creates what is missing, and adds
    /// views and likes.
    async fn bring(&mut self, group: Group) -> Result<(), ImportError> {
        let Group {
            missing,
            mut extras,
        } = group;
        if !missing.is_empty() {
            self.go_on()?;
            let planned = self.plan(&missing).await?;
            let boards = self.open_boards(&missing, &planned).await?;
            let posted = self.create(missing, &boards).await?;
            for one in extras.iter_mut().filter(|one| posted.contains(&one.line)) {
                (one.article, one.new) = (ArticleStanding::Live, true);
            }
        }
        self.bring_views(&extras).await?;
        self.bring_likes(&extras).await
    }

    fn go_on(&self) -> Result<(), ImportError> {
        if self.stop.is_asked() {
            Err(ImportError::Stopped)
        } else {
            Ok(())
        }
    }
}
