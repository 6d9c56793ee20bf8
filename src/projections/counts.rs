//! The view of what readers do with articles: counts, and the score of the popular lists.
//!
//! The score of an article is kept on its own row: 3 for a like, 2 for a comment, 1 for a view, each
//! counted if it happened on the day on which the article was posted, in the zone of the views. So a
//! list is the rows of a day by score; nothing is trimmed, and nothing freezes. Only event time
//! counts, so a replay gives the same lists.
//!
//! What must hold: the row of a deleted article never changes again, but for its position.

use std::collections::BTreeMap;

use super::comments;
use super::likes;
use super::wanted::Wanted;
use super::{Unfit, articles};
use crate::calendar::Day;
use crate::domain::article::ArticleEvent;
use crate::domain::{ArticleId, BoardId, Event};
use crate::event_store::{Position, RecordedEvent};
use crate::views::dialect::{Packed, Upsert};
use crate::views::{Connection, rows};

/// What a like, a comment and a view are worth in the popular list.
const WORTH: (i64, i64, i64) = (3, 2, 1);

/// A row as it is read: the id and all other columns in their order, but for the position, which
/// nothing follows from.
type Found = (i64, i64, i64, i64, i64, i64, i64, i64, i64);

struct CountsRow {
    board_id: i64,
    day: i64,
    deleted: bool,
    counted: Counted,
    score: i64,
    position: Position,
    changed: bool,
}

/// Numbers of an article, or by how much they change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Live comments.
    pub comments: i64,
    /// Live comments and placeholders.
    pub visible_comments: i64,
    /// Users who like it.
    pub likes: i64,
    /// Times that it was viewed.
    pub views: i64,
}

/// When something happened, and where the log has it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The day of its event time.
    pub day: Day,
    /// Its place in the log.
    pub position: Position,
}

/// The rows of the articles that a batch counts something of.
#[derive(Default)]
pub struct Counts {
    wanted: Wanted<ArticleId>,
    rows: BTreeMap<i64, CountsRow>,
}

impl Counts {
    /// Notes which rows an event needs.
    pub fn want(&mut self, event: &Event, recorded: &RecordedEvent) {
        match event {
            Event::Article(ArticleEvent::Updated { .. })
            | Event::Board(_)
            | Event::LogCreated { .. }
            | Event::ImportPlanned { .. } => {}
            Event::Article(event) => {
                let (article_id, _) = articles::subject(event);
                let own_stream = recorded.stream.is_of_article(article_id);
                self.wanted.add(article_id, (own_stream, recorded));
            }
            Event::Comment(event) => self.wanted.also(comments::subject(event).1),
            Event::Like(event) => self.wanted.also(likes::subject(event).0),
            Event::ArticlesViewed { views } => {
                for viewed in views {
                    self.wanted.also(viewed.article_id);
                }
            }
        }
    }

    /// Reads the rows that are wanted, as far as they are there.
    pub async fn load(&mut self, transaction: &mut Connection) -> sqlx::Result<()> {
        const SELECT: Packed = Packed {
            columns: "article_id, board_id, day, deleted, comments, visible_comments, likes, \
                views, score",
            rest: "article_counts WHERE article_id IN ({})",
        };
        let known = self.wanted.known();
        let found = rows::fetch_packed(transaction, &SELECT, &known, |query, id| {
            query.bind(id.to_i64())
        });
        let found = found.await?.into_iter();
        self.rows
            .extend(found.map(|found: Found| (found.0, CountsRow::of(found))));
        Ok(())
    }

    /// Counts from nothing: the article was posted.
    pub fn begin(&mut self, (article_id, board_id): (ArticleId, BoardId), at: Moment) {
        let row = CountsRow {
            board_id: board_id.to_i64(),
            day: at.day.to_i64(),
            deleted: false,
            counted: Counted::default(),
            score: 0,
            position: at.position,
            changed: true,
        };
        self.rows.insert(article_id.to_i64(), row);
    }

    /// Counts no more: the article was deleted, and leaves its list whatever day it is.
    pub fn end(&mut self, article_id: ArticleId, position: Position) {
        if let Some(row) = self.rows.get_mut(&article_id.to_i64()) {
            row.deleted = true;
            row.score = 0;
            row.touch(position);
        }
    }

    /// Whether the article was deleted; does not fit if it was never created.
    pub fn is_deleted(&self, article_id: ArticleId) -> Result<bool, Unfit> {
        let row = self.rows.get(&article_id.to_i64());
        let row = row.ok_or(Unfit("the article was never created"))?;
        Ok(row.deleted)
    }

    /// Counts on, unless the article is deleted or was never created.
    pub fn change(&mut self, article_id: ArticleId, by: Counted, at: Moment) {
        if let Some(row) = self.rows.get_mut(&article_id.to_i64()) {
            if !row.deleted {
                row.count(by, at.day);
            }
            row.touch(at.position);
        }
    }

    /// Writes the rows that changed.
    pub async fn write(self, transaction: &mut Connection) -> sqlx::Result<()> {
        const UPSERT: Upsert = Upsert {
            table: "article_counts",
            key: "article_id",
            columns: "article_id, board_id, day, deleted, comments, visible_comments, likes, \
                views, score, position",
            updated: "deleted, comments, visible_comments, likes, views, score, position",
            wide: false,
        };
        let rows = self.rows.into_iter();
        let changed = rows.filter(|(_, row)| row.changed).collect();
        rows::upsert(transaction, &UPSERT, changed, |query, (id, row)| {
            query
                .bind(id)
                .bind(row.board_id)
                .bind(row.day)
                .bind(row.deleted)
                .bind(row.counted.comments)
                .bind(row.counted.visible_comments)
                .bind(row.counted.likes)
                .bind(row.counted.views)
                .bind(row.score)
                .bind(row.position.to_string())
        })
        .await
    }

    /// The articles whose counts changed, and their boards.
    pub fn changed(&self) -> impl Iterator<Item = (ArticleId, BoardId)> {
        let changed = self.rows.iter().filter(|(_, row)| row.changed);
        changed
            .filter_map(|(id, row)| ArticleId::from_i64(*id).zip(BoardId::from_i64(row.board_id)))
    }
}

impl CountsRow {
    fn of(found: Found) -> Self {
        let (_, board_id, day, deleted, comments, visible_comments, likes, views, score) = found;
        Self {
            board_id,
            day,
            deleted: deleted != 0,
            counted: Counted {
                comments,
                visible_comments,
                likes,
                views,
            },
            score,
            position: Position::START,
            changed: false,
        }
    }

    fn count(&mut self, by: Counted, day: Day) {
        let now = &mut self.counted;
        now.comments = now.comments.saturating_add(by.comments);
        now.visible_comments = now.visible_comments.saturating_add(by.visible_comments);
        now.likes = now.likes.saturating_add(by.likes);
        now.views = now.views.saturating_add(by.views);
        if day.to_i64() == self.day {
            self.score = self.score.saturating_add(by.worth()).max(0);
        }
    }

    fn touch(&mut self, position: Position) {
        self.position = position;
        self.changed = true;
    }
}

impl Counted {
    /// So many views, or as many as a column holds.
    pub fn views(count: u64) -> Self {
        Self {
            views: i64::try_from(count).unwrap_or(i64::MAX),
            ..Self::default()
        }
    }

    /// What it is worth in a popular list.
    pub fn worth(self) -> i64 {
        let (like, comment, view) = WORTH;
        let likes = self.likes.saturating_mul(like);
        let comments = self.comments.saturating_mul(comment);
        let views = self.views.saturating_mul(view);
        likes.saturating_add(comments).saturating_add(views)
    }
}
