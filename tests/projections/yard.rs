//! A log and views to fold it into, and how tests make things happen there.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use futures_util::poll;
use madang::ambient::{Clock, new_command_id};
use madang::calendar::Calendar;
use madang::command::Commands;
use madang::command::ids::Ids;
use madang::domain::article::{ArticleEvent, Text};
use madang::domain::board::{BoardEvent, BoardSettings, CommentDepth};
use madang::domain::comment::CommentEvent;
use madang::domain::like::LikeEvent;
use madang::domain::snowflake::Node;
use madang::domain::text::{BoardDescription, BoardName, Content, Title, WriterName};
use madang::domain::{ArticleId, BoardId, Event, Revision, Timestamp, UserId};
use madang::event_store::codec::{self, Metadata};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{
    EventStore as _, Expected, NewEvent, Page, Position, RecordedEvent, StreamName, identity,
};
use madang::hot::Hot;
use madang::projections::checkpoint::{Checkpoint, Identity, verified};
use madang::projections::fold::{Batch, Folded, OnUnfit, fold};
use madang::views::dialect::Dialect;
use madang::views::{Database, Views};
use serde_json::Value;
use uuid::Uuid;

use crate::stack::{Home, Stack};

/// A log whose first event is its identity, and empty views.
pub(crate) struct Yard {
    pub(crate) log: Arc<SqliteLog>,
    pub(crate) log_id: Uuid,
    pub(crate) views: Views,
    pub(crate) hands: Arc<AtomicI64>,
    newest: HashMap<StreamName, Revision>,
    // Dropped when all that is in it has been.
    home: Home,
}

/// The name of a yard's own views.
const VIEWS: &str = "views.db";

/// Takes all that was folded out of the views.
const EMPTY: &str = "DELETE FROM checkpoint; DELETE FROM parked; DELETE FROM board; \
     DELETE FROM article; DELETE FROM article_counts; DELETE FROM comment; \
     DELETE FROM article_like";

impl Yard {
    /// A new log, and new views on the stack that was chosen. The clock shows 1000.
    pub(crate) async fn open() -> Self {
        Self::at(Home::new()).await
    }

    /// The same with views in a file, whatever stack was chosen.
    pub(crate) async fn embedded() -> Self {
        Self::at(Home::on(Stack::Embedded)).await
    }

    async fn at(home: Home) -> Self {
        let hands = Arc::new(AtomicI64::new(1000));
        let clock = Clock::driven_by(Arc::clone(&hands));
        let (log, log_id) = new_log(&home, &clock).await;
        let views = home.database(VIEWS).await;
        Self {
            views: Views::open(&views).await.unwrap(),
            log,
            log_id,
            hands,
            newest: HashMap::new(),
            home,
        }
    }

    /// Takes up another new log, with the views as empty as they were. Cheaper than another yard.
    pub(crate) async fn renew(&mut self) {
        tamper(&self.views, EMPTY).await;
        self.set_clock(1000);
        (self.log, self.log_id) = new_log(&self.home, &self.clock()).await;
        self.newest.clear();
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::driven_by(Arc::clone(&self.hands))
    }

    /// The fold that the views are: of this log, by the days of those who choose no zone.
    pub(crate) fn identity(&self) -> Identity {
        Identity {
            log_id: self.log_id,
            calendar: calendar(),
        }
    }

    pub(crate) fn set_clock(&self, to: i64) {
        self.hands.store(to, Ordering::Relaxed);
    }

    /// All commands, whose ids run on from where they ended.
    pub(crate) fn commands(&self) -> Commands {
        let node = Node::new(0).unwrap();
        let ids = Ids::open(&self.path("ids.lease"), node, self.clock()).unwrap();
        Commands::new(self.log.clone(), Arc::new(ids))
    }

    /// A file beside the log.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    /// Where the views are.
    pub(crate) async fn database(&self) -> Database {
        self.home.database(VIEWS).await
    }

    /// Where other views are, or may be.
    pub(crate) async fn other_database(&self, name: &str) -> Database {
        self.home.database(name).await
    }

