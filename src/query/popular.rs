//! The popular lists of the days gone by.
//!
//! An article is ranked on the day on which it was posted, by what readers did with it on that day.
//! What must hold: nothing is trimmed before it is read, so that whatever becomes of the first ten,
//! the next ones follow; and the clock decides only which days can be read, never what is in them.

use std::sync::Arc;

use super::articles::{ArticleView, columns, summary};
use super::cache::Key;
use super::{Document, Lookup, Queries, QueryError, count};
use crate::calendar::Day;
use crate::domain::Timestamp;
use crate::event_store::Position;
use crate::views::Row;

/// How many days' lists can be read at a time: the newest ones.
pub const DAYS: u32 = 7;
/// The most articles of a list.
pub const TOP: u32 = 10;

/// Of equals the older article comes first. A score of 0 is none; what is deleted has it.
pub(super) const RANKED: &str = concat!(
    columns!(),
    ", a.content, n.score FROM article_counts AS n INDEXED BY article_counts_popular \
     CROSS JOIN article AS a ON a.article_id = n.article_id \
     WHERE n.day = ? AND n.score > 0 ORDER BY n.score DESC, n.article_id LIMIT ?"
);

/// The popular list of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopularView {
    /// Which day.
    pub day: Day,
    /// Up to [`TOP`] articles, the most popular first.
    pub items: Vec<RankedView>,
}

/// One article of a popular list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankedView {
    /// 3 for a like, 2 for a comment, 1 for a view on that day; above 0.
    pub score: u64,
    /// The article, with all that readers did with it until now.
    pub article: ArticleView,
}

impl Queries {
    /// The popular list of a day, or else of the latest that can be read at `now`, rendered by
    /// `render`. Cached. Not found if that day's list cannot be read now.
    pub async fn popular(
        &self,
        (day, now): (Option<Day>, Timestamp),
        wait_for: Option<Position>,
        render: fn(PopularView) -> Document,
    ) -> Result<Lookup, QueryError> {
        let mut published = self.published(now);
        let day = match day {
            None => published.next(),
            Some(day) => published.find(|published| *published == day),
        };
        let Some(day) = day else {
            return Ok(Lookup::NotFound);
        };
        let load = async {
            let items = self.find_popular(day, wait_for).await?;
            Ok(Lookup::Found(Arc::new(render(PopularView { day, items }))))
        };
        self.through_cache(Key::Popular(day), wait_for, load).await
    }

    /// The days whose lists can be read at `now`, newest first.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = Day> + use<> {
        let latest = self.calendar.latest_published(now);
        (0..DAYS).map(move |ago| latest.before(ago))
    }

    pub(super) async fn read_popular(&self, day: Day) -> sqlx::Result<Vec<RankedView>> {
        let mut reader = self.views.readers().acquire().await?;
        let rows = reader
            .statement(RANKED)
            .bind(day.to_i64())
            .bind(i64::from(TOP));
        let rows = rows.fetch_all(&mut reader).await?;
        let ranked = |row: &Row| {
            Ok(RankedView {
                article: ArticleView {
                    summary: summary(row)?,
                    content: row.try_get(11)?,
                },
                score: count(row.try_get(12)?),
            })
        };
        rows.iter().map(ranked).collect()
    }
}
