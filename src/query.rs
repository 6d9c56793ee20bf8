//! The read side: answers from the views, never from the log.
//!
//! A hot answer comes from the in-process cache as it was rendered (`cache`), or else from Redis, if
//! there is one (`hot`); the rest is read from SQL. What must hold:
//!
//! - An answer is at most one second older than the views.
//! - "Read your writes": with a position to wait for, the views are read *after* they have reached
//!   it, and neither the cache nor a load that others began earlier is used (`wait`).
//! - A page and its total are of one moment.
//! - Redis makes answers faster and never makes one fail.

pub mod articles;
pub mod boards;
mod cache;
pub mod comments;
mod counts;
mod hot;
pub mod likes;
pub mod popular;
pub mod projections;
pub mod wait;

use std::sync::Arc;

use bytes::Bytes;

use crate::calendar::Calendar;
use crate::domain::Timestamp;
use crate::event_store::Position;
use crate::hot::Hot;
use crate::views::{Touched, Views};
use cache::{Cache, Key};
use counts::ViewCounts;
use wait::Progress;

/// The most items of a page.
pub const MAX_PAGE_SIZE: u32 = 100;

/// Why there is no answer. All of them pass: the caller may try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The views have not reached the position that the caller waits for.
    #[error("the views have not reached the position in time")]
    Behind,
    /// Too many callers are waiting.
    #[error("too many callers are waiting for a position")]
    TooManyWaiting,
    /// The views cannot be read. The text is for operators.
    #[error("the views cannot be read: {0}")]
    Unavailable(String),
}

impl From<sqlx::Error> for QueryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// An answer as it goes out: rendered once, sent to many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The body.
    pub body: Bytes,
    /// Its entity tag, where it has one.
    pub etag: Option<String>,
}

/// What the views know of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is there.
    Found(Arc<Document>),
    /// It was there.
    Deleted,
    /// It never was, as far as the views know.
    NotFound,
    /// It is there, and the place in it that the caller named is not: nobody was ever told of it.
    Nowhere,
}

/// What the views know of one thing, before it is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row<T> {
    /// It is there.
    Live(T),
    /// It was there.
    Deleted,
    /// It never was.
    Missing,
}

impl<T> Row<T> {
    fn shown(self, render: impl FnOnce(T) -> Document) -> Lookup {
        match self {
            Self::Live(view) => Lookup::Found(Arc::new(render(view))),
            Self::Deleted => Lookup::Deleted,
            Self::Missing => Lookup::NotFound,
        }
    }
}

/// Which part of a list to read. Sizes are 1 to [`MAX_PAGE_SIZE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The `number`-th page, from 1, with the total.
    Page {
        /// Which page.
        number: u32,
        /// Items in a page.
        size: u32,
    },
    /// What follows the item with id `after` in the order of the list; its beginning if `None`.
    After {
        /// The last item that the caller has.
        after: Option<i64>,
        /// The most items to answer with.
        size: u32,
    },
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Which part was asked for.
    pub part: Part,
    /// All items of the list; only counted for a page.
    pub total: u64,
    /// The last item's id, if more items follow it.
    pub next_after: Option<i64>,
}

impl<T> Items<T> {
    /// Cuts a cursor's part out of up to one item more than it has room for.
    fn cut(mut items: Vec<T>, part: Part, size: u32, id: impl Fn(&T) -> i64) -> Self {
        let room = usize::try_from(size).unwrap_or(usize::MAX);
        let more = items.len() > room;
        items.truncate(room);
        let next_after = if more { items.last().map(id) } else { None };
        Self {
            items,
            part,
            total: 0,
            next_after,
        }
    }
}

/// All queries.
#[derive(Clone)]
pub struct Queries {
    views: Views,
    hot: Option<Hot>,
    cache: Option<Cache>,
    progress: Progress,
    calendar: Calendar,
    view_counts: ViewCounts,
}

impl Queries {
    /// Queries over `views`, which were folded with `calendar`, and whose projector's progress is
    /// told by `progress`. To be called on a runtime, where the reading of view counts goes on until
    /// the last clone is gone.
    pub fn new(views: Views, progress: Progress, calendar: Calendar) -> Self {
        Self {
            hot: None,
            cache: Some(Cache::new()),
            progress,
            calendar,
            view_counts: ViewCounts::of(views.readers().clone()),
            views,
        }
    }

    /// Reads what is hot from `hot` first, and fills it. Somebody has to keep it up with these views.
    #[must_use]
    pub fn with_hot(mut self, hot: Hot) -> Self {
        self.hot = Some(hot);
        self
    }

    /// Makes an answer of its own for each caller: to measure or to test what is behind the cache.
    #[must_use]
    pub fn without_cache(mut self) -> Self {
        self.cache = None;
        self
    }

    /// Forgets copies of what a batch changed. To be called after the batch's commit and before
    /// anyone hears of its position.
    pub fn forget(&self, touched: &Touched) {
        if let Some(cache) = &self.cache {
            cache.forget(touched);
        }
    }

    /// Returns once the views have reached `position`; for reads that no cache answers.
    pub async fn reach(&self, position: Position) -> Result<(), QueryError> {
        self.progress.reach(position).await
    }

    async fn reach_if(&self, wait_for: Option<Position>) -> Result<(), QueryError> {
        match wait_for {
            Some(position) => self.reach(position).await,
            None => Ok(()),
        }
    }

    /// From the cache, or through it by one load; after `wait_for` if the caller named a position,
    /// and then by a load of its own.
    async fn through_cache(
        &self,
        key: Key,
        wait_for: Option<Position>,
        load: impl Future<Output = Result<Lookup, QueryError>> + Send,
    ) -> Result<Lookup, QueryError> {
        self.reach_if(wait_for).await?;
        match (&self.cache, wait_for) {
            (None, _) => load.await,
            (Some(cache), None) => cache.get_or_load(key, load).await,
            (Some(cache), Some(_)) => cache.load_now(key, load).await,
        }
    }
}

fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

fn time(column: i64) -> Timestamp {
    Timestamp(column)
}

#[cfg(test)]
mod plans;
