//! The visible tree of an article's comments, by any stretch of it.
//!
//! A page skips to the last comment before it over the index alone; a cursor names that comment. From
//! there both are one range of the index.

use super::{CommentView, comment_id, view};
use crate::domain::ArticleId;
use crate::query::{Items, Part, Queries, Row, count};
use crate::views::Connection;

pub(in crate::query) const ARTICLE: &str =
    "SELECT deleted, visible_comments FROM article_counts WHERE article_id = ?";
pub(in crate::query) const RANGE: &str = concat!(
    columns!(),
    " FROM comment AS c INDEXED BY comment_by_path \
     WHERE article_id = ? AND visible = 1 AND path > ? ORDER BY path LIMIT ?"
);
pub(in crate::query) const NTH: &str = "SELECT path FROM comment INDEXED BY comment_by_path \
     WHERE article_id = ? AND visible = 1 ORDER BY path LIMIT 1 OFFSET ?";
pub(in crate::query) const PATH: &str =
    "SELECT path FROM comment WHERE comment_id = ? AND article_id = ?";

impl Queries {
    pub(super) async fn read_tree(
        &self,
        id: ArticleId,
        part: Part,
    ) -> sqlx::Result<Row<Option<Items<CommentView>>>> {
        // One transaction is one snapshot: the page and its total agree.
        let mut snapshot = self.views.readers().begin().await?;
        let total = match visible_comments(&mut snapshot, id).await? {
            Row::Live(total) => total,
            Row::Deleted => return Ok(Row::Deleted),
            Row::Missing => return Ok(Row::Missing),
        };
        let items = match part {
            Part::Page { number, size } => {
                let offset = u64::from(number.saturating_sub(1)) * u64::from(size);
                let items = if offset < total {
                    page(&mut snapshot, id, (offset, size)).await?
                } else {
                    Vec::new()
                };
                Some(Items {
                    items,
                    part,
                    total,
                    next_after: None,
                })
            }
            Part::After { after, size } => following(&mut snapshot, id, (after, size + 1))
                .await?
                .map(|items| Items::cut(items, part, size, comment_id)),
        };
        snapshot.commit().await?;
        Ok(Row::Live(items))
    }
}

/// How long the list of an article's comments is.
pub(super) async fn visible_comments(
    snapshot: &mut Connection,
    id: ArticleId,
) -> sqlx::Result<Row<u64>> {
    let found = snapshot.statement(ARTICLE).bind(id.to_i64());
    let Some(found) = found.fetch_optional(snapshot).await? else {
        return Ok(Row::Missing);
    };
    if found.try_get(0)? {
        return Ok(Row::Deleted);
    }
    Ok(Row::Live(count(found.try_get(1)?)))
}

/// Skips over the index alone to the last comment before the page, and goes on from there.
async fn page(
    snapshot: &mut Connection,
    id: ArticleId,
    (offset, size): (u64, u32),
) -> sqlx::Result<Vec<CommentView>> {
    let Some(skipped) = offset.checked_sub(1) else {
        return range(snapshot, id, (Vec::new(), size)).await;
    };
    let before = snapshot
        .statement(NTH)
        .bind(id.to_i64())
        .bind(i64::try_from(skipped).unwrap_or(i64::MAX));
    match before.fetch_optional(snapshot).await? {
        Some(path) => range(snapshot, id, (path.try_get(0)?, size)).await,
        None => Ok(Vec::new()),
    }
}

/// `None` if the article never had a comment `after`. One that has vanished since the caller saw it
/// still says where it stood.
async fn following(
    snapshot: &mut Connection,
    id: ArticleId,
    (after, limit): (Option<i64>, u32),
) -> sqlx::Result<Option<Vec<CommentView>>> {
    let path = match after {
        None => Some(Vec::new()),
        Some(comment_id) => {
            let path = snapshot.statement(PATH).bind(comment_id).bind(id.to_i64());
            let path = path.fetch_optional(snapshot).await?;
            path.map(|row| row.try_get(0)).transpose()?
        }
    };
    Ok(match path {
        Some(path) => Some(range(snapshot, id, (path, limit)).await?),
        None => None,
    })
}

/// The visible comments that follow a path, which the empty one is before all.
async fn range(
    snapshot: &mut Connection,
    id: ArticleId,
    (path, limit): (Vec<u8>, u32),
) -> sqlx::Result<Vec<CommentView>> {
    let rows = snapshot
        .statement(RANGE)
        .bind(id.to_i64())
        .bind(path)
        .bind(i64::from(limit));
    let rows = rows.fetch_all(snapshot).await?;
    rows.iter().map(view).collect()
}
