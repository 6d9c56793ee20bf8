//! What entries hold, and what becomes of reading and filling them.

use crate::calendar::Day;
use crate::domain::{ArticleId, BoardId, Timestamp};
use crate::event_store::Position;

use super::pointer::GenerationName;

/// An article, as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotArticle {
    /// Where it stands.
    pub board_id: BoardId,
    /// Its title.
    pub title: String,
    /// What it says.
    pub content: String,
    /// Who wrote it.
    pub writer_id: String,
    /// The writer's name at that time.
    pub writer_name: String,
    /// When it was posted.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub modified_at: Option<Timestamp>,
    /// The newest event's place in its stream.
    pub revision: u64,
    /// Comments that are live.
    pub comment_count: u64,
    /// Users who like it.
    pub like_count: u64,
    /// Views that counted.
    pub view_count: u64,
}

/// A board, as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotBoard {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How deep its threads may grow.
    pub max_comment_depth: u64,
    /// Whether it refuses new articles.
    pub closed: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// The newest event's place in its stream.
    pub revision: u64,
    /// Live articles on it.
    pub article_count: u64,
}

/// The newest articles of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotList {
    /// Live articles, at most [`HotList::MAX`], in any order: all there are above the smallest.
    pub newest: Vec<ArticleId>,
    /// Whether these are all the board has.
    pub complete: bool,
}

impl HotList {
    /// How many articles of a board are listed.
    pub const MAX: usize = 1_000;
    /// A list that is not complete and has fewer is thrown away, to be filled anew.
    pub const MIN: usize = 500;
}

/// Which part of a board's list is wanted, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// So many after the first so many.
    Page {
        /// How many are before it.
        offset: u64,
        /// How many are wanted.
        limit: u32,
    },
    /// So many that are older than an article.
    Below {
        /// Which article; none: from the newest.
        article: Option<ArticleId>,
        /// How many are wanted.
        limit: u32,
    },
}

/// A part of a board's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotPart {
    /// Live articles of the board, in the same moment.
    pub article_count: u64,
    /// Newest first; fewer than wanted only at the list's end.
    pub articles: Vec<ArticleId>,
}

/// The scores of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotPopular {
    /// Every live article posted on that day, also those with score 0. At most [`HotPopular::MAX`].
    pub scores: Vec<(ArticleId, u64)>,
}

impl HotPopular {
    /// The most articles of a day that are kept hot; days with more are read from SQL.
    pub const MAX: usize = 20_000;
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<T> {
    /// It is hot.
    Entry(T),
    /// It was deleted; that is known for sure.
    Deleted,
    /// It is hot, but what is wanted lies beyond what is kept: ask SQL, fill nothing.
    Beyond,
    /// It is not hot: ask SQL, then fill.
    Miss(Missed),
}

/// Proof of a miss, wanted by the fill that follows it. **Take the snapshot of SQL after this**, not
/// before. Dropping it is fine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    pub(super) generation: GenerationName,
    pub(super) entry: EntryId,
    /// R when the miss happened; SQL must have reached it.
    pub(super) checkpoint: Position,
    /// None if nothing can be filled now: Redis is full or takes no writes, or somebody was faster.
    pub(super) hole: Option<Hole>,
}

impl Missed {
    /// Whether a fill could follow. If not, what it would take need not be read from SQL.
    pub fn can_fill(&self) -> bool {
        self.hole.is_some()
    }

    /// As if it had happened so many milliseconds earlier. For tests.
    #[must_use]
    pub fn earlier(mut self, milliseconds: i64) -> Self {
        if let Some(hole) = &mut self.hole {
            hole.at -= milliseconds;
        }
        self
    }
}

/// What a miss leaves where the entry belongs. Only who found this very hole may fill it, and if it
/// is gone (flushed, evicted, expired), nobody may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// Tells this hole from an earlier one at the same place.
    pub(super) token: String,
    /// When the miss happened by the clock of the node that holds the key, in milliseconds.
    pub(super) at: i64,
}

/// Which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryId {
    Article(ArticleId),
    Board(BoardId),
    Popular(Day),
}

/// Of what moment the rows are that fill an entry, all from one snapshot of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The last event folded into any of the rows; or the checkpoint, which says as much.
    pub rows: Position,
    /// The checkpoint of SQL (S).
    pub checkpoint: Position,
}

/// What became of a fill. Everything but `Yes` is no failure: the answer came from SQL, and the next
/// miss tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// The entry is hot now.
    Yes,
    /// Somebody else filled it meanwhile.
    There,
    /// An event came by that the rows do not hold.
    Overtaken,
    /// The miss is more than 5 s ago.
    Late,
    /// SQL has not reached the Redis checkpoint (S before R).
    Behind,
    /// What the miss left is gone: flushed, evicted or expired. Or it never was.
    Lost,
    /// More than an entry may hold.
    TooBig,
}
