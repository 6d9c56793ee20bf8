//! One board, and the list of them.

use std::sync::Arc;

use super::cache::Key;
use super::{Document, Items, Lookup, Part, Queries, QueryError, count, time};
use crate::domain::{BoardId, Timestamp};
use crate::event_store::Position;
use crate::views::{Connection, Row};

/// What readers see of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardView {
    /// Which board.
    pub board_id: i64,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How deep its threads may grow.
    pub max_comment_depth: u64,
    /// Live articles on it.
    pub article_count: u64,
    /// Whether it refuses new articles.
    pub closed: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// The newest event's place in its stream.
    pub revision: u64,
}

impl Queries {
    /// A board, rendered by `render`. Cached.
    pub async fn board(
        &self,
        id: BoardId,
        wait_for: Option<Position>,
        render: fn(BoardView) -> Document,
    ) -> Result<Lookup, QueryError> {
        let load = async {
            Ok(match self.find_board(id, wait_for).await? {
                Some(view) => Lookup::Found(Arc::new(render(view))),
                None => Lookup::NotFound,
            })
        };
        self.through_cache(Key::Board(id), wait_for, load).await
    }

    /// How many live articles a board has, as the views have it: for the answers of commands.
    pub async fn article_count(&self, id: BoardId) -> Result<u64, QueryError> {
        Ok(self
            .read_board(id)
            .await?
            .map_or(0, |board| board.article_count))
    }

    /// A part of the list of boards, oldest first, rendered by `render`. Cached. Always found.
    pub async fn boards(
        &self,
        part: Part,
        wait_for: Option<Position>,
        render: fn(Items<BoardView>) -> Document,
    ) -> Result<Lookup, QueryError> {
        let load = async {
            let items = self.read_boards(part).await?;
            Ok(Lookup::Found(Arc::new(render(items))))
        };
        self.through_cache(Key::Boards(part), wait_for, load).await
    }

    pub(super) async fn read_board(&self, id: BoardId) -> sqlx::Result<Option<BoardView>> {
        let mut reader = self.views.readers().acquire().await?;
        one(&mut reader, id).await
    }

    async fn read_boards(&self, part: Part) -> sqlx::Result<Items<BoardView>> {
        const SELECT: &str = "SELECT board_id, name, description, max_comment_depth, \
             article_count, closed, created_at, revision FROM board WHERE board_id > ? \
             ORDER BY board_id LIMIT ? OFFSET ?";
        let (after, limit, offset) = match part {
            Part::Page { number, size } => (
                0,
                size,
                u64::from(number.saturating_sub(1)) * u64::from(size),
            ),
            Part::After { after, size } => (after.unwrap_or(0), size + 1, 0),
        };
        let mut snapshot = self.views.readers().begin().await?;
        let rows = snapshot
            .statement(SELECT)
            .bind(after)
            .bind(i64::from(limit))
            .bind(i64::try_from(offset).unwrap_or(i64::MAX));
        let rows = rows.fetch_all(&mut snapshot).await?;
        let items = rows.iter().map(view).collect::<sqlx::Result<Vec<_>>>()?;
        let items = match part {
            Part::Page { .. } => {
                let total = snapshot.statement("SELECT count(*) FROM board");
                let total = total.fetch_one(&mut snapshot).await?;
                Items {
                    items,
                    part,
                    total: count(total.try_get(0)?),
                    next_after: None,
                }
            }
            Part::After { size, .. } => Items::cut(items, part, size, |board| board.board_id),
        };
        snapshot.commit().await?;
        Ok(items)
    }
}

pub(super) async fn one(reader: &mut Connection, id: BoardId) -> sqlx::Result<Option<BoardView>> {
    const SELECT: &str = "SELECT board_id, name, description, max_comment_depth, \
         article_count, closed, created_at, revision FROM board WHERE board_id = ?";
    let row = reader.statement(SELECT).bind(id.to_i64());
    let row = row.fetch_optional(reader).await?;
    row.as_ref().map(view).transpose()
}

fn view(row: &Row) -> sqlx::Result<BoardView> {
    Ok(BoardView {
        board_id: row.try_get(0)?,
        name: row.try_get(1)?,
        description: row.try_get(2)?,
        max_comment_depth: count(row.try_get(3)?),
        article_count: count(row.try_get(4)?),
        closed: row.try_get(5)?,
        created_at: time(row.try_get(6)?),
        revision: count(row.try_get(7)?),
    })
}
