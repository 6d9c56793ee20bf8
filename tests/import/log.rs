//! A log to import into, one that dies on the way, and what a log holds apart from its ids.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use async_trait::async_trait;
use madang::ambient::Clock;
use madang::command::ids::Ids;
use madang::command::import::{
    Comment, Fate, ImportError, Importer, Post, Record, Source, Stop, Told, What, author_id,
};
use madang::domain::Timestamp;
use madang::domain::article::Text;
use madang::domain::snowflake::Node;
use madang::domain::text::{BoardName, Content, Title, WriterName};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{AppendError, EventStore, Page, Position, RecordedEvent, StoreError};
use serde_json::Value;
use tempfile::TempDir;

use crate::wayward::{Whim, away};

/// A log in a directory of its own, and a clock that tests drive.
pub(crate) struct Yard {
    _dir: TempDir,
    pub(crate) log: Arc<SqliteLog>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) hands: Arc<AtomicI64>,
}

impl Yard {
    pub(crate) async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let hands = Arc::new(AtomicI64::new(1_800_000_000_000));
        let clock = Clock::driven_by(hands.clone());
        let path = dir.path().join("log.db");
        let log = SqliteLog::open(&path, clock.clone()).await.unwrap();
        let node = Node::new(0).unwrap();
        let ids = Ids::open(&dir.path().join("ids.lease"), node, clock).unwrap();
        let (log, ids) = (Arc::new(log), Arc::new(ids));
        Self {
            _dir: dir,
            log,
            ids,
            hands,
        }
    }

    /// Imports with plans of at most `keys` ids, and tells what became of each record.
    pub(crate) async fn import<R: Clone + Into<Record>>(
        &self,
        store: Arc<dyn EventStore>,
        (records, keys): (&[R], usize),
    ) -> (Vec<(u64, Fate)>, Result<(), ImportError>) {
        let (told, outcome) = self.import_telling(store, (records, keys)).await;
        let records = told
            .iter()
            .filter(|told| matches!(told.what, What::Post | What::Comment { .. }));
        let mut fates: Vec<_> = records.map(|told| (told.line, told.fate)).collect();
        fates.sort_unstable_by_key(|(line, _)| *line);
        (fates, outcome)
    }

    /// The same, with all that there is to tell.
    pub(crate) async fn import_telling<R: Clone + Into<Record>>(
        &self,
        store: Arc<dyn EventStore>,
        (records, keys): (&[R], usize),
    ) -> (Vec<Told>, Result<(), ImportError>) {
        self.hands.fetch_add(777, Ordering::Relaxed);
        let source = Source::parse("elsewhere").unwrap();
        let opened = Importer::open(store, self.ids.clone(), source, Stop::default()).await;
        let mut importer = match opened {
            Ok(importer) => importer.planning(keys),
            Err(error) => return (Vec::new(), Err(error)),
        };
        let mut outcome = Ok(());
        for record in records {
            outcome = outcome.and(importer.add(record.clone()).await);
            if outcome.is_err() {
                break;
            }
        }
        if outcome.is_ok() {
            outcome = importer.finish().await;
        }
        (importer.take_told(), outcome)
    }

    /// Imports into the log itself, in plans of at most `keys` ids.
    pub(crate) async fn bring(&self, records: &[Record], keys: usize) -> Vec<Told> {
        let store = self.log.clone();
        let (told, outcome) = self.import_telling(store, (records, keys)).await;
        outcome.unwrap();
        told
    }

    pub(crate) async fn head(&self) -> u64 {
        self.log.head().await.unwrap().prepare()
    }
}

/// The `id`-th post, on line `id`.
pub(crate) fn post(id: u64, board: &str) -> Post {
    let author = ["kim", "lee", "박"][usize::try_from(id % 3).unwrap()];
    Post {
        line: id,
        id,
        board: BoardName::parse(board).unwrap(),
        author: author_id(author),
        writer_name: WriterName::parse(author).unwrap(),
        text: Text {
            title: Title::parse(&format!("title {id}")).unwrap(),
            content: Content::parse(&format!("words of {id}")).unwrap(),
        },
        created_at: at(id),
        views: 0,
        liked_by: Vec::new(),
    }
}

fn at(id: u64) -> Timestamp {
    Timestamp(1_400_000_000_000 + i64::try_from(id).unwrap() * 1000)
}

