//! Posts into articles, comments into comments.
//!
//! They are appended in file order, so that a killed import leaves a beginning of what an
//! undisturbed one appends. Many wait for the log at once, in *waves*: what depends on a record is
//! appended when that record is known to be in the log, and not before, or a failed append could
//! leave a comment without its post.

use std::collections::HashSet;

use super::boards::Standings;
use super::facts::{Created, Facts};
use super::names::{Key, origin_of};
use super::together::together;
use super::{Comment, Fate, IN_FLIGHT, ImportError, Importer, Post, Record, Told, What};
use crate::command::CommandError;
use crate::command::article::Draft;
use crate::command::comment::{CommentDraft, Surroundings};
use crate::domain::article::ArticleRejection;
use crate::domain::comment::{CommentRejection, Parent};
use crate::domain::{ArticleId, CommentId};
use crate::event_store::StreamName;

/// What became of a record, and what others may need to know of it.
struct Outcome {
    what: What,
    fate: Fate,
    created: Option<Created>,
}

/// Where a comment goes.
struct Place {
    article: ArticleId,
    parent: Option<CommentId>,
    /// The depth at which it hangs on an ancestor of the parent that the source names.
    hangs: Option<u8>,
}

impl Importer {
    /// Creates what is `missing`, all planned, on boards that stand as given; tells the lines of
    /// the posts that are there now.
    pub(super) async fn create(
        &mut self,
        missing: Vec<Record>,
        boards: &Standings,
    ) -> Result<HashSet<u64>, ImportError> {
        let mut facts = self.read_facts(&missing).await?;
        let mut posted = HashSet::new();
        let mut missing = missing.into_iter();
        while missing.len() > 0 {
            self.go_on()?;
            let length = wave(missing.as_slice());
            let wave: Vec<Record> = missing.by_ref().take(length).collect();
            self.read_ancestors(&wave, &mut facts).await?;
            let lines: Vec<u64> = wave.iter().map(Record::line).collect();
            let (this, known) = (&*self, &facts);
            let outcomes = together(wave.into_iter().map(async |record| match record {
                Record::Post(post) => this.create_post(*post, boards).await,
                Record::Comment(comment) => this.create_comment(*comment, known).await,
            }))
            .await;
            let mut failed = None;
            for (line, outcome) in lines.into_iter().zip(outcomes) {
                match outcome {
                    Ok(Outcome {
                        what,
                        fate,
                        created,
                    }) => {
                        if what == What::Post && !matches!(fate, Fate::Rejected(_)) {
                            posted.insert(line);
                        }
                        if let Some(created) = created {
                            facts.learn(created);
                        }
                        self.tell(Told { line, what, fate });
                    }
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            failed.map_or(Ok(()), Err)?;
        }
        Ok(posted)
    }

    async fn create_post(&self, post: Post, boards: &Standings) -> Result<Outcome, ImportError> {
        let outcome = |fate, created| Outcome {
            what: What::Post,
            fate,
            created,
        };
        let board = boards.get(post.board.as_str());
        let Some((article_id, board)) = self.known.post(post.id).zip(board) else {
            let rejected = Fate::rejected(ArticleRejection::BoardNotFound);
            return Ok(outcome(rejected, None));
        };
        let by = (post.author, post.created_at);
        let origin = origin_of(&self.source, Key::Post(post.id), by);
        let draft = Draft {
            board_id: board.id,
            text: post.text,
            writer_name: post.writer_name,
        };
        let created = self
            .commands
            .create_article_on(&origin, article_id, (draft, board.standing));
        let there = Some(Created::Article(article_id, board.max_depth));
        match created.await {
            Ok(_) => Ok(outcome(Fate::Imported, there)),
            Err(CommandError::Rejected {
                rejection: ArticleRejection::Exists,
                ..
            }) => {
                let (key, stream) = (Key::Post(post.id), StreamName::article(article_id));
                self.has_begun(key, &stream).await?;
                Ok(outcome(Fate::AlreadyThere, there))
            }
            Err(CommandError::Rejected { rejection, .. }) => {
                Ok(outcome(Fate::rejected(rejection), None))
            }
            Err(error) => Err(ImportError::of(error, |_| ImportError::Conflict)),
        }
    }

    async fn create_comment(
        &self,
        comment: Comment,
        facts: &Facts,
    ) -> Result<Outcome, ImportError> {
        let outcome = |hangs, fate, created| Outcome {
            what: What::Comment { hangs },
            fate,
            created,
        };
        let place = self.place(&comment, facts);
        let Some((comment_id, place)) = self.known.comment(comment.id).zip(place.as_ref().ok())
        else {
            let rejection = place.err().unwrap_or(CommentRejection::NotFound);
            return Ok(outcome(None, Fate::rejected(rejection), None));
        };
        let by = (comment.author, comment.created_at);
        let origin = origin_of(&self.source, Key::Comment(comment.id), by);
        let draft = CommentDraft {
            article_id: place.article,
            parent_id: place.parent,
            content: comment.content,
            writer_name: comment.writer_name,
        };
        let surroundings = Surroundings {
            ground: facts.ground(place.article),
            parent: place
                .parent
                .map_or(Parent::Article, |id| facts.parent(id).clone()),
            read: None,
        };
        let created = self
            .commands
            .create_comment_in(&origin, comment_id, (draft, surroundings));
        match created.await {
            Ok(done) => {
                let there = Created::Comment(comment_id, Parent::of(Some(&done.state)));
                Ok(outcome(place.hangs, Fate::Imported, Some(there)))
            }
            Err(CommandError::Rejected {
                rejection: CommentRejection::Exists,
                ..
            }) => {
                let (key, stream) = (Key::Comment(comment.id), StreamName::comment(comment_id));
                self.has_begun(key, &stream).await?;
                let (parent, _) = self.commands.parent(comment_id).await?;
                let there = Created::Comment(comment_id, parent);
                Ok(outcome(None, Fate::AlreadyThere, Some(there)))
            }
            Err(CommandError::Rejected { rejection, .. }) => {
                Ok(outcome(None, Fate::rejected(rejection), None))
            }
            Err(error) => Err(ImportError::of(error, |_| ImportError::Conflict)),
        }
    }

    fn place(&self, comment: &Comment, facts: &Facts) -> Result<Place, CommentRejection> {
        let article = self.known.post(comment.post);
        let article = article.ok_or(CommentRejection::ArticleNotFound)?;
        let parent = match comment.parent {
            None => None,
            Some(id) => {
                let parent = self.known.comment(id);
                Some(parent.ok_or(CommentRejection::ParentNotFound)?)
            }
        };
        let instead = parent.and_then(|parent| facts.instead(article, parent));
        let depth = facts.ground(article).max_depth.get();
        Ok(Place {
            article,
            parent: instead.or(parent),
            hangs: instead.map(|_| depth),
        })
    }
}

/// How many of the first records can wait for the log together: none of them depends on another.
fn wave(records: &[Record]) -> usize {
    let mut met = HashSet::new();
    for (index, record) in records.iter().take(IN_FLIGHT).enumerate() {
        let waits = record.comment().is_some_and(|comment| {
            let parent = comment.parent.map(Key::Comment);
            met.contains(&Key::Post(comment.post)) || parent.is_some_and(|key| met.contains(&key))
        });
        if waits {
            return index;
        }
        met.insert(record.key());
    }
    records.len().min(IN_FLIGHT)
}
