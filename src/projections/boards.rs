//! The view of boards: settings, and how many live articles stand on each.

use std::collections::BTreeMap;

use sqlx::{Row, SqliteConnection};

use super::Unfit;
use crate::domain::board::{BoardEvent, BoardSettings};
use crate::domain::{BoardId, Revision, Timestamp};
use crate::event_store::{Position, RecordedEvent};
use crate::views::rows;

struct BoardRow {
    name: String,
    description: String,
    max_comment_depth: i64,
    article_count: i64,
    closed: bool,
    created_at: i64,
    revision: i64,
    position: String,
    changed: bool,
}

/// The rows of the boards that a batch is about.
#[derive(Default)]
pub struct Boards {
    rows: BTreeMap<i64, BoardRow>,
}

impl Boards {
    /// Reads the rows of `ids`, as far as they are there.
    pub async fn load(transaction: &mut SqliteConnection, ids: &[BoardId]) -> sqlx::Result<Self> {
        const SELECT: &str = "SELECT board_id, name, description, max_comment_depth, \
             article_count, closed, created_at, revision, position \
             FROM board WHERE board_id IN ({})";
        let mut boards = Self::default();
        for run in rows::runs(ids.len()) {
            let mut query = sqlx::query(rows::statement(SELECT, "?", run.len()));
            for id in &ids[run] {
                query = query.bind(id.to_i64());
            }
            for row in query.fetch_all(&mut *transaction).await? {
                boards.rows.insert(row.try_get(0)?, BoardRow::read(&row)?);
            }
        }
        Ok(boards)
    }

    /// Folds an event of a board's own stream.
    pub fn apply(
        &mut self,
        event: &BoardEvent,
        occurred_at: Timestamp,
        recorded: &RecordedEvent,
    ) -> Result<(), Unfit> {
        let (BoardEvent::Created { board_id, .. }
        | BoardEvent::Updated { board_id, .. }
        | BoardEvent::Closed { board_id }) = *event;
        if !recorded.stream.is_of_board(board_id) {
            return Err(Unfit("the event stands in the stream of another board"));
        }
        let row = self.rows.get_mut(&board_id.to_i64());
        match (row, event) {
            (None, BoardEvent::Created { .. }) if recorded.revision != Revision::FIRST => {
                return Err(Unfit("a board begins in the middle of its stream"));
            }
            (None, BoardEvent::Created { settings, .. }) => {
                let row = BoardRow::opened(settings, occurred_at, recorded.position);
                self.rows.insert(board_id.to_i64(), row);
            }
            (None, _) => return Err(Unfit("the board was never created")),
            (Some(row), event) if row.position < recorded.position.to_string() => {
                if matches!(event, BoardEvent::Created { .. }) {
                    return Err(Unfit("the board exists already"));
                }
                row.follow(recorded.revision)?;
                match event {
                    BoardEvent::Created { .. } => {}
                    BoardEvent::Updated { settings, .. } => row.set(settings),
                    BoardEvent::Closed { .. } => row.closed = true,
                }
                row.touch(recorded.position);
            }
            (Some(_), _) => {}
        }
        Ok(())
    }

    /// Whether the board has a row.
    pub fn contains(&self, board_id: BoardId) -> bool {
        self.rows.contains_key(&board_id.to_i64())
    }

    /// Counts one live article more or less.
    pub fn count_articles(&mut self, board_id: BoardId, delta: i64, position: Position) {
        let row = self.rows.get_mut(&board_id.to_i64());
        if let Some(row) = row.filter(|row| row.position < position.to_string()) {
            row.article_count += delta;
            row.touch(position);
        }
    }

    /// Writes the rows that changed.
    pub async fn write(self, transaction: &mut SqliteConnection) -> sqlx::Result<()> {
        const UPSERT: &str = "INSERT INTO board (board_id, name, description, max_comment_depth, \
             article_count, closed, created_at, revision, position) VALUES {} \
             ON CONFLICT (board_id) DO UPDATE SET name = excluded.name, \
             description = excluded.description, \
             max_comment_depth = excluded.max_comment_depth, \
             article_count = excluded.article_count, closed = excluded.closed, \
             revision = excluded.revision, position = excluded.position";
        const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let changed: Vec<_> = self
            .rows
            .into_iter()
            .filter(|(_, row)| row.changed)
            .collect();
        for run in rows::runs(changed.len()) {
            let mut query = sqlx::query(rows::statement(UPSERT, ROW, run.len()));
            for (id, row) in &changed[run] {
                query = query
                    .bind(*id)
                    .bind(row.name.clone())
                    .bind(row.description.clone())
                    .bind(row.max_comment_depth)
                    .bind(row.article_count)
                    .bind(row.closed)
                    .bind(row.created_at)
                    .bind(row.revision)
                    .bind(row.position.clone());
            }
            query.execute(&mut *transaction).await?;
        }
        Ok(())
    }
}

impl BoardRow {
    fn opened(settings: &BoardSettings, occurred_at: Timestamp, position: Position) -> Self {
        let mut row = Self {
            name: String::new(),
            description: String::new(),
            max_comment_depth: 0,
            article_count: 0,
            closed: false,
            created_at: occurred_at.0,
            revision: 0,
            position: String::new(),
            changed: true,
        };
        row.set(settings);
        row.touch(position);
        row
    }

    fn read(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            name: row.try_get(1)?,
            description: row.try_get(2)?,
            max_comment_depth: row.try_get(3)?,
            article_count: row.try_get(4)?,
            closed: row.try_get(5)?,
            created_at: row.try_get(6)?,
            revision: row.try_get(7)?,
            position: row.try_get(8)?,
            changed: false,
        })
    }

    fn follow(&mut self, revision: Revision) -> Result<(), Unfit> {
        let next = self.revision + 1;
        if i64::try_from(revision.0) != Ok(next) {
            return Err(Unfit("an event of this board is missing before it"));
        }
        self.revision = next;
        Ok(())
    }

    fn set(&mut self, settings: &BoardSettings) {
        settings.name.as_str().clone_into(&mut self.name);
        settings
            .description
            .as_str()
            .clone_into(&mut self.description);
        self.max_comment_depth = i64::from(settings.max_comment_depth.get());
    }

    fn touch(&mut self, position: Position) {
        self.position = position.to_string();
        self.changed = true;
    }
}
