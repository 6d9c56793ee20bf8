//! The view of articles. A deleted one leaves a tombstone: its row without its words.

use std::collections::BTreeMap;

use sqlx::{Row, SqliteConnection};

use super::Unfit;
use crate::domain::article::{ArticleEvent, Text};
use crate::domain::{ArticleId, BoardId, Event, Fact, Revision};
use crate::event_store::{Position, RecordedEvent};
use crate::views::rows;

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
    position: String,
    changed: bool,
}

/// The rows of the articles that a batch is about.
#[derive(Default)]
pub struct Articles {
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
    /// Reads the rows of `ids`, as far as they are there.
    pub async fn load(transaction: &mut SqliteConnection, ids: &[ArticleId]) -> sqlx::Result<Self> {
        const SELECT: &str = "SELECT article_id, board_id, title, content, writer_id, \
             writer_name, created_at, modified_at, revision, deleted, position \
             FROM article WHERE article_id IN ({})";
        let mut articles = Self::default();
        for run in rows::runs(ids.len()) {
            let mut query = sqlx::query(rows::statement(SELECT, "?", run.len()));
            for id in &ids[run] {
                query = query.bind(id.to_i64());
            }
            for row in query.fetch_all(&mut *transaction).await? {
                articles
                    .rows
                    .insert(row.try_get(0)?, ArticleRow::read(&row)?);
            }
        }
        Ok(articles)
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
            (Some(row), _) if row.position >= recorded.position.to_string() => Ok(Standing::Same),
            (Some(row), event) => row.change(fact, event, recorded),
        }
    }

    /// Writes the rows that changed.
    pub async fn write(self, transaction: &mut SqliteConnection) -> sqlx::Result<()> {
        const UPSERT: &str = "INSERT INTO article (article_id, board_id, title, content, \
             writer_id, writer_name, created_at, modified_at, revision, deleted, position) \
             VALUES {} ON CONFLICT (article_id) DO UPDATE SET title = excluded.title, \
             content = excluded.content, modified_at = excluded.modified_at, \
             revision = excluded.revision, deleted = excluded.deleted, \
             position = excluded.position WHERE article.position < excluded.position";
        const ROW: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let changed: Vec<_> = self
            .rows
            .into_iter()
            .filter(|(_, row)| row.changed)
            .collect();
        let runs = rows::runs(changed.len());
        let mut changed = changed.into_iter();
        for run in runs {
            let mut query = sqlx::query(rows::statement(UPSERT, ROW, run.len()));
            for (id, row) in changed.by_ref().take(run.len()) {
                query = query
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
                    .bind(row.position);
            }
            query.execute(&mut *transaction).await?;
        }
        Ok(())
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
            position: position.to_string(),
            changed: true,
        }
    }

    fn read(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Self> {
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
            position: row.try_get(10)?,
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
        if i64::try_from(recorded.revision.0) != Ok(self.revision + 1) {
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
        self.position = recorded.position.to_string();
        self.changed = true;
        Ok(standing)
    }
}