    /// The Redis that belongs to the views, on servers.
    pub(crate) async fn hot(&self) -> Option<Hot> {
        let (url, prefix) = self.home.config().await.redis?;
        Some(Hot::new(url, prefix))
    }

    /// Other views beside the first.
    pub(crate) async fn other_views(&self, name: &str) -> Views {
        let database = self.other_database(name).await;
        Views::open(&database).await.unwrap()
    }

    /// Closes the views, lets go of them and takes up other ones.
    pub(crate) async fn shut(mut self) -> Self {
        let other = self.other_views("elsewhere.db").await;
        std::mem::replace(&mut self.views, other).close().await;
        self
    }

    /// Appends an event to the stream that it belongs to.
    pub(crate) async fn happens(&mut self, event: impl Into<Event>) -> Position {
        let event = event.into();
        let stream = own_stream(&event);
        self.happens_in(stream, encoded(event, self.clock().now()))
            .await
    }

    /// Appends whatever it is to whatever stream.
    pub(crate) async fn happens_in(&mut self, stream: StreamName, event: NewEvent) -> Position {
        self.happen(vec![(stream, event)]).await
    }

    /// Appends many events, in this order; answers with the last one's position.
    pub(crate) async fn happen(&mut self, events: Vec<(StreamName, NewEvent)>) -> Position {
        let (mut appends, mut last) = (Vec::new(), Position::START);
        for (stream, event) in events {
            let expected = Expected::from(self.newest.get(&stream).copied());
            self.newest.insert(stream.clone(), expected.first());
            let log = Arc::clone(&self.log);
            let append = async move { log.append(&stream, expected, vec![event]).await };
            let mut append = Box::pin(append);
            // Takes its place in the queue, so that they share a commit and keep their order. The
            // writer may be on another thread, and have answered already.
            match poll!(&mut append) {
                Poll::Ready(done) => last = last.max(done.unwrap().position),
                Poll::Pending => appends.push(append),
            }
        }
        for append in appends {
            last = last.max(append.await.unwrap().position);
        }
        last
    }

    /// All that the log holds.
    pub(crate) async fn events(&self) -> Vec<RecordedEvent> {
        let page = Page::forward(4096);
        self.log.read_all(Position::START, page).await.unwrap()
    }

    pub(crate) async fn checkpoint(&self) -> Checkpoint {
        verified(&self.views, &*self.log, &self.identity())
            .await
            .unwrap()
    }

    /// Folds what the views do not have yet, as one batch.
    pub(crate) async fn fold(&self) -> Folded {
        let checkpoint = self.checkpoint().await;
        let page = Page::forward(4096);
        let rest = self.log.read_all(checkpoint.position, page).await.unwrap();
        fold(&self.views, &checkpoint, &batch(&rest), OnUnfit::Park)
            .await
            .unwrap()
    }

    /// Folds `events` into empty views, in batches of these sizes and then the rest at once; answers
    /// with all that is in the views then.
    pub(crate) async fn folded(&self, events: &[RecordedEvent], sizes: &[usize]) -> Vec<String> {
        let views = self.other_views("folded.db").await;
        tamper(&views, EMPTY).await;
        self.fold_into(&views, events, sizes).await;
        let all = dump(&views).await;
        views.close().await;
        all
    }

    /// Empties the views and folds `events` into them, in batches of these sizes and then the rest at
    /// once. Cheaper than new views each time.
    pub(crate) async fn fold_anew(&self, events: &[RecordedEvent], sizes: &[usize]) {
        tamper(&self.views, EMPTY).await;
        self.fold_into(&self.views, events, sizes).await;
    }

    async fn fold_into(&self, views: &Views, events: &[RecordedEvent], sizes: &[usize]) {
        let checkpoint = verified(views, &*self.log, &self.identity()).await;
        let mut checkpoint = checkpoint.unwrap();
        let mut sizes = sizes.iter();
        let mut rest = events;
        while !rest.is_empty() {
            let size = sizes
                .next()
                .map_or(rest.len(), |size| rest.len().min(*size));
            let (now, later) = rest.split_at(size);
            let folded = fold(views, &checkpoint, &batch(now), OnUnfit::Park).await;
            checkpoint = folded.unwrap().checkpoint;
            rest = later;
        }
    }
}

