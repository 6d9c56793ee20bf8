//! How fast a projector folds a log of articles into an empty MariaDB, against the same rows by
//! multi-row INSERT alone: into the same tables on the same server, in statements and transactions
//! of the same sizes, prepared by the same driver, from rows that lie ready in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use madang::config::Settings;
use madang::event_store::EventStore;
use madang::event_store::sqlite::SqliteLog;
use madang::views::{Database, Views};
use sqlx::mysql::{MySql, MySqlArguments, MySqlConnection};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::runtime::Runtime;

use crate::projector::{self, Projector};
use crate::servers::MariaDb;
use crate::support;

/// Articles in the log.
const ARTICLES: u64 = if cfg!(debug_assertions) {
    2_000
} else {
    200_000
};
const ROUNDS: usize = 3;
/// Rows of a statement, as the fold has them: fewer of those that hold contents.
const WIDE: usize = 64;
const NARROW: usize = 256;

type Statement = Query<'static, MySql, MySqlArguments>;
/// The rows, column by column.
type Board = (i64, String, String, i64, i64, bool, i64, i64, String);
type Article = (
    i64,
    i64,
    String,
    String,
    Vec<u8>,
    String,
    i64,
    Option<i64>,
    i64,
    bool,
    String,
);
type Counts = (i64, i64, i64, bool, i64, i64, i64, i64, i64, String);

/// Makes a log and writes it both ways, in turn.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async {
        let Some(server) = MariaDb::start() else {
            return;
        };
        let directory = support::directory();
        let log = support::long_log(directory.path(), ARTICLES).await;
        let (mut rates, mut ratios, mut transactions) = (Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            let (folded, rows) = fold(&server, &log).await;
            let alone = insert(&server, &rows).await;
            rates.push(f64::from(u32::try_from(ARTICLES).expect("small")) / folded);
            ratios.push(alone / folded);
            transactions = rows.batches.len();
        }
        println!(
            "{ARTICLES} articles into MariaDB in {transactions} transactions: {:.0} events/s, {:.2} \
             x the same rows by multi-row INSERT alone (median of {ROUNDS} rounds)",
            support::median(&mut rates),
            support::median(&mut ratios),
        );
        log.close().await;
    });
}

/// Folds the log into a new database; answers with the seconds, and with the rows that are there then.
async fn fold(server: &MariaDb, log: &Arc<SqliteLog>) -> (f64, Rows) {
    let (url, views) = empty(server, "folded").await;
    let batches: Arc<Mutex<Vec<Vec<i64>>>> = Arc::default();
    let noted = Arc::clone(&batches);
    let on_commit = Arc::new(move |touched: &madang::views::Touched| {
        let ids = touched.articles.iter().map(|id| id.to_i64());
        let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push(ids.collect());
    });
    let runner = projector::of_sql(log, &views, on_commit).await;
    let head = log.head().await.expect("a head");
    let begun = Instant::now();
    let mut projector = Projector::start(runner);
    projector.reach(head).await;
    let took = begun.elapsed().as_secs_f64();
    projector.stop().await;
    views.close().await;
    let batches = std::mem::take(&mut *batches.lock().unwrap_or_else(PoisonError::into_inner));
    let rows = Rows::read(&url, batches).await;
    server.drop("folded").await;
    (took, rows)
}

/// A new database with empty tables.
async fn empty(server: &MariaDb, name: &str) -> (String, Views) {
    let url = server.create(name).await;
    let views = Views::open(&database(&url)).await.expect("views");
    (url, views)
}

fn database(url: &str) -> Database {
    let settings = Settings {
        database: Some(url.to_owned()),
        ..Settings::default()
    };
    settings.resolve().expect("a database").database
}

/// All rows, by the transactions that wrote them.
struct Rows {
    boards: Vec<Board>,
    batches: Vec<(Vec<Article>, Vec<Counts>)>,
}

