//! Answers as they were rendered, for at most a second.
//!
//! What must hold, while readers, loads and the projector run at once: an answer that was loaded
//! before a change was committed is not served after the projector said so. So an entry is good
//! for as long as the count of changes to what it is about (`change_counts`) is what it was before
//! its load began; forgetting is counting up.
//!
//! "Not found" is cached too; errors are not. One load at a time runs for a key, and who comes
//! meanwhile shares it, unless something has changed since it began.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::future::Cache as Moka;

use super::comments::Level;
use super::{Lookup, Part, QueryError};
use crate::calendar::Day;
use crate::change_counts::ChangeCounts;
use crate::domain::{ArticleId, BoardId};
use crate::views::Touched;

/// The greatest age of an answer, counted from before it was loaded.
const MAX_AGE: Duration = Duration::from_secs(1);
/// The most memory that answers take, in bytes.
const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// What an entry takes besides its body, roughly, in bytes.
const ENTRY_BYTES: usize = 256;

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Article(ArticleId),
    Board(BoardId),
    Boards(Part),
    BoardArticles(BoardId, Part),
    Comments(ArticleId, Part),
    Level(Level, Part),
    Popular(Day),
}

#[derive(Clone)]
struct Entry {
    answer: Result<Lookup, QueryError>,
    loaded_at: Instant,
    changes: u64,
}

#[derive(Clone)]
pub(super) struct Cache {
    entries: Moka<Key, Entry>,
    articles: ChangeCounts,
    boards: ChangeCounts,
    lists: ChangeCounts,
    threads: ChangeCounts,
    any_board: Arc<AtomicU64>,
    any_article: Arc<AtomicU64>,
    max_age: Duration,
}

impl Cache {
    pub(super) fn new() -> Self {
        Self::keeping(MAX_AGE)
    }

    fn keeping(max_age: Duration) -> Self {
        let entries = Moka::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, entry: &Entry| entry.bytes())
            .time_to_live(max_age)
            .build();
        Self {
            entries,
            articles: ChangeCounts::default(),
            boards: ChangeCounts::default(),
            lists: ChangeCounts::default(),
            threads: ChangeCounts::default(),
            any_board: Arc::default(),
            any_article: Arc::default(),
            max_age,
        }
    }

    /// A good entry's answer, or that of a load that begins now or is under way.
    pub(super) async fn get_or_load(
        &self,
        key: Key,
        load: impl Future<Output = Result<Lookup, QueryError>> + Send,
    ) -> Result<Lookup, QueryError> {
        if let Some(entry) = self.entries.get(&key).await
            && self.is_good(&key, &entry)
        {
            return entry.answer;
        }
        let asked = self.changes(&key);
        let mut load = pin!(load);
        loop {
            let load = async {
                let (loaded_at, changes) = (Instant::now(), self.changes(&key));
                Entry {
                    answer: load.as_mut().await,
                    loaded_at,
                    changes,
                }
            };
            let stale = |entry: &Entry| !self.is_good(&key, entry);
            let entry = self.entries.entry(key).or_insert_with_if(load, stale).await;
            let entry = entry.into_value();
            // A load that was under way already may have begun before a change that the caller has
            // heard of. Then ours was not begun, and the next one is.
            if entry.changes >= asked {
                return entry.answer;
            }
        }
    }

    /// The answer of a load that begins now.
    pub(super) async fn load_now(
        &self,
        key: Key,
        load: impl Future<Output = Result<Lookup, QueryError>>,
    ) -> Result<Lookup, QueryError> {
        let (loaded_at, changes) = (Instant::now(), self.changes(&key));
        let answer = load.await;
        if answer.is_ok() {
            let entry = Entry {
                answer: answer.clone(),
                loaded_at,
                changes,
            };
            self.entries.insert(key, entry).await;
        }
        answer
    }

    pub(super) fn forget(&self, touched: &Touched) {
        for id in &touched.articles {
            self.articles.changed(id);
        }
        for id in &touched.boards {
            self.boards.changed(id);
        }
        for id in &touched.lists {
            self.lists.changed(id);
        }
        for id in &touched.threads {
            self.threads.changed(id);
        }
        if touched.everything {
            for counts in [&self.articles, &self.boards, &self.lists, &self.threads] {
                counts.all_changed();
            }
        }
        if touched.everything || !touched.boards.is_empty() {
            self.any_board.fetch_add(1, Ordering::Release);
        }
        if touched.everything || !touched.articles.is_empty() {
            self.any_article.fetch_add(1, Ordering::Release);
        }
    }

    fn is_good(&self, key: &Key, entry: &Entry) -> bool {
        entry.answer.is_ok()
            && entry.loaded_at.elapsed() < self.max_age
            && entry.changes == self.changes(key)
    }

    fn changes(&self, key: &Key) -> u64 {
        match key {
            Key::Article(id) => self.articles.of(id),
            Key::Board(id) => self.boards.of(id),
            Key::BoardArticles(id, _) => self.lists.of(id),
            Key::Boards(_) => self.any_board.load(Ordering::Acquire),
            Key::Comments(id, _) => self.threads.of(id),
            Key::Level(level, _) => self.threads.of(&level.article_id),
            // Any of ten articles may have changed, or one that was not among them.
            Key::Popular(_) => self.any_article.load(Ordering::Acquire),
        }
    }
}

impl Entry {
    fn bytes(&self) -> u32 {
        let body = match &self.answer {
            Ok(Lookup::Found(document)) => document.body.len(),
            _ => 0,
        };
        u32::try_from(body + ENTRY_BYTES).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