async fn new_log(home: &Home, clock: &Clock) -> (Arc<SqliteLog>, Uuid) {
    let path = home.path(format!("{}.db", new_command_id()));
    let log = SqliteLog::open(&path, clock.clone()).await.unwrap();
    let log_id = identity::ensure(&log, clock).await.unwrap();
    (Arc::new(log), log_id)
}

/// The days of those who choose no zone.
pub(crate) fn calendar() -> Calendar {
    Calendar::named(Calendar::DEFAULT_ZONE).unwrap()
}

/// Events that follow each other in the log, as one batch.
pub(crate) fn batch(events: &[RecordedEvent]) -> Batch {
    let mut batch = Batch::default();
    for event in events {
        batch.push(event.clone());
    }
    batch
}

/// Every row of every table, with the table's name; not what the projector reports of itself, nor who
/// has a node number, which is no view.
pub(crate) async fn dump(views: &Views) -> Vec<String> {
    const SQLITE: &str = "SELECT 'SELECT ''' || m.name || ' '' || json_array(' || \
         group_concat(iif(p.type = 'BLOB', 'hex(' || p.name || ')', p.name), ', ') || \
         ') FROM ' || m.name \
         FROM sqlite_schema AS m, pragma_table_info(m.name) AS p \
         WHERE m.type = 'table' AND m.name <> '_sqlx_migrations' AND p.name NOT IN \
         ('head', 'lag_events', 'lag_ms', 'state', 'error', 'reported_at') GROUP BY m.name";
    const MYSQL: &str = "SELECT CONCAT('SELECT CONCAT(''', c.table_name, ' '', JSON_ARRAY(', \
         GROUP_CONCAT(IF(c.data_type REGEXP 'blob|binary', CONCAT('HEX(', c.column_name, ')'), \
         c.column_name) ORDER BY c.ordinal_position), ')) FROM ', c.table_name) \
         FROM information_schema.columns AS c \
         WHERE c.table_schema = DATABASE() AND c.table_name NOT IN ('_sqlx_migrations', 'node_lease') AND \
         c.column_name NOT IN \
         ('head', 'lag_events', 'lag_ms', 'state', 'error', 'reported_at') GROUP BY c.table_name";
    let dialect = views.writer().acquire().await.unwrap().dialect();
    let tables = match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::MySql => MYSQL,
    };
    let mut rows = Vec::new();
    for sql in texts(views, tables).await {
        rows.extend(texts(views, kept(sql)).await);
    }
    // How far the entries in Redis are: of those, not of these rows.
    rows.retain(|row| !row.starts_with(r#"checkpoint ["redis""#));
    rows.sort_unstable();
    rows
}

/// Statements live as long as the process: the same one each time.
fn kept(sql: String) -> &'static str {
    static KEPT: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sql) = kept.get(sql.as_str()) {
        return sql;
    }
    let sql = sql.leak();
    kept.insert(sql);
    sql
}

/// What a statement answers whose rows are one JSON array each.
pub(crate) async fn select(views: &Views, sql: &'static str) -> Vec<Value> {
    let texts = texts(views, sql).await;
    texts
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

/// The texts that a statement finds.
async fn texts(views: &Views, sql: &'static str) -> Vec<String> {
    let mut connection = views.writer().acquire().await.unwrap();
    let rows = connection.statement(sql);
    let rows = rows.fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.try_get(0).unwrap()).collect()
}

/// Changes the views behind everybody's back.
pub(crate) async fn tamper(views: &Views, sql: &'static str) {
    let mut connection = views.writer().acquire().await.unwrap();
    connection.run(sql).await.unwrap();
}

