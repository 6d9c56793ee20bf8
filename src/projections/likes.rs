//! The view of likes: what each user thinks of each article that they ever liked.

use std::collections::BTreeMap;

use super::counts::Counted;
use super::wanted::Wanted;
use super::{Unfit, follows};
use crate::domain::like::LikeEvent;
use crate::domain::{ArticleId, Event, Revision, Timestamp, UserId};
use crate::event_store::{Position, RecordedEvent};
use crate::views::dialect::{Listed, Spelled, Upsert};
use crate::views::{Connection, Row, rows};

#[cfg(test)]
mod tests;

// Not `(article_id, user_id) IN (VALUES …)`: for more than one pair SQLite reads the whole table.
// The cross join keeps it from reading the table first. MySQL and MariaDB make ranges of the key of
// pairs that are spelled out.
const SELECT: Spelled = Spelled {
    sqlite: Listed::new(
        "SELECT l.article_id, l.user_id, l.liked, l.revision, l.position \
         FROM (VALUES {}) AS v CROSS JOIN article_like AS l \
         ON l.article_id = v.column1 AND l.user_id = v.column2",
        "(?, ?)",
    ),
    mysql: Listed {
        text: "SELECT article_id, user_id, liked, revision, position FROM article_like WHERE {}",
        row: "(article_id = ? AND user_id = ?)",
        between: " OR ",
        most: 256,
    },
};

/// One user and one article.
type Key = (ArticleId, UserId);

struct LikeRow {
    liked: bool,
    /// Of the newest event; not read, since nothing follows from it.
    since: i64,
    revision: i64,
    position: Position,
    changed: bool,
}

/// The rows of the likes that a batch is about.
#[derive(Default)]
pub struct Likes {
    wanted: Wanted<Key>,
    rows: BTreeMap<Key, LikeRow>,
}

/// Which article an event is about, and whose like.
pub fn subject(event: &LikeEvent) -> (ArticleId, &UserId) {
    let (LikeEvent::Liked {
        article_id,
        user_id,
    }
    | LikeEvent::Unliked {
        article_id,
        user_id,
    }) = event;
    (*article_id, user_id)
}

impl Likes {
    /// Notes which row an event needs.
    pub fn want(&mut self, event: &Event, recorded: &RecordedEvent) {
        if let Event::Like(event) = event {
            let (article_id, user_id) = subject(event);
            let own_stream = recorded.stream.is_of_like(article_id, user_id);
            let key = (article_id, user_id.clone());
            self.wanted.add(key, (own_stream, recorded));
        }
    }

    /// Reads the rows that are wanted, as far as they are there.
    pub async fn load(&mut self, transaction: &mut Connection) -> sqlx::Result<()> {
        let known = self.wanted.known();
        let found = rows::fetch(transaction, &SELECT, &known, |query, key| {
            let (article_id, user_id) = key;
            query.bind(article_id.to_i64()).bind(user_id.as_str())
        });
        for row in found.await? {
            let Some(article_id) = ArticleId::from_i64(row.try_get(0)?) else {
                continue;
            };
            let user_id = UserId::recorded(row.try_get(1)?);
            self.rows
                .insert((article_id, user_id), LikeRow::read(&row)?);
        }
        Ok(())
    }

    /// Folds an event; answers with what it changes in the counts. Nothing changes if it does not
    /// fit. Saying the same thing twice moves the row on, and no count.
    pub fn apply(
        &mut self,
        event: &LikeEvent,
        occurred_at: Timestamp,
        recorded: &RecordedEvent,
    ) -> Result<Counted, Unfit> {
        let (article_id, user_id) = subject(event);
        if !recorded.stream.is_of_like(article_id, user_id) {
            return Err(Unfit("the event stands in the stream of another like"));
        }
        let key = (article_id, user_id.clone());
        let row = match self.rows.get_mut(&key) {
            None if recorded.revision != Revision::FIRST => {
                return Err(Unfit("a like begins in the middle of its stream"));
            }
            None => self.rows.entry(key).or_insert_with(LikeRow::unsaid),
            Some(row) if row.position >= recorded.position => return Ok(Counted::default()),
            Some(row) if !follows(recorded, row.revision) => {
                return Err(Unfit("an event of this like is missing before it"));
            }
            Some(row) => row,
        };
        let liked = matches!(event, LikeEvent::Liked { .. });
        let by = i64::from(liked) - i64::from(row.liked);
        *row = LikeRow {
            liked,
            since: occurred_at.0,
            revision: row.revision + 1,
            position: recorded.position,
            changed: true,
        };
        Ok(Counted {
            likes: by,
            ..Counted::default()
        })
    }

    /// Writes the rows that changed.
    pub async fn write(self, transaction: &mut Connection) -> sqlx::Result<()> {
        const UPSERT: Upsert = Upsert {
            table: "article_like",
            key: "article_id, user_id",
            columns: "article_id, user_id, liked, since, revision, position",
            updated: "liked, since, revision, position",
            wide: false,
        };
        let rows = self.rows.into_iter();
        let changed = rows.filter(|(_, row)| row.changed).collect();
        rows::upsert(transaction, &UPSERT, changed, |query, (key, row)| {
            let (article_id, user_id) = key;
            query
                .bind(article_id.to_i64())
                .bind(user_id.into_string())
                .bind(row.liked)
                .bind(row.since)
                .bind(row.revision)
                .bind(row.position.to_string())
        })
        .await
    }
}

impl LikeRow {
    /// Before the first event.
    fn unsaid() -> Self {
        Self {
            liked: false,
            since: 0,
            revision: -1,
            position: Position::START,
            changed: false,
        }
    }

    fn read(row: &Row) -> sqlx::Result<Self> {
        Ok(Self {
            liked: row.try_get(2)?,
            since: 0,
            revision: row.try_get(3)?,
            position: rows::position(row, 4)?,
            changed: false,
        })
    }
}
