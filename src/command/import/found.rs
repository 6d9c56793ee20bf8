//! What earlier runs have brought in of the records that they planned.

use super::names::{Key, command_of};
use super::together::together;
use super::{Comment, Fate, IN_FLIGHT, ImportError, Importer, Post, Record, Told, What};
use crate::command::load;
use crate::domain::article::{Article, ArticleStanding};
use crate::domain::{Revision, Timestamp, UserId, comment};
use crate::event_store::codec::event_id;
use crate::event_store::{Page, StreamName};

/// Records that are brought in together: what belongs to one plan.
pub(super) struct Group {
    /// Records that are not there, in file order.
    pub(super) missing: Vec<Record>,
    /// What comes with the posts, in file order.
    pub(super) extras: Vec<Extras>,
}

/// What comes with a post.
pub(super) struct Extras {
    pub(super) line: u64,
    pub(super) post: u64,
    pub(super) at: Timestamp,
    pub(super) views: u64,
    pub(super) liked_by: Vec<UserId>,
    /// How the article stands; missing until it is created.
    pub(super) article: ArticleStanding,
    /// Whether it was created just now, so that nobody can like it yet.
    pub(super) new: bool,
}

impl Extras {
    fn take(post: &mut Post, article: ArticleStanding) -> Option<Self> {
        let liked_by = std::mem::take(&mut post.liked_by);
        let any = post.views > 0 || !liked_by.is_empty();
        any.then_some(Self {
            line: post.line,
            post: post.id,
            at: post.created_at,
            views: post.views,
            liked_by,
            article,
            new: false,
        })
    }
}

impl Group {
    /// A group of records that nobody has planned, so that none can be there.
    pub(super) fn new(missing: Vec<Record>) -> Self {
        let mut group = Self {
            missing,
            extras: Vec::new(),
        };
        for record in &mut group.missing {
            if let Record::Post(post) = record {
                let extras = Extras::take(post, ArticleStanding::Missing);
                group.extras.extend(extras);
            }
        }
        group
    }
}

/// How a record is found.
enum Found {
    Missing,
    Post(ArticleStanding),
    Comment { hangs: Option<u8> },
}

impl Importer {
    /// Tells which of `records`, planned by earlier runs, are there, and keeps the others. What was
    /// changed or deleted since is there all the same.
    pub(super) async fn look(&mut self, records: Vec<Record>) -> Result<Group, ImportError> {
        let mut group = Group::new(Vec::new());
        let mut records = records.into_iter();
        while records.len() > 0 {
            self.go_on()?;
            let chunk: Vec<Record> = records.by_ref().take(IN_FLIGHT).collect();
            let this = &*self;
            let found = together(chunk.iter().map(|record| this.find(record))).await;
            for (mut record, found) in chunk.into_iter().zip(found) {
                let (found, line) = (found?, record.line());
                if let Record::Post(post) = &mut record {
                    let article = match found {
                        Found::Post(standing) => standing,
                        Found::Missing | Found::Comment { .. } => ArticleStanding::Missing,
                    };
                    group.extras.extend(Extras::take(post, article));
                }
                let what = match found {
                    Found::Missing => {
                        group.missing.push(record);
                        continue;
                    }
                    Found::Post(_) => What::Post,
                    Found::Comment { hangs } => What::Comment { hangs },
                };
                let fate = Fate::AlreadyThere;
                self.tell(Told { line, what, fate });
            }
        }
        Ok(group)
    }

    async fn find(&self, record: &Record) -> Result<Found, ImportError> {
        let store = &*self.commands.store;
        match record {
            Record::Post(post) => {
                let Some(id) = self.known.post(post.id) else {
                    return Ok(Found::Missing);
                };
                let stream = StreamName::article(id);
                if !self.has_begun(Key::Post(post.id), &stream).await? {
                    return Ok(Found::Missing);
                }
                let article = load::<Article>(store, &stream).await?;
                Ok(match ArticleStanding::of(article.state.as_ref()) {
                    ArticleStanding::Missing => Found::Missing,
                    standing => Found::Post(standing),
                })
            }
            Record::Comment(comment) => {
                let Some(id) = self.known.comment(comment.id) else {
                    return Ok(Found::Missing);
                };
                let stream = StreamName::comment(id);
                if !self.has_begun(Key::Comment(comment.id), &stream).await? {
                    return Ok(Found::Missing);
                }
                let found = load::<comment::Comment>(store, &stream).await?.state;
                let hangs = |found: comment::Comment| Found::Comment {
                    hangs: self.hangs(comment, &found),
                };
                Ok(found.map_or(Found::Missing, hangs))
            }
        }
    }

    /// Whether this source's command for `key` has begun the stream; `false` if nobody has. Somebody else's
    /// article must not get the comments of a post that has the same id.
    pub(super) async fn has_begun(
        &self,
        key: Key<'_>,
        stream: &StreamName,
    ) -> Result<bool, ImportError> {
        let first = Page::forward(1);
        let store = &self.commands.store;
        let first = store.read_stream(stream, Revision::FIRST, first).await?;
        let Some(first) = first.first() else {
            return Ok(false);
        };
        if first.event_id == event_id(command_of(&self.source, key), 0) {
            return Ok(true);
        }
        Err(ImportError::Taken(stream.clone()))
    }

    /// At which depth `found` hangs on an ancestor, if it is not a reply to what the source says.
    fn hangs(&self, comment: &Comment, found: &comment::Comment) -> Option<u8> {
        let parent = self.known.comment(comment.parent?)?;
        let elsewhere = found.ancestors.last() != Some(&parent);
        let depth = u8::try_from(found.path().len()).ok();
        depth.filter(|_| elsewhere)
    }

    pub(super) fn tell(&mut self, told: Told) {
        self.told.push(told);
    }

    /// Whether `comment` has a place: what it stands under is known, or comes with the same plan.
    pub(super) fn has_place(&self, comment: &Comment) -> Result<(), comment::CommentRejection> {
        let met = |key: Key<'_>| self.known.has(key) || self.gathered.has(key);
        if !met(Key::Post(comment.post)) {
            return Err(comment::CommentRejection::ArticleNotFound);
        }
        match comment.parent {
            Some(parent) if !met(Key::Comment(parent)) => {
                Err(comment::CommentRejection::ParentNotFound)
            }
            _ => Ok(()),
        }
    }
}