/// The stream that an event belongs to.
pub(crate) fn own_stream(event: &Event) -> StreamName {
    match event {
        Event::LogCreated { .. } => StreamName::log(),
        Event::ImportPlanned { .. } => StreamName::import("somewhere"),
        Event::Board(
            BoardEvent::Created { board_id, .. }
            | BoardEvent::Updated { board_id, .. }
            | BoardEvent::Closed { board_id },
        ) => StreamName::board(*board_id),
        Event::Article(
            ArticleEvent::Created { article_id, .. }
            | ArticleEvent::Updated { article_id, .. }
            | ArticleEvent::Deleted { article_id, .. },
        ) => StreamName::article(*article_id),
        Event::Comment(
            CommentEvent::Created { comment_id, .. }
            | CommentEvent::Updated { comment_id, .. }
            | CommentEvent::Deleted { comment_id, .. },
        ) => StreamName::comment(*comment_id),
        Event::Like(
            LikeEvent::Liked {
                article_id,
                user_id,
            }
            | LikeEvent::Unliked {
                article_id,
                user_id,
            },
        ) => StreamName::like(*article_id, user_id),
        Event::ArticlesViewed { .. } => StreamName::views(Node::new(0).unwrap(), 20_261_119),
    }
}

/// An event by Kim.
pub(crate) fn encoded(event: Event, occurred_at: Timestamp) -> NewEvent {
    encoded_by(UserId::parse("kim").unwrap(), event, occurred_at)
}

pub(crate) fn encoded_by(actor: UserId, event: Event, occurred_at: Timestamp) -> NewEvent {
    let command_id = new_command_id();
    let metadata = Metadata {
        correlation_id: command_id,
        causation_id: command_id,
        actor,
        occurred_at,
        trace_id: None,
        import: None,
    };
    codec::encode(event, codec::event_id(command_id, 0), &metadata)
}

/// The log that has these events, in this order.
pub(crate) fn record(
    events: impl IntoIterator<Item = (StreamName, NewEvent)>,
) -> Vec<RecordedEvent> {
    let mut lengths: HashMap<StreamName, u64> = HashMap::new();
    let recorded = |(number, (stream, event)): (u64, (StreamName, NewEvent))| {
        let length = lengths.entry(stream.clone()).or_default();
        let revision = Revision(*length);
        *length += 1;
        RecordedEvent {
            position: Position::new(0, number),
            stream,
            revision,
            event_id: event.event_id,
            event_type: event.event_type.to_owned(),
            data: event.data,
            metadata: event.metadata,
            recorded_at: Timestamp(0),
        }
    };
    (1..).zip(events).map(recorded).collect()
}

pub(crate) fn board(number: i64) -> BoardId {
    BoardId::from_i64(number).unwrap()
}

pub(crate) fn article(number: i64) -> ArticleId {
    ArticleId::from_i64(number).unwrap()
}

pub(crate) fn settings(name: &str) -> BoardSettings {
    BoardSettings {
        name: BoardName::parse(name).unwrap(),
        description: BoardDescription::parse("").unwrap(),
        max_comment_depth: CommentDepth::default(),
    }
}

pub(crate) fn text(title: &str) -> Text {
    Text {
        title: Title::parse(title).unwrap(),
        content: Content::parse("words").unwrap(),
    }
}

pub(crate) fn opened(number: i64) -> BoardEvent {
    BoardEvent::Created {
        board_id: board(number),
        settings: settings("yard"),
    }
}

/// The article with this number, on the board with that number.
pub(crate) fn posted(number: i64, on: i64) -> ArticleEvent {
    ArticleEvent::Created {
        article_id: article(number),
        board_id: board(on),
        text: text("first"),
        writer_name: WriterName::parse("Kim Minji").unwrap(),
    }
}

pub(crate) fn edited(number: i64, on: i64) -> ArticleEvent {
    ArticleEvent::Updated {
        article_id: article(number),
        board_id: board(on),
        text: text("second"),
    }
}

pub(crate) fn deleted(number: i64, on: i64) -> ArticleEvent {
    ArticleEvent::Deleted {
        article_id: article(number),
        board_id: board(on),
        created_at: Timestamp(1000),
    }
}

/// The position of the n-th event of the log, as a view shows it.
pub(crate) fn at(number: u64) -> String {
    Position::new(0, number).to_string()
}
