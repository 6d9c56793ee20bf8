//! Articles: what people post. The writer edits; the writer or a moderator deletes; nothing
//! follows a deletion.

use super::Aggregate;
use super::board::Board;
use super::event::{Event, Fact};
use super::id::{ArticleId, BoardId, Revision, Timestamp, UserId};
use super::text::{Content, Title, WriterName};

/// Somebody who wrote something, with the name shown at the time of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Who.
    pub id: UserId,
    /// As readers see it.
    pub name: WriterName,
}

/// What an article says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its title.
    pub title: Title,
    /// Its body.
    pub content: Content,
}

/// What can happen to an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArticleEvent {
    /// It was posted, by the actor of the event.
    Created {
        /// Which article.
        article_id: ArticleId,
        /// Where it stands, for ever.
        board_id: BoardId,
        /// What it says.
        text: Text,
        /// The writer's name at that time.
        writer_name: WriterName,
    },
    /// Its text was replaced.
    Updated {
        /// Which article.
        article_id: ArticleId,
        /// Where it stands.
        board_id: BoardId,
        /// What it says now.
        text: Text,
    },
    /// It is gone.
    Deleted {
        /// Which article.
        article_id: ArticleId,
        /// Where it stood.
        board_id: BoardId,
        /// When it had been posted, which names the day whose popular list it leaves.
        created_at: Timestamp,
    },
}

/// An article as its stream tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Which article.
    pub id: ArticleId,
    /// Where it stands.
    pub board_id: BoardId,
    /// What it says.
    pub text: Text,
    /// Who posted it.
    pub writer: Writer,
    /// When it was posted.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub modified_at: Option<Timestamp>,
    /// Whether it is gone.
    pub deleted: bool,
    /// The newest event's place in the stream.
    pub revision: Revision,
}

/// What the board's own stream says about taking new articles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardStanding {
    /// There never was such a board.
    Missing,
    /// It takes articles.
    Open,
    /// It takes none.
    Closed,
}

impl BoardStanding {
    /// How a board stands whose stream folds into `state`.
    pub fn of(state: Option<&Board>) -> Self {
        match state {
            None => Self::Missing,
            Some(board) if board.closed => Self::Closed,
            Some(_) => Self::Open,
        }
    }
}

/// What the article's own stream says to whoever comments on it, likes it or views it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArticleStanding {
    /// There never was such an article.
    Missing,
    /// It can be read.
    Live,
    /// It was deleted.
    Deleted,
}

impl ArticleStanding {
    /// How an article stands whose stream folds into `state`.
    pub fn of(state: Option<&Article>) -> Self {
        match state {
            None => Self::Missing,
            Some(article) if article.deleted => Self::Deleted,
            Some(_) => Self::Live,
        }
    }
}

/// What somebody may ask of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArticleCommand {
    /// Post it under a new id.
    Create {
        /// The new id.
        article_id: ArticleId,
        /// Where.
        board_id: BoardId,
        /// How that board stands, as far as its newest revision tells.
        board: BoardStanding,
        /// What it says.
        text: Text,
        /// The writer's name.
        writer_name: WriterName,
    },
    /// Replace its text.
    Update {
        /// Who asks.
        by: UserId,
        /// What it shall say.
        text: Text,
        /// Only if it still stands at this revision.
        if_match: Option<Revision>,
    },
    /// Remove it.
    Delete {
        /// Who asks.
        by: UserId,
        /// Whether they may remove what others wrote.
        moderator: bool,
        /// Only if it still stands at this revision.
        if_match: Option<Revision>,
    },
}

/// Why a rule said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArticleRejection {
    /// There never was such a board.
    #[error("there is no such board")]
    BoardNotFound,
    /// The board takes no new articles.
    #[error("the board is closed")]
    BoardClosed,
    /// An article with this id is there already.
    #[error("an article with this id exists already")]
    Exists,
    /// There never was such an article.
    #[error("there is no such article")]
    NotFound,
    /// The article was deleted.
    #[error("the article was deleted")]
    Deleted,
    /// Only its writer (for a deletion: or a moderator) may do this.
    #[error("the article is somebody else's")]
    NotWriter,
    /// The article has changed since the caller looked.
    #[error("the article stands at revision {current}")]
    Stale {
        /// Where it stands now.
        current: Revision,
    },
}

/// What follows from a command in a given state; no events if nothing would change.
pub fn decide(
    command: ArticleCommand,
    state: Option<&Article>,
) -> Result<Vec<ArticleEvent>, ArticleRejection> {
    match command {
        ArticleCommand::Create {
            article_id,
            board_id,
            board,
            text,
            writer_name,
        } => match (board, state) {
            (BoardStanding::Missing, _) => Err(ArticleRejection::BoardNotFound),
            (_, Some(_)) => Err(ArticleRejection::Exists),
            (BoardStanding::Closed, None) => Err(ArticleRejection::BoardClosed),
            (BoardStanding::Open, None) => Ok(vec![ArticleEvent::Created {
                article_id,
                board_id,
                text,
                writer_name,
            }]),
        },
        ArticleCommand::Update { by, text, if_match } => {
            let article = changeable(state, |article| article.writer.id == by, if_match)?;
            if text == article.text {
                return Ok(Vec::new());
            }
            let Article {
                id: article_id,
                board_id,
                ..
            } = *article;
            Ok(vec![ArticleEvent::Updated {
                article_id,
                board_id,
                text,
            }])
        }
        ArticleCommand::Delete {
            by,
            moderator,
            if_match,
        } => {
            let may = |article: &Article| moderator || article.writer.id == by;
            let &Article {
                id: article_id,
                board_id,
                created_at,
                ..
            } = changeable(state, may, if_match)?;
            Ok(vec![ArticleEvent::Deleted {
                article_id,
                board_id,
                created_at,
            }])
        }
    }
}

fn changeable(
    state: Option<&Article>,
    may: impl FnOnce(&Article) -> bool,
    if_match: Option<Revision>,
) -> Result<&Article, ArticleRejection> {
    let article = state.ok_or(ArticleRejection::NotFound)?;
    if article.deleted {
        return Err(ArticleRejection::Deleted);
    }
    if !may(article) {
        return Err(ArticleRejection::NotWriter);
    }
    if if_match.is_some_and(|wanted| wanted != article.revision) {
        return Err(ArticleRejection::Stale {
            current: article.revision,
        });
    }
    Ok(article)
}

impl Aggregate for Article {
    type Event = ArticleEvent;

    fn event_of(event: Event) -> Option<ArticleEvent> {
        match event {
            Event::Article(event) => Some(event),
            _ => None,
        }
    }

    fn evolve(state: Option<Self>, fact: &Fact<ArticleEvent>) -> Option<Self> {
        match (state, &fact.event) {
            (
                None,
                ArticleEvent::Created {
                    article_id,
                    board_id,
                    text,
                    writer_name,
                },
            ) => Some(Self {
                id: *article_id,
                board_id: *board_id,
                text: text.clone(),
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
            (Some(article), _) => Some(article.after(fact)),
        }
    }
}

impl Article {
    fn after(mut self, fact: &Fact<ArticleEvent>) -> Self {
        self.revision = self.revision.next();
        match &fact.event {
            _ if self.deleted => {}
            ArticleEvent::Created { .. } => {}
            ArticleEvent::Updated { text, .. } => {
                self.text = text.clone();
                self.modified_at = Some(fact.occurred_at);
            }
            ArticleEvent::Deleted { .. } => self.deleted = true,
        }
        self
    }
}
