//! One article, and a board's list of them.

use std::sync::Arc;

use super::cache::Key;
use super::{Document, Items, Lookup, Part, Queries, QueryError, Row, count, time};
use crate::domain::{ArticleId, BoardId, Timestamp};
use crate::event_store::Position;
use crate::views::{self, Connection};

/// What `summary` reads, in its order, of the tables `a` and `n`.
macro_rules! columns {
    () => {
        "SELECT a.article_id, a.board_id, a.title, a.writer_id, a.writer_name, a.created_at, \
         a.modified_at, a.revision, n.comments, n.likes, n.views"
    };
}
pub(super) use columns;

// A cross join is one whose order the planner keeps: first the index, then a row of each table. And an
// index is named wherever a server might rather walk along another one that has the same order, in
// the hope of finding what it looks for soon.
pub(super) const ONE: &str = concat!(
    columns!(),
    ", a.content, a.deleted FROM article AS a \
     CROSS JOIN article_counts AS n ON n.article_id = a.article_id WHERE a.article_id = ?"
);
pub(super) const PAGE: &str = concat!(
    columns!(),
    " FROM (SELECT article_id FROM article INDEXED BY article_by_board \
     WHERE board_id = ? AND deleted = 0 ORDER BY article_id DESC LIMIT ? OFFSET ?) AS p \
     CROSS JOIN article AS a ON a.article_id = p.article_id \
     CROSS JOIN article_counts AS n ON n.article_id = p.article_id ORDER BY a.article_id DESC"
);
pub(super) const FOLLOWING: &str = concat!(
    columns!(),
    " FROM article AS a INDEXED BY article_by_board \
     CROSS JOIN article_counts AS n ON n.article_id = a.article_id \
     WHERE a.board_id = ? AND a.deleted = 0 AND a.article_id < ? \
     ORDER BY a.article_id DESC LIMIT ?"
);
pub(super) const COUNTS: &str =
    "SELECT comments, likes, views FROM article_counts WHERE article_id = ? AND deleted = 0";

/// What readers see of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleView {
    /// The list item.
    pub summary: ArticleSummary,
    /// What it says.
    pub content: String,
}

/// What a list shows of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleSummary {
    /// Which article.
    pub article_id: i64,
    /// Where it stands.
    pub board_id: i64,
    /// Its title.
    pub title: String,
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
    /// What readers did with it.
    pub counts: Counts,
}

/// How often readers commented on an article, liked and viewed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Comments that are live.
    pub comments: u64,
    /// Users who like it.
    pub likes: u64,
    /// Views that counted.
    pub views: u64,
}

impl Queries {
    /// An article, rendered by `render`. Cached.
    pub async fn article(
        &self,
        id: ArticleId,
        wait_for: Option<Position>,
        render: fn(ArticleView) -> Document,
    ) -> Result<Lookup, QueryError> {
        let load = async {
            let found = self.find_article(id, wait_for).await?;
            Ok(found.shown(render))
        };
        self.through_cache(Key::Article(id), wait_for, load).await
    }

    /// What readers did with an article so far, as the views have it: for the answers of commands.
    pub async fn counts(&self, id: ArticleId) -> Result<Counts, QueryError> {
        let mut reader = self.views.readers().acquire().await?;
        let row = reader.statement(COUNTS).bind(id.to_i64());
        let row = row.fetch_optional(&mut reader).await?;
        let counts = row.as_ref().map(|row| counts(row, 0)).transpose()?;
        Ok(counts.unwrap_or_default())
    }

    /// A part of a board's list of articles, newest first, rendered by `render`. Cached. Not found
    /// if the board never was.
    pub async fn board_articles(
        &self,
        (board_id, part): (BoardId, Part),
        wait_for: Option<Position>,
        render: fn(BoardId, Items<ArticleSummary>) -> Document,
    ) -> Result<Lookup, QueryError> {
        let load = async {
            let found = self.find_board_articles((board_id, part), wait_for);
            Ok(match found.await? {
                Some(items) => Lookup::Found(Arc::new(render(board_id, items))),
                None => Lookup::NotFound,
            })
        };
        self.through_cache(Key::BoardArticles(board_id, part), wait_for, load)
            .await
    }

