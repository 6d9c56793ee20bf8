//! The view of comments: trees under articles, whose removed parts come and go.
//!
//! A comment is visible exactly while it is live or has a visible reply; a visible deleted one is a
//! placeholder. Rows are never removed; each counts its direct visible replies, and a change walks up
//! only while visibility flips, so it costs as much as it changes. A comment that follows its
//! article's deletion in the log has a row, so that its stream goes on, and is never visible; nor
//! then is what follows under it.
//!
//! A `path` is the ids of a comment's ancestors and its own, 8 bytes each, big-endian: bytewise order
//! is tree order, oldest first, and no number is computed from a neighbour, so none collides.

mod store;

use std::collections::{BTreeMap, BTreeSet};

use super::counts::Counted;
use super::wanted::Wanted;
use super::{Unfit, follows};
use crate::domain::comment::CommentEvent;
use crate::domain::{ArticleId, CommentId, Event, Fact, Revision};
use crate::event_store::{Position, RecordedEvent};

/// The deepest place that a path has room for: several times what any board allows.
const DEEPEST: usize = 375;
/// Where the parent of a root would be: no comment has this id.
const NO_PARENT: i64 = 0;

struct CommentRow {
    article_id: i64,
    parent_id: i64,
    path: Vec<u8>,
    deleted: bool,
    visible: bool,
    visible_replies: i64,
    revision: i64,
    position: Position,
    /// What it says now, if that is new.
    content: Option<String>,
    /// When it was edited, if it was just now.
    modified_at: Option<i64>,
    change: Change,
}

/// What has to be written of a row.
enum Change {
    Nothing,
    Some {
        /// Whether it was visible before.
        visible: bool,
    },
    /// All of it: the row is new.
    All {
        created_at: i64,
        writer_id: String,
        writer_name: String,
    },
}

/// The rows of the comments that a batch is about.
#[derive(Default)]
pub struct Comments {
    wanted: Wanted<CommentId>,
    /// Comments that the batch deletes: they may flip, and then count for their parents no more.
    dying: BTreeSet<i64>,
    rows: BTreeMap<i64, CommentRow>,
}

/// Which comment an event is about, and under which article.
pub fn subject(event: &CommentEvent) -> (CommentId, ArticleId) {
    let (CommentEvent::Created {
        comment_id,
        article_id,
        ..
    }
    | CommentEvent::Updated {
        comment_id,
        article_id,
        ..
    }
    | CommentEvent::Deleted {
        comment_id,
        article_id,
    }) = *event;
    (comment_id, article_id)
}

impl Comments {
    /// Notes which rows an event needs, as far as it tells.
    pub fn want(&mut self, event: &Event, recorded: &RecordedEvent) {
        let Event::Comment(event) = event else { return };
        let (comment_id, _) = subject(event);
        let own_stream = recorded.stream.is_of_comment(comment_id);
        self.wanted.add(comment_id, (own_stream, recorded));
        match event {
            CommentEvent::Created { ancestors, .. } => {
                if let Some(parent) = ancestors.last() {
                    self.wanted.also(*parent);
                }
            }
            CommentEvent::Updated { .. } => {}
            CommentEvent::Deleted { .. } => {
                self.dying.insert(comment_id.to_i64());
            }
        }
    }

    /// Folds an event; answers with what it changes in the counts. Nothing changes if it does not
    /// fit. `late` says that the article is deleted.
    pub fn apply(
        &mut self,
        fact: &Fact<Event>,
        event: &CommentEvent,
        (recorded, late): (&RecordedEvent, bool),
    ) -> Result<Counted, Unfit> {
        let (comment_id, _) = subject(event);
        if !recorded.stream.is_of_comment(comment_id) {
            return Err(Unfit("the event stands in the stream of another comment"));
        }
        match self.rows.get_mut(&comment_id.to_i64()) {
            Some(row) if row.position >= recorded.position => Ok(Counted::default()),
            Some(row) => {
                row.follow(event, recorded)?;
                Ok(self.change(fact, event, recorded.position))
            }
            None if !matches!(event, CommentEvent::Created { .. }) => {
                Err(Unfit("the comment was never created"))
            }
            None if recorded.revision != Revision::FIRST => {
                Err(Unfit("a comment begins in the middle of its stream"))
            }
            None => self.create(fact, event, (recorded.position, late)),
        }
    }

