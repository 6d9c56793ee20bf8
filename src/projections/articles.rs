//! The view of articles. A deleted one leaves a tombstone: its row without its words.

use std::collections::BTreeMap;

use super::wanted::Wanted;
use super::{Unfit, follows};
use crate::domain::article::{ArticleEvent, Text};
use crate::domain::{ArticleId, BoardId, Event, Fact, Revision};
use crate::event_store::{Position, RecordedEvent};
use crate::views::dialect::{Spelled, Upsert};
use crate::views::{Connection, Row, rows};

struct ArticleRow {
    board_id: i64,
    title: String,
    content: String,
    writer_id: String,
    writer_name: String,
    created_at: i64,
    modified_at: Option<i64>,
    revision: i64,
    deleted: bool,
    position: Position,
    changed: bool,
}

/// The rows of the articles that a batch is about.
#[derive(Default)]
pub struct Articles {
    wanted: Wanted<ArticleId>,
    rows: BTreeMap<i64, ArticleRow>,
}

/// What an event about an article means for the board that it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// One more live article.
    Appeared,
    /// One live article less.
    Disappeared,
    /// As many as before.
    Same,
}

/// Which article and board an event is about.
pub fn subject(event: &ArticleEvent) -> (ArticleId, BoardId) {
    let (ArticleEvent::Created {
        article_id,
        board_id,
        ..
    }
    | ArticleEvent::Updated {
        article_id,
        board_id,
        ..
    }
    | ArticleEvent::Deleted {
        article_id,
        board_id,
        ..
    }) = *event;
    (article_id, board_id)
}

impl Articles {
    /// Notes which row an event needs.
    pub fn want(&mut self, event: &Event, recorded: &RecordedEvent) {
        if let Event::Article(event) = event {
            let (article_id, _) = subject(event);
            let own_stream = recorded.stream.is_of_article(article_id);
            self.wanted.add(article_id, (own_stream, recorded));
        }
    }

    /// Reads the rows that are wanted, as far as they are there.
    pub async fn load(&mut self, transaction: &mut Connection) -> sqlx::Result<()> {
        const SELECT: Spelled = Spelled::alike(
            "SELECT article_id, board_id, title, content, writer_id, writer_name, created_at, \
             modified_at, revision, deleted, position FROM article WHERE article_id IN ({})",
            "?",
        );
        let known = self.wanted.known();
        let found = rows::fetch(transaction, &SELECT, &known, |query, id| {
            query.bind(id.to_i64())
        });
        for row in found.await? {
            self.rows.insert(row.try_get(0)?, ArticleRow::read(&row)?);
        }
        Ok(())
    }

    /// Folds an event. Nothing changes if it does not fit.
    pub fn apply(
        &mut self,
        fact: &Fact<Event>,
        event: &ArticleEvent,
        recorded: &RecordedEvent,
    ) -> Result<Standing, Unfit> {
        let (article_id, board_id) = subject(event);
        if !recorded.stream.is_of_article(article_id) {
            return Err(Unfit("the event stands in the stream of another article"));
        }
        let first = recorded.revision == Revision::FIRST;
        match (self.rows.get_mut(&article_id.to_i64()), event) {
            (None, ArticleEvent::Created { .. }) if !first => {
                Err(Unfit("an article begins in the middle of its stream"))
            }
            (
                None,
                ArticleEvent::Created {
                    text, writer_name, ..
                },
            ) => {
                let row = ArticleRow {
                    writer_name: writer_name.as_str().to_owned(),
                    ..ArticleRow::posted(board_id, text, fact, recorded.position)
                };
                self.rows.insert(article_id.to_i64(), row);
                Ok(Standing::Appeared)
            }
            (None, _) => Err(Unfit("the article was never created")),
            (Some(row), _) if row.position >= recorded.position => Ok(Standing::Same),
            (Some(row), event) => row.change(fact, event, recorded),
        }
    }

    /// Writes the rows that changed.
    pub async fn write(self, transaction: &mut Connection) -> sqlx::Result<()> {
        const UPSERT: Upsert = Upsert {
            table: "article",
            key: "article_id",
            columns: "article_id, board_id, title, content, writer_id, writer_name, created_at, \
                modified_at, revision, deleted, position",
            updated: "title, content, modified_at, revision, deleted, position",
            wide: true,
        };
        let rows = self.rows.into_iter();
        let changed = rows.filter(|(_, row)| row.changed).collect();
        rows::upsert(transaction, &UPSERT, changed, |query, (id, row)| {
            query
                .bind(id)
                .bind(row.board_id)
                .bind(row.title)
                .bind(row.content)
                .bind(row.writer_id)
                .bind(row.writer_name)
                .bind(row.created_at)
                .bind(row.modified_at)
                .bind(row.revision)
                .bind(row.deleted)
                .bind(row.position.to_string())
        })
        .await
    }

    /// The articles that changed, and their boards.
    pub fn changed(&self) -> impl Iterator<Item = (ArticleId, BoardId)> {
        let changed = self.rows.iter().filter(|(_, row)| row.changed);
        changed
            .filter_map(|(id, row)| ArticleId::from_i64(*id).zip(BoardId::from_i64(row.board_id)))
    }
}

impl ArticleRow {
    fn posted(board_id: BoardId, text: &Text, fact: &Fact<Event>, position: Position) -> Self {
        Self {
            board_id: board_id.to_i64(),
            title: text.title.as_str().to_owned(),
            content: text.content.as_str().to_owned(),
            writer_id: fact.actor.as_str().to_owned(),
            writer_name: String::new(),
            created_at: fact.occurred_at.0,
            modified_at: None,
            revision: 0,
            deleted: false,
            position,
            changed: true,
        }
    }

    fn read(row: &Row) -> sqlx::Result<Self> {
        Ok(Self {
            board_id: row.try_get(1)?,
            title: row.try_get(2)?,
            content: row.try_get(3)?,
            writer_id: row.try_get(4)?,
            writer_name: row.try_get(5)?,
            created_at: row.try_get(6)?,
            modified_at: row.try_get(7)?,
            revision: row.try_get(8)?,
            deleted: row.try_get(9)?,
            position: rows::position(row, 10)?,
            changed: false,
        })
    }

    fn change(
        &mut self,
        fact: &Fact<Event>,
        event: &ArticleEvent,
        recorded: &RecordedEvent,
    ) -> Result<Standing, Unfit> {
        if self.deleted {
            return Err(Unfit("nothing follows a deletion"));
        }
        if !follows(recorded, self.revision) {
            return Err(Unfit("an event of this article is missing before it"));
        }
        if subject(event).1.to_i64() != self.board_id {
            return Err(Unfit("the article stands on another board"));
        }
        let standing = match event {
            ArticleEvent::Created { .. } => return Err(Unfit("the article exists already")),
            ArticleEvent::Updated { text, .. } => {
                text.title.as_str().clone_into(&mut self.title);
                text.content.as_str().clone_into(&mut self.content);
                self.modified_at = Some(fact.occurred_at.0);
                Standing::Same
            }
            ArticleEvent::Deleted { .. } => {
                self.deleted = true;
                self.title.clear();
                self.content.clear();
                Standing::Disappeared
            }
        };
        self.revision += 1;
        self.position = recorded.position;
        self.changed = true;
        Ok(standing)
    }
}
