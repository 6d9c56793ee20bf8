//! Comments: threads of any depth that the board allows, under an article. The writer edits; the
//! writer or a moderator deletes; nothing follows a deletion, but replies made before it stay.

use super::Aggregate;
use super::article::{ArticleStanding, Writer};
use super::board::CommentDepth;
use super::event::{Event, Fact};
use super::id::{ArticleId, CommentId, Revision, Timestamp, UserId};
use super::text::{Content, WriterName};

/// What can happen to a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentEvent {
    /// It was written, by the actor of the event.
    Created {
        /// Which comment.
        comment_id: CommentId,
        /// Under which article, for ever.
        article_id: ArticleId,
        /// What it replies to, and what that replies to in turn: the root first, its parent last;
        /// none for a root.
        ancestors: Vec<CommentId>,
        /// What it says.
        content: Content,
        /// The writer's name at that time.
        writer_name: WriterName,
    },
    /// Its text was replaced.
    Updated {
        /// Which comment.
        comment_id: CommentId,
        /// Under which article.
        article_id: ArticleId,
        /// What it says now.
        content: Content,
    },
    /// It is gone, or a placeholder as long as there are replies to see.
    Deleted {
        /// Which comment.
        comment_id: CommentId,
        /// Under which article.
        article_id: ArticleId,
    },
}

/// A comment as its stream tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Which comment.
    pub id: CommentId,
    /// Under which article.
    pub article_id: ArticleId,
    /// The root of its thread first, its parent last.
    pub ancestors: Vec<CommentId>,
    /// What it says.
    pub content: Content,
    /// Who wrote it.
    pub writer: Writer,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub modified_at: Option<Timestamp>,
    /// Whether it is deleted.
    pub deleted: bool,
    /// The newest event's place in the stream.
    pub revision: Revision,
}

impl Comment {
    /// The way to this comment: its ancestors and itself, the root first.
    pub fn path(&self) -> Vec<CommentId> {
        let mut path = self.ancestors.clone();
        path.push(self.id);
        path
    }
}

/// What a new comment replies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// The article itself: the comment is the root of a thread.
    Article,
    /// A comment that never was.
    Missing,
    /// A comment.
    Comment {
        /// The article that it is under.
        article_id: ArticleId,
        /// Its ancestors and itself, the root first.
        path: Vec<CommentId>,
        /// Whether it is deleted.
        deleted: bool,
    },
}

impl Parent {
    /// A parent whose stream folds into `state`.
    pub fn of(state: Option<&Comment>) -> Self {
        match state {
            None => Self::Missing,
            Some(comment) => Self::Comment {
                article_id: comment.article_id,
                path: comment.path(),
                deleted: comment.deleted,
            },
        }
    }

    /// What a reply under `article_id` hangs on instead, if all that is wrong with this parent is
    /// that it is as deep as threads may grow: its deepest ancestor that may have replies.
    pub fn instead(&self, article_id: ArticleId, max_depth: CommentDepth) -> Option<CommentId> {
        let Self::Comment {
            article_id: of,
            path,
            deleted: false,
        } = self
        else {
            return None;
        };
        let max = usize::from(max_depth.get());
        let too_deep = *of == article_id && path.len() >= max;
        let deepest = path.get(max.checked_sub(2)?)?;
        too_deep.then_some(*deepest)
    }
}

/// What somebody may ask of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommentCommand {
    /// Write it under a new id.
    Create {
        /// The new id.
        comment_id: CommentId,
        /// Under which article.
        article_id: ArticleId,
        /// How that article stands, as far as its newest revision tells.
        article: ArticleStanding,
        /// How deep the threads of its board may grow.
        max_depth: CommentDepth,
        /// What it replies to, as far as its newest revision tells.
        parent: Parent,
        /// What it says.
        content: Content,
        /// The writer's name.
        writer_name: WriterName,
    },
    /// Replace its text.
    Update {
        /// Who asks.
        by: UserId,
        /// How the article stands.
        article: ArticleStanding,
        /// What it shall say.
        content: Content,
        /// Only if it still stands at this revision.
        if_match: Option<Revision>,
    },
    /// Remove it.
    Delete {
        /// Who asks.
        by: UserId,
        /// How the article stands.
        article: ArticleStanding,
        /// Whether they may remove what others wrote.
        moderator: bool,
        /// Only if it still stands at this revision.
        if_match: Option<Revision>,
    },
}

/// Why a rule said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommentRejection {
    /// There never was such an article.
    #[error("there is no such article")]
    ArticleNotFound,
    /// The article was deleted, and all that is under it is gone.
    #[error("the article was deleted")]
    ArticleDeleted,
    /// There never was such a comment to reply to.
    #[error("there is no such comment to reply to")]
    ParentNotFound,
    /// The comment to reply to was deleted.
    #[error("the comment to reply to was deleted")]
    ParentDeleted,
    /// The comment to reply to is under another article.
    #[error("the comment to reply to is under another article")]
    ParentElsewhere,
    /// The board does not let threads grow that deep.
    #[error("the board allows threads of depth {max}")]
    TooDeep {
        /// The greatest depth; a root's is 1.
        max: u8,
    },
    /// A comment with this id is there already.
    #[error("a comment with this id exists already")]
    Exists,
    /// There never was such a comment.
    #[error("there is no such comment")]
    NotFound,
    /// The comment was deleted.
    #[error("the comment was deleted")]
    Deleted,
    /// Only its writer (for a deletion: or a moderator) may do this.
    #[error("the comment is somebody else's")]
    NotWriter,
    /// The comment has changed since the caller looked.
    #[error("the comment stands at revision {current}")]
    Stale {
        /// Where it stands now.
        current: Revision,
    },
}

