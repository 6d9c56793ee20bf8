//! What an event means for the entries in Redis: which of them it changes, and how.
//!
//! What must hold: an event changes exactly the entries whose rows move in SQL with it, or an entry
//! would be taken for older or newer than the rows that fill it. Three things cannot be told by the
//! event alone, and need not be: what follows a deletion finds a tombstone, which counts nothing;
//! events that are parked are left out by whoever asks; and no command records a like that is one
//! already.

use crate::calendar::Calendar;
use crate::domain::article::ArticleEvent;
use crate::domain::board::{BoardEvent, BoardSettings};
use crate::domain::comment::CommentEvent;
use crate::domain::like::LikeEvent;
use crate::domain::{ArticleId, BoardId, Event, Fact, Timestamp};
use crate::event_store::{Position, RecordedEvent};
use crate::hot::{ArticleChange, Batch, BoardChange, Described, Edited, PopularChange};
use crate::projections::counts::Counted;
use crate::projections::{articles, boards, comments, likes};
use crate::views::Touched;

/// The most views that one event adds to an article. No node gathers as many; what claims more must
/// not make a number that Redis cannot hold, since it would refuse the event for ever.
const MAX_VIEWS: u64 = 1_000_000_000_000;

/// The changes of some events, being put together in the order of the log.
pub struct Changes<'a> {
    calendar: &'a Calendar,
    batch: Batch,
    touched: Touched,
    count: usize,
}

impl<'a> Changes<'a> {
    /// None yet, by the days of `calendar`.
    pub fn new(calendar: &'a Calendar) -> Self {
        Self {
            calendar,
            batch: Batch::default(),
            touched: Touched::default(),
            count: 0,
        }
    }

    /// Adds what an event changes.
    pub fn add(&mut self, fact: &Fact<Event>, recorded: &RecordedEvent) {
        let at = recorded.position;
        match &fact.event {
            Event::LogCreated { .. } | Event::ImportPlanned { .. } => {}
            Event::Board(event) => self.add_board(event, recorded),
            Event::Article(event) => self.add_article(event, fact.occurred_at, recorded),
            Event::Comment(event) => {
                let comments = match event {
                    CommentEvent::Created { .. } => 1,
                    CommentEvent::Updated { .. } => return,
                    CommentEvent::Deleted { .. } => -1,
                };
                let by = Counted {
                    comments,
                    ..Counted::default()
                };
                self.count(comments::subject(event).1, by, (at, fact.occurred_at));
            }
            Event::Like(event) => {
                let likes = match event {
                    LikeEvent::Liked { .. } => 1,
                    LikeEvent::Unliked { .. } => -1,
                };
                let by = Counted {
                    likes,
                    ..Counted::default()
                };
                self.count(likes::subject(event).0, by, (at, fact.occurred_at));
            }
            Event::ArticlesViewed { views } => {
                for viewed in views {
                    let by = Counted::views(viewed.count.min(MAX_VIEWS));
                    self.count(viewed.article_id, by, (at, fact.occurred_at));
                }
            }
        }
    }

    /// How many changes were added: about what it costs to apply them.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none was added.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The changes, and what they touch. Of an article that readers do something with, the board is
    /// not known here: its lists are not named.
    pub fn done(mut self) -> (Batch, Touched) {
        let Touched {
            articles,
            boards,
            lists,
            ..
        } = &mut self.touched;
        articles.sort_unstable();
        articles.dedup();
        for ids in [boards, lists] {
            ids.sort_unstable();
            ids.dedup();
        }
        (self.batch, self.touched)
    }

    fn add_board(&mut self, event: &BoardEvent, recorded: &RecordedEvent) {
        let change = match event {
            BoardEvent::Created { .. } => BoardChange::default(),
            BoardEvent::Updated { settings, .. } => BoardChange {
                described: Some(described(settings)),
                revision: Some(recorded.revision.0),
                ..BoardChange::default()
            },
            BoardEvent::Closed { .. } => BoardChange {
                closed: true,
                revision: Some(recorded.revision.0),
                ..BoardChange::default()
            },
        };
        let board_id = boards::subject(event);
        self.batch.board(board_id, recorded.position, change);
        self.touched.boards.push(board_id);
        self.count += 1;
    }

    fn add_article(&mut self, event: &ArticleEvent, when: Timestamp, recorded: &RecordedEvent) {
        let (id, board_id) = articles::subject(event);
        let at = recorded.position;
        let mut change = ArticleChange::default();
        self.touched.lists.push(board_id);
        match event {
            ArticleEvent::Created { .. } => {
                self.stand((BoardChange::posted(id), board_id), at);
                self.rank(PopularChange::begins(id), (at, when));
            }
            ArticleEvent::Updated { text, .. } => {
                change.edited = Some(Edited {
                    title: text.title.as_str().to_owned(),
                    content: text.content.as_str().to_owned(),
                    modified_at: when,
                    revision: recorded.revision.0,
                });
            }
            ArticleEvent::Deleted { created_at, .. } => {
                change.deleted = true;
                self.stand((BoardChange::removed(id), board_id), at);
                self.rank(PopularChange::ends(id), (at, *created_at));
            }
        }
        self.change(id, at, change);
    }

    fn count(&mut self, id: ArticleId, by: Counted, (at, when): (Position, Timestamp)) {
        let change = ArticleChange {
            comments: by.comments,
            likes: by.likes,
            views: by.views,
            ..ArticleChange::default()
        };
        self.change(id, at, change);
        self.rank(PopularChange::counts(id, by.worth()), (at, when));
    }

    fn change(&mut self, id: ArticleId, at: Position, change: ArticleChange) {
        self.batch.article(id, at, change);
        self.touched.articles.push(id);
        self.count += 1;
    }

    fn stand(&mut self, (change, board_id): (BoardChange, BoardId), at: Position) {
        self.batch.board(board_id, at, change);
        self.touched.boards.push(board_id);
        self.count += 1;
    }

    fn rank(&mut self, change: PopularChange, (at, when): (Position, Timestamp)) {
        self.batch.popular(self.calendar.day_of(when), at, change);
        self.count += 1;
    }
}

fn described(settings: &BoardSettings) -> Described {
    Described {
        name: settings.name.as_str().to_owned(),
        description: settings.description.as_str().to_owned(),
        max_comment_depth: u64::from(settings.max_comment_depth.get()),
    }
}
