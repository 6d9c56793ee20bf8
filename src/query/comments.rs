//! Comments as readers see them: the visible tree of an article, one level of it, one comment.
//!
//! Bytewise order of paths is tree order, so any stretch of a tree of any size is one range of an
//! index. What must hold: what a deleted comment said, and who said it, never leaves this module.

use std::sync::Arc;

use self::tree::visible_comments;
use super::cache::Key;
use super::{Document, Items, Lookup, Part, Queries, QueryError, Row, count, time};
use crate::domain::{ArticleId, CommentId, Timestamp};
use crate::event_store::Position;
use crate::views;

/// What `view` reads, in its order.
macro_rules! columns {
    () => {
        "SELECT c.comment_id, c.article_id, c.parent_id, c.depth, c.deleted, c.visible_replies, \
         c.revision, c.created_at, c.modified_at, c.writer_id, c.writer_name, c.content"
    };
}

// Here, since a macro is known only to what follows it.
pub(super) mod tree;

pub(super) const LEVEL: &str = concat!(
    columns!(),
    " FROM comment AS c INDEXED BY comment_by_parent WHERE article_id = ? AND parent_id = ? \
     AND visible = 1 AND comment_id > ? ORDER BY comment_id LIMIT ?"
);
pub(super) const PARENT: &str =
    "SELECT visible FROM comment WHERE comment_id = ? AND article_id = ?";
pub(super) const REPLIES: &str = "SELECT visible_replies FROM comment WHERE comment_id = ?";
pub(super) const ONE: &str = concat!(
    columns!(),
    ", c.visible = 1 AND a.deleted = 0 FROM comment AS c \
     JOIN article_counts AS a ON a.article_id = c.article_id WHERE c.comment_id = ?"
);

/// What readers see of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentView {
    /// Which comment.
    pub comment_id: i64,
    /// Under which article.
    pub article_id: i64,
    /// What it replies to; `None` for the root of a thread.
    pub parent_id: Option<i64>,
    /// How deep it stands; a root's is 1.
    pub depth: u64,
    /// What it says, and who says so; `None` in a placeholder.
    pub said: Option<Said>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub modified_at: Option<Timestamp>,
    /// Direct replies that can be seen.
    pub reply_count: u64,
    /// The newest event's place in its stream.
    pub revision: u64,
}

/// What a placeholder hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who wrote it.
    pub writer_id: String,
    /// The writer's name at that time.
    pub writer_name: String,
    /// What it says.
    pub content: String,
}

/// One level of an article's threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Level {
    /// Under which article.
    pub article_id: ArticleId,
    /// The comment whose direct replies these are; `None` for the roots.
    pub parent: Option<CommentId>,
}

impl Queries {
    /// A part of the visible tree of an article's comments, depth first, oldest first, rendered by
    /// `render`. Cached. Nowhere if it shall go on after a comment that the article never had.
    pub async fn comments(
        &self,
        (article_id, part): (ArticleId, Part),
        wait_for: Option<Position>,
        render: fn(ArticleId, Items<CommentView>) -> Document,
    ) -> Result<Lookup, QueryError> {
        let load = async {
            Ok(match self.read_tree(article_id, part).await? {
                Row::Live(None) => Lookup::Nowhere,
                Row::Live(Some(items)) => Lookup::Found(Arc::new(render(article_id, items))),
                Row::Deleted => Lookup::Deleted,
                Row::Missing => Lookup::NotFound,
            })
        };
        self.through_cache(Key::Comments(article_id, part), wait_for, load)
            .await
    }