/// The same post with views, and with likes by as many authors as the number says.
pub(crate) fn liked(post: Post, likes: u64) -> Post {
    let authors = (0..likes).map(|number| author_id(&format!("liker {number}")));
    Post {
        views: post.id,
        liked_by: authors.collect(),
        ..post
    }
}

/// The `id`-th comment, on line `id`, under a post and perhaps a comment.
pub(crate) fn comment(id: u64, post: u64, parent: Option<u64>) -> Comment {
    Comment {
        line: id,
        id,
        post,
        parent,
        author: author_id("kim"),
        writer_name: WriterName::parse("kim").unwrap(),
        content: Content::parse(&format!("answer {id}")).unwrap(),
        created_at: at(id),
    }
}

/// Four posts on two boards, and threads that go on across them: on line `n`, record `n`.
pub(crate) fn a_forum() -> Vec<Record> {
    vec![
        liked(post(1, "a"), 2).into(),
        comment(2, 1, None).into(),
        comment(3, 1, Some(2)).into(),
        liked(post(4, "b"), 0).into(),
        comment(5, 1, Some(3)).into(),
        comment(6, 4, None).into(),
        liked(post(7, "a"), 1).into(),
        comment(8, 1, Some(3)).into(),
        post(9, "a").into(),
        comment(10, 7, None).into(),
        comment(11, 1, Some(8)).into(),
        comment(12, 4, Some(6)).into(),
    ]
}

/// Its posts alone, as a release brought them in that knew nothing else, views and likes neither.
pub(crate) fn its_posts_alone() -> Vec<Record> {
    let posts = a_forum().into_iter().filter_map(|record| match record {
        Record::Post(post) => Some(Post {
            views: 0,
            liked_by: Vec::new(),
            ..*post
        }),
        Record::Comment(_) => None,
    });
    posts.map(Record::from).collect()
}

/// Ten posts on three boards.
pub(crate) fn ten_posts() -> Vec<Post> {
    let board = |id: u64| ["a", "a", "b", "a", "c/b"][usize::try_from(id % 5).unwrap()];
    (1..=10).map(|id| post(id, board(id))).collect()
}

pub(crate) async fn everything(log: &dyn EventStore) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |e| e.position);
        let page = log.read_all(after, Page::forward(1000)).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// What a log holds, in order, with the source's keys for ids and without times of recording.
pub(crate) async fn essence(log: &dyn EventStore) -> Vec<String> {
    let events = everything(log).await;
    let plans = events.iter().filter(|e| e.event_type == "ImportPlanned");
    let mut keys = HashMap::new();
    for plan in plans {
        let data: Value = serde_json::from_str(&plan.data).unwrap();
        for (key, id) in data["ids"].as_object().unwrap() {
            keys.insert(id.as_str().unwrap().to_owned(), key.clone());
        }
    }
    let own = events.iter().filter(|e| e.event_type != "LogCreated");
    own.map(|e| {
        let (stream, data) = (named(e.stream.as_str(), &keys), named(&e.data, &keys));
        let (revision, id, name, metadata) = (e.revision, e.event_id, &e.event_type, &e.metadata);
        format!("{stream}@{revision} {id} {name} {data} {metadata}")
    })
    .collect()
}

/// The text with every id that has a key replaced by it.
fn named(text: &str, keys: &HashMap<String, String>) -> String {
    let not_digit = |c: char| !c.is_ascii_digit();
    let name = |run: &str| {
        let digits = run.trim_end_matches(not_digit);
        let rest = &run[digits.len()..];
        format!("{}{rest}", keys.get(digits).map_or(digits, String::as_str))
    };
    text.split_inclusive(not_digit).map(name).collect()
}

/// A log that dies at the `at`-th append: before it is written, or after. The dead answer nothing.
pub(crate) struct Dying {
    pub(crate) at: usize,
    pub(crate) after_write: bool,
    pub(crate) dead: AtomicBool,
}

impl Dying {
    fn die(&self) -> Result<(), AppendError> {
        self.dead.store(true, Ordering::Relaxed);
        Err(away().into())
    }
}

#[async_trait]
impl Whim for Dying {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append > self.at || (append == self.at && !self.after_write) {
            return self.die();
        }
        Ok(())
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        if append == self.at {
            return self.die();
        }
        Ok(())
    }

    async fn reading(&self) -> Result<(), StoreError> {
        if self.dead.load(Ordering::Relaxed) {
            return Err(away());
        }
        Ok(())
    }
}
