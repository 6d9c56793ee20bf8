//! Which new ids stand for which of the source's: read from its stream, and fixed in it before use.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::names::{self, Key};
use super::{ImportError, Importer, Post};
use crate::command::execute::append;
use crate::domain::snowflake::Snowflake;
use crate::domain::{ArticleId, BoardId, Event, Revision};
use crate::event_store::codec::{self, Decoded, UPCASTERS};
use crate::event_store::{
    AppendError, EventStore, Expected, Page, RecordedEvent, StoreError, StreamName,
};

/// Plans that are read at once; each holds up to [`PLAN_MAX`](super::PLAN_MAX) ids.
const PAGE: usize = 32;

/// All that earlier plans have fixed: a few dozen bytes for each record of the source.
#[derive(Debug, Default)]
pub(super) struct Known {
    revision: Option<Revision>,
    boards: HashMap<String, BoardId>,
    posts: HashMap<u64, ArticleId>,
}

impl Known {
    pub(super) async fn read(
        store: &dyn EventStore,
        stream: &StreamName,
    ) -> Result<Self, StoreError> {
        let mut known = Self::default();
        loop {
            let from = Expected::from(known.revision).first();
            let page = store.read_stream(stream, from, Page::forward(PAGE)).await?;
            if page.is_empty() {
                return Ok(known);
            }
            for recorded in &page {
                known.absorb(&ids_of(recorded)?, recorded.revision);
            }
        }
    }

    pub(super) fn has_post(&self, id: u64) -> bool {
        self.posts.contains_key(&id)
    }

    pub(super) fn has_board(&self, name: &str) -> bool {
        self.boards.contains_key(name)
    }

    pub(super) fn post(&self, id: u64) -> Option<ArticleId> {
        self.posts.get(&id).copied()
    }

    pub(super) fn board(&self, name: &str) -> Option<BoardId> {
        self.boards.get(name).copied()
    }

    /// Adds a plan's ids. Types that this release does not import are left to one that does.
    fn absorb(&mut self, ids: &BTreeMap<String, Snowflake>, revision: Revision) {
        self.revision = Some(revision);
        for (key, id) in ids {
            match Key::parse(key) {
                Some(Key::Board(name)) => {
                    self.boards.insert(name.to_owned(), BoardId(*id));
                }
                Some(Key::Post(post)) => {
                    self.posts.insert(post, ArticleId(*id));
                }
                None => {}
            }
        }
    }

    /// The keys of `posts` that no plan has, in file order, each board before its first post; with
    /// the post that each is for.
    fn unplanned<'a>(&self, posts: &'a [Post]) -> Vec<(Key<'a>, &'a Post)> {
        let mut keys = Vec::new();
        let mut boards = HashSet::new();
        for post in posts {
            let board = post.board.as_str();
            if !self.has_board(board) && boards.insert(board) {
                keys.push((Key::Board(board), post));
            }
            if !self.has_post(post.id) {
                keys.push((Key::Post(post.id), post));
            }
        }
        keys
    }
}

impl Importer {
    /// Fixes the ids of what is new among `posts`, at most [`PLAN_MAX`](super::PLAN_MAX) keys, and
    /// tells which boards it planned.
    pub(super) async fn plan(&mut self, posts: &[Post]) -> Result<HashSet<String>, ImportError> {
        let keys = self.known.unplanned(posts);
        let Some((first, post)) = keys.first() else {
            return Ok(HashSet::new());
        };
        let mut ids = BTreeMap::new();
        for (key, _) in &keys {
            ids.insert(key.to_string(), self.commands.ids.next().await?);
        }
        let origin = names::origin_of_plan(&self.source, *first, post.created_at);
        let event = Event::ImportPlanned { ids: ids.clone() };
        let expected = Expected::from(self.known.revision);
        let at = (&self.stream, expected);
        match append(&*self.commands.store, at, &origin, &[event]).await {
            Ok(_) => {}
            Err(AppendError::WrongExpectedRevision { .. }) => return Err(self.overtaken()),
            Err(AppendError::Store(error)) => return Err(error.into()),
            Err(AppendError::Size) => return Err(self.too_large().into()),
        }
        self.confirm(expected.first(), &ids).await?;
        self.known.absorb(&ids, expected.first());
        let boards = keys.iter().filter_map(|(key, _)| match key {
            Key::Board(name) => Some((*name).to_owned()),
            Key::Post(_) => None,
        });
        Ok(boards.collect())
    }

    /// Makes sure that the plan in the log is ours. The id of its event follows from its first key
    /// alone, so that another import of the same source, with other ids, passes for a repetition of
    /// the same append.
    async fn confirm(
        &self,
        revision: Revision,
        ids: &BTreeMap<String, Snowflake>,
    ) -> Result<(), ImportError> {
        let store = &self.commands.store;
        let standing = store
            .read_stream(&self.stream, revision, Page::forward(1))
            .await?;
        match standing.first() {
            Some(recorded) if ids_of(recorded)? == *ids => Ok(()),
            _ => Err(self.overtaken()),
        }
    }

    fn overtaken(&self) -> ImportError {
        ImportError::Overtaken(self.source.clone())
    }

    fn too_large(&self) -> StoreError {
        StoreError::Unavailable {
            store: "event store".to_owned(),
            detail: format!("a plan of {} exceeds the size of an append", self.stream),
        }
    }
}

fn ids_of(recorded: &RecordedEvent) -> Result<BTreeMap<String, Snowflake>, StoreError> {
    let corrupt = |detail| recorded.corrupt(detail);
    match codec::decode(recorded, UPCASTERS).map_err(|e| corrupt(e.reason))? {
        Decoded::Known(fact) => match fact.event {
            Event::ImportPlanned { ids } => Ok(ids),
            _ => Err(corrupt(format!("{} is no plan", recorded.event_type))),
        },
        Decoded::Unknown => Err(corrupt(format!("{} is no plan", recorded.event_type))),
    }
}
