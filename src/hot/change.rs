//! What a batch of events changes in the entries, by key.
//!
//! A step is an event, or several that follow each other, composed: applying it once is the same as
//! applying each in turn. Redis folds a step in wholly or not at all, so the fewer events a step
//! composes, the finer redelivery can be told from news. Only what is beyond [`Steps::MAX`] is composed.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Day;
use crate::domain::{ArticleId, BoardId, Timestamp};
use crate::event_store::Position;

/// A change to an entry that can be composed with one that follows it.
pub(super) trait Compose {
    /// Becomes the change that does this one and then `next`.
    fn then(&mut self, next: Self);
}

/// What happened to an article. Everything is relative or set, never both: counts are added to,
/// texts replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArticleChange {
    /// Added to the count of live comments.
    pub comments: i64,
    /// Added to the count of likes.
    pub likes: i64,
    /// Added to the count of views.
    pub views: i64,
    /// What its writer made of it.
    pub edited: Option<Edited>,
    /// It is deleted; nothing after counts.
    pub deleted: bool,
}

/// An edit of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The title from now on.
    pub title: String,
    /// The content from now on.
    pub content: String,
    /// When.
    pub modified_at: Timestamp,
    /// The event's place in the article's stream.
    pub revision: u64,
}

impl Compose for ArticleChange {
    fn then(&mut self, next: Self) {
        self.comments += next.comments;
        self.likes += next.likes;
        self.views += next.views;
        self.edited = next.edited.or(self.edited.take());
        self.deleted |= next.deleted;
    }
}

/// What happened to a board or on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoardChange {
    /// What an admin made of it.
    pub described: Option<Described>,
    /// It takes no new article.
    pub closed: bool,
    /// The newest event's place in the board's own stream, if there was one.
    pub revision: Option<u64>,
    /// Articles that were posted on it and live.
    pub posted: BTreeSet<ArticleId>,
    /// Articles that were deleted. What is in both sets is gone from both counts.
    pub removed: BTreeSet<ArticleId>,
    /// Added to the count of live articles.
    pub article_count: i64,
}

/// What a board is called and how it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The name from now on.
    pub name: String,
    /// The description from now on.
    pub description: String,
    /// The depth of threads from now on.
    pub max_comment_depth: u64,
}

impl BoardChange {
    /// An article was posted.
    pub fn posted(id: ArticleId) -> Self {
        Self {
            posted: BTreeSet::from([id]),
            article_count: 1,
            ..Self::default()
        }
    }

    /// An article was deleted.
    pub fn removed(id: ArticleId) -> Self {
        Self {
            removed: BTreeSet::from([id]),
            article_count: -1,
            ..Self::default()
        }
    }
}

impl Compose for BoardChange {
    fn then(&mut self, mut next: Self) {
        self.described = next.described.or(self.described.take());
        self.closed |= next.closed;
        self.revision = next.revision.or(self.revision);
        self.article_count += next.article_count;
        // An article never comes back. One that came and went needs no place in the list.
        next.removed.retain(|id| !self.posted.remove(id));
        self.posted.append(&mut next.posted);
        self.removed.append(&mut next.removed);
    }
}

/// What happened to the articles of a day, each by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PopularChange {
    scores: BTreeMap<ArticleId, ScoreChange>,
}

/// What happened to the score of one article.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ScoreChange {
    /// The article is listed first, with score 0.
    pub(super) begins: bool,
    /// The score becomes the greater of `least` and itself with `added`: several events, each of
    /// which stops at 0, are again one of that form.
    pub(super) added: i64,
    pub(super) least: i64,
    /// The article is taken off the list.
    pub(super) ends: bool,
}

impl PopularChange {
    /// An article was posted on that day.
    pub fn begins(id: ArticleId) -> Self {
        Self::one(
            id,
            ScoreChange {
                begins: true,
                ..ScoreChange::default()
            },
        )
    }

    /// Something that counts `by` happened to an article, if it is listed; no score falls below 0.
    pub fn counts(id: ArticleId, by: i64) -> Self {
        Self::one(
            id,
            ScoreChange {
                added: by,
                ..ScoreChange::default()
            },
        )
    }

    /// An article was deleted.
    pub fn ends(id: ArticleId) -> Self {
        Self::one(
            id,
            ScoreChange {
                ends: true,
                ..ScoreChange::default()
            },
        )
    }

    fn one(id: ArticleId, change: ScoreChange) -> Self {
        Self {
            scores: BTreeMap::from([(id, change)]),
        }
    }

    pub(super) fn scores(&self) -> impl ExactSizeIterator<Item = (ArticleId, ScoreChange)> {
        self.scores.iter().map(|(id, change)| (*id, *change))
    }
}

impl ScoreChange {
    fn then(self, next: Self) -> Self {
        if self.ends {
            return self;
        }
        if next.begins {
            // What came before found no member to change.
            return next;
        }
        Self {
            begins: self.begins,
            added: self.added + next.added,
            least: next.least.max(self.least + next.added),
            ends: next.ends,
        }
    }
}

impl Compose for PopularChange {
    fn then(&mut self, next: Self) {
        for (id, next) in next.scores {
            self.scores
                .entry(id)
                .and_modify(|change| *change = change.then(next))
                .or_insert(next);
        }
    }
}

/// One or more events that follow each other, as one change to an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step<C> {
    pub(super) first: Position,
    pub(super) last: Position,
    pub(super) change: C,
}

/// The steps of one entry, in the order of their positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Steps<C>(pub(super) Vec<Step<C>>);

impl<C: Compose> Steps<C> {
    /// The most steps; beyond it neighbours are composed.
    pub(super) const MAX: usize = 64;

    fn push(&mut self, position: Position, change: C) {
        if let Some(step) = self.0.last_mut()
            && step.last >= position
        {
            // One event that changes an entry in several places.
            step.change.then(change);
            return;
        }
        if self.0.len() == Self::MAX {
            self.halve();
        }
        self.0.push(Step {
            first: position,
            last: position,
            change,
        });
    }

    fn halve(&mut self) {
        let mut steps = std::mem::take(&mut self.0).into_iter();
        while let Some(mut step) = steps.next() {
            if let Some(next) = steps.next() {
                step.last = next.last;
                step.change.then(next.change);
            }
            self.0.push(step);
        }
    }
}

/// What a batch of events changes: each entry once, with its steps. Events are added in the order of
/// the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub(super) articles: BTreeMap<ArticleId, Steps<ArticleChange>>,
    pub(super) boards: BTreeMap<BoardId, Steps<BoardChange>>,
    pub(super) popular: BTreeMap<Day, Steps<PopularChange>>,
}

impl Batch {
    /// The event at `position` changes an article.
    pub fn article(&mut self, id: ArticleId, position: Position, change: ArticleChange) {
        push(&mut self.articles, id, (position, change));
    }

    /// The event at `position` changes a board or its list.
    pub fn board(&mut self, id: BoardId, position: Position, change: BoardChange) {
        push(&mut self.boards, id, (position, change));
    }

    /// The event at `position` changes a day's list.
    pub fn popular(&mut self, day: Day, position: Position, change: PopularChange) {
        push(&mut self.popular, day, (position, change));
    }

    /// How many entries it is about.
    pub fn len(&self) -> usize {
        self.articles.len() + self.boards.len() + self.popular.len()
    }

    /// Whether it is about none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn push<K: Ord, C: Compose>(
    entries: &mut BTreeMap<K, Steps<C>>,
    key: K,
    (position, change): (Position, C),
) {
    entries
        .entry(key)
        .or_insert_with(|| Steps(Vec::new()))
        .push(position, change);
}
