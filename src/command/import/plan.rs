//! Which new ids stand for which of the source's: read from its stream, and fixed in it before use.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::names::{self, Key};
use super::{ImportError, Importer, LIKES_MAX, Record};
use crate::command::execute::append;
use crate::domain::snowflake::Snowflake;
use crate::domain::{ArticleId, BoardId, CommentId, Event, Revision, Timestamp};
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
    posts: HashMap<u64, Planned<ArticleId>>,
    comments: HashMap<u64, Planned<CommentId>>,
    /// For each plan, how many of its records have not been met in the file.
    unmet: Vec<usize>,
}

/// The new id of a record, and by the how-manieth plan.
#[derive(Clone, Copy, Debug)]
struct Planned<I> {
    id: I,
    plan: usize,
}

/// A record that a plan has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Met {
    /// The how-manieth plan.
    pub(super) plan: usize,
    /// Whether all others of that plan were met before.
    pub(super) is_last: bool,
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

    pub(super) fn has(&self, key: Key<'_>) -> bool {
        match key {
            Key::Board(name) => self.boards.contains_key(name),
            Key::Post(id) => self.posts.contains_key(&id),
            Key::Comment(id) => self.comments.contains_key(&id),
        }
    }

    pub(super) fn post(&self, id: u64) -> Option<ArticleId> {
        self.posts.get(&id).map(|planned| planned.id)
    }

    pub(super) fn comment(&self, id: u64) -> Option<CommentId> {
        self.comments.get(&id).map(|planned| planned.id)
    }

    pub(super) fn board(&self, name: &str) -> Option<BoardId> {
        self.boards.get(name).copied()
    }

    /// Notes that a record was met in the file; `None` if no plan has it.
    pub(super) fn meet(&mut self, record: &Record) -> Option<Met> {
        let plan = match record {
            Record::Post(post) => self.posts.get(&post.id)?.plan,
            Record::Comment(comment) => self.comments.get(&comment.id)?.plan,
        };
        let unmet = self.unmet.get_mut(plan)?;
        *unmet = unmet.saturating_sub(1);
        let is_last = *unmet == 0;
        Some(Met { plan, is_last })
    }

    /// Adds a plan's ids. Types that this release does not import are left to one that does.
    fn absorb(&mut self, ids: &BTreeMap<String, Snowflake>, revision: Revision) {
        self.revision = Some(revision);
        let plan = self.unmet.len();
        let mut records = 0;
        for (key, id) in ids {
            match Key::parse(key) {
                Some(Key::Board(name)) => {
                    self.boards.insert(name.to_owned(), BoardId(*id));
                    continue;
                }
                Some(Key::Post(post)) => {
                    let id = ArticleId(*id);
                    self.posts.insert(post, Planned { id, plan });
                }
                Some(Key::Comment(comment)) => {
                    let id = CommentId(*id);
                    self.comments.insert(comment, Planned { id, plan });
                }
                None => continue,
            }
            records += 1;
        }
        self.unmet.push(records);
    }

    /// The keys of `records` that no plan has, in file order, each board before its first post;
    /// with the time of the record that each is for.
    fn unplanned<'a>(&self, records: &'a [Record]) -> Vec<(Key<'a>, Timestamp)> {
        let mut keys = Vec::new();
        let mut boards = HashSet::new();
        for record in records {
            let at = record.created_at();
            if let Some(board) = record.post().map(|post| post.board.as_str())
                && !self.has(Key::Board(board))
                && boards.insert(board)
            {
                keys.push((Key::Board(board), at));
            }
            if !self.has(record.key()) {
                keys.push((record.key(), at));
            }
        }
        keys
    }
}

/// Records that no plan has yet, and what a plan for them would hold.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) records: Vec<Record>,
    boards: HashSet<String>,
    posts: HashSet<u64>,
    comments: HashSet<u64>,
    likes: usize,
}

impl Gathered {
    pub(super) fn has(&self, key: Key<'_>) -> bool {
        match key {
            Key::Board(name) => self.boards.contains(name),
            Key::Post(id) => self.posts.contains(&id),
            Key::Comment(id) => self.comments.contains(&id),
        }
    }

    /// Whether `record` fits into the same plan, of at most `keys` keys.
    pub(super) fn has_room(&self, record: &Record, (known, keys): (&Known, usize)) -> bool {
        let opens = record.post().is_some_and(|post| {
            let board = Key::Board(post.board.as_str());
            !known.has(board) && !self.has(board)
        });
        let likes = record.post().map_or(0, |post| post.liked_by.len());
        self.records.len() + self.boards.len() + 1 + usize::from(opens) <= keys
            && (self.records.is_empty() || self.likes + likes <= LIKES_MAX)
    }

    pub(super) fn push(&mut self, record: Record, known: &Known) {
        match &record {
            Record::Post(post) => {
                self.posts.insert(post.id);
                self.likes += post.liked_by.len();
                let board = post.board.as_str();
                if !known.has(Key::Board(board)) {
                    self.boards.insert(board.to_owned());
                }
            }
            Record::Comment(comment) => {
                self.comments.insert(comment.id);
            }
        }
        self.records.push(record);
    }
}

impl Importer {
    /// Fixes the ids of what is new among `records`, and tells which boards it planned. More than
    /// one plan is only made for records that were planned before and are on other boards now.
    pub(super) async fn plan(
        &mut self,
        records: &[Record],
    ) -> Result<HashSet<String>, ImportError> {
        let keys = self.known.unplanned(records);
        for keys in keys.chunks(self.plan_max) {
            self.plan_keys(keys).await?;
        }
        let boards = keys.iter().filter_map(|(key, _)| match key {
            Key::Board(name) => Some((*name).to_owned()),
            Key::Post(_) | Key::Comment(_) => None,
        });
        Ok(boards.collect())
    }

    async fn plan_keys(&mut self, keys: &[(Key<'_>, Timestamp)]) -> Result<(), ImportError> {
        let Some((first, at)) = keys.first() else {
            return Ok(());
        };
        let mut ids = BTreeMap::new();
        for (key, _) in keys {
            ids.insert(key.to_string(), self.commands.ids.next().await?);
        }
        let origin = names::origin_of_plan(&self.source, *first, *at);
        let event = Event::ImportPlanned { ids: ids.clone() };
        let expected = Expected::from(self.known.revision);
        let at = (&self.stream, expected);
        match append(&*self.commands.store, at, &origin, &[event]).await {
            Ok(_) => {}
            Err(AppendError::WrongExpectedRevision { .. }) => return Err(self.overtaken()),
            Err(AppendError::Store(error)) => return Err(error.into()),
            Err(AppendError::Size) => return Err(Self::too_large(&self.stream).into()),
        }
        self.confirm(expected.first(), &ids).await?;
        self.known.absorb(&ids, expected.first());
        Ok(())
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

    pub(super) fn overtaken(&self) -> ImportError {
        ImportError::Overtaken(self.source.clone())
    }

    pub(super) fn too_large(stream: &StreamName) -> StoreError {
        StoreError::Refused {
            store: "event store".to_owned(),
            detail: format!("an event of {stream} exceeds the size of an append"),
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