/// What follows from a command in a given state; no events if nothing would change.
pub fn decide(
    command: CommentCommand,
    state: Option<&Comment>,
) -> Result<Vec<CommentEvent>, CommentRejection> {
    match command {
        CommentCommand::Create { .. } if state.is_some() => Err(CommentRejection::Exists),
        CommentCommand::Create {
            comment_id,
            article_id,
            article,
            max_depth,
            parent,
            content,
            writer_name,
        } => {
            let ancestors = ancestors((article_id, article), parent, max_depth)?;
            Ok(vec![CommentEvent::Created {
                comment_id,
                article_id,
                ancestors,
                content,
                writer_name,
            }])
        }
        CommentCommand::Update {
            by,
            article,
            content,
            if_match,
        } => {
            let may = |comment: &Comment| comment.writer.id == by;
            let comment = changeable((state, article), may, if_match)?;
            if content == comment.content {
                return Ok(Vec::new());
            }
            Ok(vec![CommentEvent::Updated {
                comment_id: comment.id,
                article_id: comment.article_id,
                content,
            }])
        }
        CommentCommand::Delete {
            by,
            article,
            moderator,
            if_match,
        } => {
            let may = |comment: &Comment| moderator || comment.writer.id == by;
            let comment = changeable((state, article), may, if_match)?;
            Ok(vec![CommentEvent::Deleted {
                comment_id: comment.id,
                article_id: comment.article_id,
            }])
        }
    }
}

/// What a new comment has above it. What never was is said first, then what is gone, then what is
/// wrong.
fn ancestors(
    (article_id, article): (ArticleId, ArticleStanding),
    parent: Parent,
    max_depth: CommentDepth,
) -> Result<Vec<CommentId>, CommentRejection> {
    if article == ArticleStanding::Missing {
        return Err(CommentRejection::ArticleNotFound);
    }
    let (elsewhere, path, deleted) = match parent {
        Parent::Missing => return Err(CommentRejection::ParentNotFound),
        Parent::Article => (false, Vec::new(), false),
        Parent::Comment {
            article_id: of,
            path,
            deleted,
        } => (of != article_id, path, deleted),
    };
    if article == ArticleStanding::Deleted {
        return Err(CommentRejection::ArticleDeleted);
    }
    if deleted {
        return Err(CommentRejection::ParentDeleted);
    }
    if elsewhere {
        return Err(CommentRejection::ParentElsewhere);
    }
    let max = max_depth.get();
    if path.len() >= usize::from(max) {
        return Err(CommentRejection::TooDeep { max });
    }
    Ok(path)
}

fn changeable(
    (state, article): (Option<&Comment>, ArticleStanding),
    may: impl FnOnce(&Comment) -> bool,
    if_match: Option<Revision>,
) -> Result<&Comment, CommentRejection> {
    let comment = state.ok_or(CommentRejection::NotFound)?;
    if comment.deleted {
        return Err(CommentRejection::Deleted);
    }
    if article != ArticleStanding::Live {
        return Err(CommentRejection::ArticleDeleted);
    }
    if !may(comment) {
        return Err(CommentRejection::NotWriter);
    }
    if if_match.is_some_and(|wanted| wanted != comment.revision) {
        return Err(CommentRejection::Stale {
            current: comment.revision,
        });
    }
    Ok(comment)
}

impl Aggregate for Comment {
    type Event = CommentEvent;

    fn event_of(event: Event) -> Option<CommentEvent> {
        match event {
            Event::Comment(event) => Some(event),
            _ => None,
        }
    }

    fn evolve(state: Option<Self>, fact: &Fact<CommentEvent>) -> Option<Self> {
        match (state, &fact.event) {
            (
                None,
                CommentEvent::Created {
                    comment_id,
                    article_id,
                    ancestors,
                    content,
                    writer_name,
                },
            ) => Some(Self {
                id: *comment_id,
                article_id: *article_id,
                ancestors: ancestors.clone(),
                content: content.clone(),
                writer: Writer {
                    id: fact.actor.clone(),
                    name: writer_name.clone(),
                },
                created_at: fact.occurred_at,
                modified_at: None,
                deleted: false,
                revision: Revision::FIRST,
            }),
            (None, _) => None,
            (Some(comment), _) => Some(comment.after(fact)),
        }
    }
}

impl Comment {
    fn after(mut self, fact: &Fact<CommentEvent>) -> Self {
        self.revision = self.revision.next();
        match &fact.event {
            _ if self.deleted => {}
            CommentEvent::Created { .. } => {}
            CommentEvent::Updated { content, .. } => {
                self.content = content.clone();
                self.modified_at = Some(fact.occurred_at);
            }
            CommentEvent::Deleted { .. } => self.deleted = true,
        }
        self
    }
}