impl Rows {
    async fn read(url: &str, batches: Vec<Vec<i64>>) -> Self {
        let mut connection = MySqlConnection::connect(url).await.expect("a connection");
        let boards = sqlx::query_as("SELECT * FROM board").fetch_all(&mut connection);
        let boards = boards.await.expect("boards");
        let articles = sqlx::query_as("SELECT * FROM article").fetch_all(&mut connection);
        let articles: Vec<Article> = articles.await.expect("articles");
        let counts = sqlx::query_as("SELECT * FROM article_counts").fetch_all(&mut connection);
        let counts: Vec<Counts> = counts.await.expect("counts");
        let mut articles: HashMap<_, _> = articles.into_iter().map(|row| (row.0, row)).collect();
        let mut counts: HashMap<_, _> = counts.into_iter().map(|row| (row.0, row)).collect();
        let batches = batches.into_iter().map(|ids| {
            let articles = ids.iter().filter_map(|id| articles.remove(id)).collect();
            let counts = ids.iter().filter_map(|id| counts.remove(id)).collect();
            (articles, counts)
        });
        Self {
            batches: batches.collect(),
            boards,
        }
    }
}

/// Writes the rows into a new database; answers with the seconds.
async fn insert(server: &MariaDb, rows: &Rows) -> f64 {
    let (url, views) = empty(server, "inserted").await;
    views.close().await;
    let mut connection = MySqlConnection::connect(&url).await.expect("a connection");
    let begun = Instant::now();
    insert_boards(&mut connection, &rows.boards).await;
    for (articles, counts) in &rows.batches {
        let mut transaction = connection.begin().await.expect("a transaction");
        insert_articles(&mut transaction, articles).await;
        insert_counts(&mut transaction, counts).await;
        transaction.commit().await.expect("a commit");
    }
    let took = begun.elapsed().as_secs_f64();
    let count = sqlx::query_scalar("SELECT count(*) FROM article").fetch_one(&mut connection);
    let count: i64 = count.await.expect("a count");
    assert_eq!(u64::try_from(count), Ok(ARTICLES));
    server.drop("inserted").await;
    took
}

async fn insert_boards(connection: &mut MySqlConnection, boards: &[Board]) {
    write(connection, ("board", 9, NARROW), boards, |query, row| {
        let (id, name, description, depth, count, closed, created_at, revision, position) = row;
        let query = query.bind(id).bind(name).bind(description).bind(depth);
        let query = query.bind(count).bind(closed).bind(created_at);
        query.bind(revision).bind(position)
    })
    .await;
}

async fn insert_articles(connection: &mut MySqlConnection, articles: &[Article]) {
    write(connection, ("article", 11, WIDE), articles, |query, row| {
        let (id, board_id, title, content, writer_id, writer_name, ..) = row;
        let (.., created_at, modified_at, revision, deleted, position) = row;
        let query = query.bind(id).bind(board_id).bind(title).bind(content);
        let query = query.bind(writer_id).bind(writer_name).bind(created_at);
        let query = query.bind(modified_at).bind(revision);
        query.bind(deleted).bind(position)
    })
    .await;
}

async fn insert_counts(connection: &mut MySqlConnection, counts: &[Counts]) {
    let into = ("article_counts", 10, NARROW);
    write(connection, into, counts, |query, row| {
        let (id, board_id, day, deleted, comments, visible_comments, ..) = row;
        let (.., likes, views, score, position) = row;
        let query = query.bind(id).bind(board_id).bind(day).bind(deleted);
        let query = query.bind(comments).bind(visible_comments).bind(likes);
        query.bind(views).bind(score).bind(position)
    })
    .await;
}

/// Writes rows of a table with so many columns, so many at a time.
async fn write<R>(
    connection: &mut MySqlConnection,
    (table, columns, most): (&str, usize, usize),
    rows: &[R],
    bind: impl Fn(Statement, &R) -> Statement,
) {
    let text = |rows: usize| {
        let row = format!("({})", vec!["?"; columns].join(", "));
        format!("INSERT INTO {table} VALUES {}", vec![row; rows].join(", "))
    };
    let full: Arc<str> = text(most).into();
    for rows in rows.chunks(most) {
        let query = if rows.len() == most {
            sqlx::query(AssertSqlSafe(Arc::clone(&full)))
        } else {
            sqlx::query(AssertSqlSafe(text(rows.len())))
        };
        let query = rows.iter().fold(query, &bind);
        query.execute(&mut *connection).await.expect("an insert");
    }
}
