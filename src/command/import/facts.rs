//! What new comments depend on, as far as this group of records has read or written it.
//!
//! Facts are read once for a group and kept no longer. What comes between, by somebody else, is
//! overtaken like any rule about another stream: the log stands.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::names::Key;
use super::together::together;
use super::{Comment, IN_FLIGHT, ImportError, Importer, Record};
use crate::command::comment::Ground;
use crate::domain::article::ArticleStanding;
use crate::domain::board::CommentDepth;
use crate::domain::comment::Parent;
use crate::domain::{ArticleId, CommentId};
use crate::event_store::StoreError;

/// Something that was created, for those that depend on it.
pub(super) enum Created {
    Article(ArticleId, CommentDepth),
    Comment(CommentId, Parent),
}

/// The facts. What is not among them is not there.
#[derive(Default)]
pub(super) struct Facts {
    articles: HashMap<ArticleId, Ground>,
    parents: HashMap<CommentId, Parent>,
}

impl Facts {
    /// What an article says to new comments.
    pub(super) fn ground(&self, id: ArticleId) -> Ground {
        let missing = Ground {
            article: ArticleStanding::Missing,
            max_depth: CommentDepth::default(),
            read: None,
        };
        self.articles.get(&id).copied().unwrap_or(missing)
    }

    /// What a comment says to replies.
    pub(super) fn parent(&self, id: CommentId) -> &Parent {
        self.parents.get(&id).unwrap_or(&Parent::Missing)
    }

    /// The comment that a reply to `parent` hangs on instead, if the board does not allow it there.
    pub(super) fn instead(&self, article: ArticleId, parent: CommentId) -> Option<CommentId> {
        let max_depth = self.ground(article).max_depth;
        self.parent(parent).instead(article, max_depth)
    }

    pub(super) fn learn(&mut self, created: Created) {
        match created {
            Created::Article(id, max_depth) => {
                let ground = Ground {
                    article: ArticleStanding::Live,
                    max_depth,
                    read: None,
                };
                self.articles.insert(id, ground);
            }
            Created::Comment(id, parent) => {
                self.parents.insert(id, parent);
            }
        }
    }
}

impl Importer {
    /// Reads all that the comments among `missing` depend on and that is not missing itself.
    pub(super) async fn read_facts(&self, missing: &[Record]) -> Result<Facts, ImportError> {
        let own: HashSet<Key<'_>> = missing.iter().map(Record::key).collect();
        let comments = || missing.iter().filter_map(Record::comment);
        let posts = comments().map(|comment| comment.post);
        let posts = posts.filter(|post| !own.contains(&Key::Post(*post)));
        let articles = distinct(posts.filter_map(|post| self.known.post(post)));
        let parents = comments().filter_map(|comment| comment.parent);
        let parents = parents.filter(|parent| !own.contains(&Key::Comment(*parent)));
        let parents = distinct(parents.filter_map(|parent| self.known.comment(parent)));
        let mut facts = Facts::default();
        for chunk in articles.chunks(IN_FLIGHT) {
            self.go_on()?;
            let read = together(chunk.iter().map(|id| self.commands.ground(*id))).await;
            for (id, ground) in chunk.iter().zip(read) {
                facts.articles.insert(*id, ground?);
            }
        }
        self.read_parents(&parents, &mut facts).await?;
        Ok(facts)
    }

    /// Reads the ancestors that comments of `wave` hang on because their parents are too deep.
    pub(super) async fn read_ancestors(
        &self,
        wave: &[Record],
        facts: &mut Facts,
    ) -> Result<(), ImportError> {
        let instead = |comment: &Comment| {
            let article = self.known.post(comment.post)?;
            let parent = self.known.comment(comment.parent?)?;
            facts.instead(article, parent)
        };
        let ancestors = wave.iter().filter_map(Record::comment).filter_map(instead);
        let ancestors = distinct(ancestors.filter(|id| !facts.parents.contains_key(id)));
        self.read_parents(&ancestors, facts).await
    }

    async fn read_parents(&self, ids: &[CommentId], facts: &mut Facts) -> Result<(), ImportError> {
        for chunk in ids.chunks(IN_FLIGHT) {
            self.go_on()?;
            let read = together(chunk.iter().map(async |id| {
                let (parent, _) = self.commands.parent(*id).await?;
                Ok::<_, StoreError>(parent)
            }));
            for (id, parent) in chunk.iter().zip(read.await) {
                facts.parents.insert(*id, parent?);
            }
        }
        Ok(())
    }
}

fn distinct<T: Copy + Eq + Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut met = HashSet::new();
    all.filter(|one| met.insert(*one)).collect()
}