    pub(super) async fn read_article(&self, id: ArticleId) -> sqlx::Result<Row<ArticleView>> {
        let mut reader = self.views.readers().acquire().await?;
        let row = reader.statement(ONE).bind(id.to_i64());
        let row = row.fetch_optional(&mut reader).await?;
        let Some(row) = row else {
            return Ok(Row::Missing);
        };
        if row.try_get(12)? {
            return Ok(Row::Deleted);
        }
        Ok(Row::Live(ArticleView {
            summary: summary(&row)?,
            content: row.try_get(11)?,
        }))
    }

    pub(super) async fn read_board_articles(
        &self,
        board_id: BoardId,
        part: Part,
    ) -> sqlx::Result<Option<Items<ArticleSummary>>> {
        const TOTAL: &str = "SELECT article_count FROM board WHERE board_id = ?";
        // One transaction is one snapshot: the page and its total agree.
        let mut snapshot = self.views.readers().begin().await?;
        let total = snapshot.statement(TOTAL).bind(board_id.to_i64());
        let Some(total) = total.fetch_optional(&mut snapshot).await? else {
            return Ok(None);
        };
        let total = total.try_get(0)?;
        let items = match part {
            Part::Page { number, size } => {
                let offset = u64::from(number.saturating_sub(1)) * u64::from(size);
                let items = if offset < count(total) {
                    page(&mut snapshot, board_id, (offset, size)).await?
                } else {
                    Vec::new()
                };
                Items {
                    items,
                    part,
                    total: count(total),
                    next_after: None,
                }
            }
            Part::After { after, size } => {
                let items = following(&mut snapshot, board_id, (after, size + 1)).await?;
                Items::cut(items, part, size, |item| item.article_id)
            }
        };
        snapshot.commit().await?;
        Ok(Some(items))
    }
}

/// Skips over the index alone and reads only the rows of the page.
async fn page(
    snapshot: &mut Connection,
    board_id: BoardId,
    (offset, size): (u64, u32),
) -> sqlx::Result<Vec<ArticleSummary>> {
    let rows = snapshot
        .statement(PAGE)
        .bind(board_id.to_i64())
        .bind(i64::from(size))
        .bind(i64::try_from(offset).unwrap_or(i64::MAX));
    let rows = rows.fetch_all(snapshot).await?;
    rows.iter().map(summary).collect()
}

async fn following(
    snapshot: &mut Connection,
    board_id: BoardId,
    (after, limit): (Option<i64>, u32),
) -> sqlx::Result<Vec<ArticleSummary>> {
    let rows = snapshot
        .statement(FOLLOWING)
        .bind(board_id.to_i64())
        .bind(after.unwrap_or(i64::MAX))
        .bind(i64::from(limit));
    let rows = rows.fetch_all(snapshot).await?;
    rows.iter().map(summary).collect()
}

/// Reads what a statement that begins with `columns` found.
pub(super) fn summary(row: &views::Row) -> sqlx::Result<ArticleSummary> {
    Ok(ArticleSummary {
        article_id: row.try_get(0)?,
        board_id: row.try_get(1)?,
        title: row.try_get(2)?,
        writer_id: row.try_get(3)?,
        writer_name: row.try_get(4)?,
        created_at: time(row.try_get(5)?),
        modified_at: row.try_get::<Option<i64>>(6)?.map(time),
        revision: count(row.try_get(7)?),
        counts: counts(row, 8)?,
    })
}

fn counts(row: &views::Row, first: usize) -> sqlx::Result<Counts> {
    Ok(Counts {
        comments: count(row.try_get(first)?),
        likes: count(row.try_get(first + 1)?),
        views: count(row.try_get(first + 2)?),
    })
}