    fn create(
        &mut self,
        fact: &Fact<Event>,
        event: &CommentEvent,
        (position, late): (Position, bool),
    ) -> Result<Counted, Unfit> {
        let CommentEvent::Created {
            comment_id,
            article_id,
            ancestors,
            content,
            writer_name,
        } = event
        else {
            return Ok(Counted::default());
        };
        let parent_id = ancestors.last().map_or(NO_PARENT, |id| id.to_i64());
        let mut path = self.path_of(ancestors, *article_id)?;
        path.extend(comment_id.to_i64().to_be_bytes());
        let row = CommentRow {
            article_id: article_id.to_i64(),
            parent_id,
            path,
            deleted: false,
            visible: !late,
            visible_replies: 0,
            revision: 0,
            position,
            content: Some(content.as_str().to_owned()),
            modified_at: None,
            change: Change::All {
                created_at: fact.occurred_at.0,
                writer_id: fact.actor.as_str().to_owned(),
                writer_name: writer_name.as_str().to_owned(),
            },
        };
        self.rows.insert(comment_id.to_i64(), row);
        if late {
            return Ok(Counted::default());
        }
        Ok(Counted {
            comments: 1,
            visible_comments: 1 + self.walk(parent_id, 1, position),
            ..Counted::default()
        })
    }

    /// The path of these ancestors, if the last of them has it.
    fn path_of(&self, ancestors: &[CommentId], article_id: ArticleId) -> Result<Vec<u8>, Unfit> {
        if ancestors.len() >= DEEPEST {
            return Err(Unfit("the comment stands deeper than a path can tell"));
        }
        let ids = ancestors.iter().map(|id| id.to_i64());
        let path: Vec<u8> = ids.flat_map(i64::to_be_bytes).collect();
        if let Some(parent) = ancestors.last() {
            let parent = self.rows.get(&parent.to_i64());
            let parent = parent.ok_or(Unfit("what the comment replies to was never created"))?;
            if parent.article_id != article_id.to_i64() {
                return Err(Unfit(
                    "what the comment replies to is under another article",
                ));
            }
            if parent.path != path {
                return Err(Unfit("the comment's ancestors are not its parent's"));
            }
        }
        Ok(path)
    }

    /// An edit or a deletion of a comment that is there.
    fn change(&mut self, fact: &Fact<Event>, event: &CommentEvent, at: Position) -> Counted {
        let Some(row) = self.rows.get_mut(&subject(event).0.to_i64()) else {
            return Counted::default();
        };
        row.touch(at);
        row.revision += 1;
        if let CommentEvent::Updated { content, .. } = event {
            row.content = Some(content.as_str().to_owned());
            row.modified_at = Some(fact.occurred_at.0);
            return Counted::default();
        }
        row.deleted = true;
        row.content = Some(String::new());
        // One that follows its article's deletion never was visible.
        let counted = row.visible;
        row.visible &= row.visible_replies > 0;
        let (flipped, parent_id) = (counted && !row.visible, row.parent_id);
        Counted {
            comments: -i64::from(counted),
            visible_comments: if flipped {
                -1 + self.walk(parent_id, -1, at)
            } else {
                0
            },
            ..Counted::default()
        }
    }

    /// Tells the comment `id` and on upwards of one visible reply more or less; answers with how
    /// many more are visible now.
    fn walk(&mut self, id: i64, by: i64, position: Position) -> i64 {
        let (mut id, mut more) = (id, 0);
        while let Some(row) = self.rows.get_mut(&id) {
            row.touch(position);
            row.visible_replies += by;
            let visible = !row.deleted || row.visible_replies > 0;
            if row.visible == visible {
                break;
            }
            row.visible = visible;
            (id, more) = (row.parent_id, more + by);
        }
        more
    }
}

impl CommentRow {
    /// Whether an event can come next.
    fn follow(&self, event: &CommentEvent, recorded: &RecordedEvent) -> Result<(), Unfit> {
        if self.deleted {
            return Err(Unfit("nothing follows a deletion"));
        }
        if !follows(recorded, self.revision) {
            return Err(Unfit("an event of this comment is missing before it"));
        }
        if subject(event).1.to_i64() != self.article_id {
            return Err(Unfit("the comment is under another article"));
        }
        match event {
            CommentEvent::Created { .. } => Err(Unfit("the comment exists already")),
            CommentEvent::Updated { .. } | CommentEvent::Deleted { .. } => Ok(()),
        }
    }

    fn touch(&mut self, position: Position) {
        self.position = position;
        if matches!(self.change, Change::Nothing) {
            let visible = self.visible;
            self.change = Change::Some { visible };
        }
    }
}