    /// The first `size` visible comments of one level that follow `after`, oldest first, rendered by
    /// `render`. Cached. Deleted and not found speak of the parent if there is one (a comment is gone
    /// with its article), else of the article.
    pub async fn level(
        &self,
        (level, after, size): (Level, Option<i64>, u32),
        wait_for: Option<Position>,
        render: fn(Level, Items<CommentView>) -> Document,
    ) -> Result<Lookup, QueryError> {
        let part = Part::After { after, size };
        let load = async {
            let found = self.read_level(level, (after, size)).await?;
            Ok(found.shown(|items| render(level, Items::cut(items, part, size, comment_id))))
        };
        self.through_cache(Key::Level(level, part), wait_for, load)
            .await
    }

    /// A comment that can be seen. Not cached: readers come for threads, and to find one row by its
    /// key costs less than to be told of every comment that changed.
    pub async fn comment(
        &self,
        id: CommentId,
        wait_for: Option<Position>,
    ) -> Result<Row<CommentView>, QueryError> {
        self.reach_if(wait_for).await?;
        let mut reader = self.views.readers().acquire().await?;
        let row = reader.statement(ONE).bind(id.to_i64());
        let row = row.fetch_optional(&mut reader).await?;
        let Some(row) = row else {
            return Ok(Row::Missing);
        };
        if row.try_get(12)? {
            Ok(Row::Live(view(&row)?))
        } else {
            Ok(Row::Deleted)
        }
    }

    /// How many direct replies to a comment can be seen, as the views have it: for the answers of
    /// commands.
    pub async fn reply_count(&self, id: CommentId) -> Result<u64, QueryError> {
        let mut reader = self.views.readers().acquire().await?;
        let replies = reader.statement(REPLIES).bind(id.to_i64());
        let replies = replies.fetch_optional(&mut reader).await?;
        let replies = replies.map(|row| row.try_get(0)).transpose()?;
        Ok(replies.map_or(0, count))
    }

    /// Up to one more than `size`.
    async fn read_level(
        &self,
        level: Level,
        (after, size): (Option<i64>, u32),
    ) -> sqlx::Result<Row<Vec<CommentView>>> {
        let mut snapshot = self.views.readers().begin().await?;
        match visible_comments(&mut snapshot, level.article_id).await? {
            Row::Live(_) => {}
            Row::Deleted => return Ok(Row::Deleted),
            Row::Missing => return Ok(Row::Missing),
        }
        if let Some(parent) = level.parent {
            let visible = snapshot
                .statement(PARENT)
                .bind(parent.to_i64())
                .bind(level.article_id.to_i64());
            let visible = visible.fetch_optional(&mut snapshot).await?;
            match visible.map(|row| row.try_get(0)).transpose()? {
                Some(true) => {}
                Some(false) => return Ok(Row::Deleted),
                None => return Ok(Row::Missing),
            }
        }
        let rows = snapshot
            .statement(LEVEL)
            .bind(level.article_id.to_i64())
            .bind(level.parent.map_or(0, CommentId::to_i64))
            .bind(after.unwrap_or(0))
            .bind(i64::from(size) + 1);
        let rows = rows.fetch_all(&mut snapshot).await?;
        snapshot.commit().await?;
        Ok(Row::Live(
            rows.iter().map(view).collect::<sqlx::Result<_>>()?,
        ))
    }
}

fn comment_id(view: &CommentView) -> i64 {
    view.comment_id
}

fn view(row: &views::Row) -> sqlx::Result<CommentView> {
    let deleted: bool = row.try_get(4)?;
    let parent_id: i64 = row.try_get(2)?;
    let said = Said {
        writer_id: row.try_get(9)?,
        writer_name: row.try_get(10)?,
        content: row.try_get(11)?,
    };
    Ok(CommentView {
        comment_id: row.try_get(0)?,
        article_id: row.try_get(1)?,
        parent_id: (parent_id != 0).then_some(parent_id),
        depth: count(row.try_get(3)?),
        said: (!deleted).then_some(said),
        created_at: time(row.try_get(7)?),
        modified_at: row.try_get::<Option<i64>>(8)?.map(time),
        reply_count: count(row.try_get(5)?),
        revision: count(row.try_get(6)?),
    })
}
