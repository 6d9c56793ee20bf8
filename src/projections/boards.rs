//! The view of boards: settings, and how many live articles stand on each.

use std::collections::{BTreeMap, BTreeSet};

use super::{Unfit, articles, follows};
use crate::domain::board::{BoardEvent, BoardSettings};
use crate::domain::{BoardId, Event, Revision, Timestamp};
use crate::event_store::{Position, RecordedEvent};
use crate::views::dialect::{Spelled, Upsert};
use crate::views::{Connection, Row, rows};

struct BoardRow {
    name: String,
    description: String,
    max_comment_depth: i64,
    article_count: i64,
    closed: bool,
    created_at: i64,
    revision: i64,
    position: Position,
    changed: bool,
}

/// The rows of the boards that a batch is about.
#[derive(Default)]
pub struct Boards {
    wanted: BTreeSet<BoardId>,
    rows: BTreeMap<i64, BoardRow>,
}

/// Which board an event is about.
pub fn subject(event: &BoardEvent) -> BoardId {
    let (BoardEvent::Created { board_id, .. }
    | BoardEvent::Updated { board_id, .. }
    | BoardEvent::Closed { board_id }) = *event;
    board_id
}

impl Boards {
    /// Notes which row an event needs.
    pub fn want(&mut self, event: &Event) {
        match event {
            Event::Board(event) => self.wanted.insert(subject(event)),
            Event::Article(event) => self.wanted.insert(articles::subject(event).1),
            _ => false,
        };
    }

    /// Reads the rows that are wanted, as far as they are there.
    pub async fn load(&mut self, transaction: &mut Connection) -> sqlx::Result<()> {
        const SELECT: Spelled = Spelled::alike(
            "SELECT board_id, name, description, max_comment_depth, article_count, closed, \
             created_at, revision, position FROM board WHERE board_id IN ({})",
            "?",
        );
        let wanted: Vec<_> = self.wanted.iter().copied().collect();
        let found = rows::fetch(transaction, &SELECT, &wanted, |query, id| {
            query.bind(id.to_i64())
        });
        for row in found.await? {
            self.rows.insert(row.try_get(0)?, BoardRow::read(&row)?);
        }
        Ok(())
    }

    /// Folds an event of a board's own stream.
    pub fn apply(
        &mut self,
        event: &BoardEvent,
        occurred_at: Timestamp,
        recorded: &RecordedEvent,
    ) -> Result<(), Unfit> {
        let board_id = subject(event);
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
            (Some(row), event) if row.position < recorded.position => {
                if matches!(event, BoardEvent::Created { .. }) {
                    return Err(Unfit("the board exists already"));
                }
                row.follow(recorded)?;
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
        if let Some(row) = row.filter(|row| row.position < position) {
            row.article_count += delta;
            row.touch(position);
        }
    }

    /// Writes the rows that changed.
    pub async fn write(self, transaction: &mut Connection) -> sqlx::Result<()> {
        const UPSERT: Upsert = Upsert {
            table: "board",
            key: "board_id",
            columns: "board_id, name, description, max_comment_depth, article_count, closed, \
                created_at, revision, position",
            updated: "name, description, max_comment_depth, article_count, closed, revision, \
                position",
            wide: true,
        };
        let rows = self.rows.into_iter();
        let changed = rows.filter(|(_, row)| row.changed).collect();
        rows::upsert(transaction, &UPSERT, changed, |query, (id, row)| {
            query
                .bind(id)
                .bind(row.name)
                .bind(row.description)
                .bind(row.max_comment_depth)
                .bind(row.article_count)
                .bind(row.closed)
                .bind(row.created_at)
                .bind(row.revision)
                .bind(row.position.to_string())
        })
        .await
    }

    /// The boards that changed.
    pub fn changed(&self) -> impl Iterator<Item = BoardId> {
        let changed = self.rows.iter().filter(|(_, row)| row.changed);
        changed.filter_map(|(id, _)| BoardId::from_i64(*id))
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
            position,
            changed: true,
        };
        row.set(settings);
        row
    }

    fn read(row: &Row) -> sqlx::Result<Self> {
        Ok(Self {
            name: row.try_get(1)?,
            description: row.try_get(2)?,
            max_comment_depth: row.try_get(3)?,
            article_count: row.try_get(4)?,
            closed: row.try_get(5)?,
            created_at: row.try_get(6)?,
            revision: row.try_get(7)?,
            position: rows::position(row, 8)?,
            changed: false,
        })
    }

    fn follow(&mut self, recorded: &RecordedEvent) -> Result<(), Unfit> {
        if !follows(recorded, self.revision) {
            return Err(Unfit("an event of this board is missing before it"));
        }
        self.revision += 1;
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
        self.position = position;
        self.changed = true;
    }
}
