//! How a server goes about the statements: nothing is looked for in a whole table, and nothing is put
//! in order that an index has in order.
//!
//! The server itself tells, of each statement that it has run: its log of slow statements takes all of
//! them, with their plans. The tables are so large that it has to choose, and much of everything is of
//! one article and of one board, so that another index than the right one is tempting.

use std::collections::BTreeSet;

use madang::domain::{Event, Timestamp};
use madang::query::wait::Progress;
use madang::query::{Part, Queries};
use madang::views::Views;

use super::Desk;
use super::hot::Warm;
use super::popular::{NOON, OUT, time};
use crate::projections::readers::{
    comment, commented, liked, removed, replied, reworded, unliked, viewed,
};
use crate::projections::yard::{
    Yard, article, board, calendar, edited, encoded, opened, own_stream, posted,
};
use crate::servers::mariadb::MariaDb;
use crate::servers::redis::Redis;
use crate::views::refusals::{location, say};

/// 20,000 articles on two boards, on ten days, every tenth deleted; 20,000 comments on one article and
/// half as many on others; 20,000 likes, half of them of one article; 200 parked events.
const CROWD: &str = "
INSERT INTO board SELECT seq, 'n', '', 100, 9000, 0, 0, 0, '' FROM seq_1_to_2;
INSERT INTO article SELECT seq, seq % 2 + 1, 't', REPEAT('words ', 20), 'kim', 'Kim', 0, NULL, 0,
    seq % 10 = 0, '' FROM seq_1_to_20000;
INSERT INTO article_counts SELECT seq, seq % 2 + 1, 20261110 + seq DIV 2000, seq % 10 = 0,
    IF(seq = 1, 20000, 0), IF(seq = 1, 20000, 0), 0, 0, IF(seq % 10 = 0, 0, seq % 7), ''
    FROM seq_1_to_20000;
INSERT INTO comment SELECT 100000 + seq, IF(seq > 20000, seq % 5000 + 2, 1),
    IF(seq % 2 = 0 AND seq <= 20000, 100001, 0), 1, 0, 0, seq % 20 <> 0, 0, 0, NULL, '',
    UNHEX(LPAD(HEX(100000 + seq), 16, '0')), 'kim', 'Kim', REPEAT('words ', 10)
    FROM seq_0_to_30000;
INSERT INTO article_like SELECT IF(seq > 10000, seq % 3000 + 2, 1), CONCAT('user', seq), 1, 0, 0, ''
    FROM seq_1_to_20000;
INSERT INTO parked SELECT 'sql', CONCAT('parked', seq), CONCAT('article-', seq), 0, '', ''
    FROM seq_1_to_200;
ANALYZE TABLE board, article, article_counts, comment, article_like, parked";

/// From now on connections have all statements noted.
const NOTE: &str = "SET GLOBAL slow_query_log_file = 'statements', GLOBAL slow_query_log = ON, \
     GLOBAL long_query_time = 0, GLOBAL log_slow_verbosity = 'query_plan,explain'";

/// A table that is no longer than this may be read as a whole.
const FEW: u64 = 10;

/// What statements have in them, and how the server gets at each table: its name, the way and the
/// index.
const WAYS: &[(&str, &str)] = &[
    // Queries: any stretch of a tree, of a level and of a board's list is one range.
    (" AND path > ", "c range comment_by_path"),
    ("LIMIT 1 OFFSET", "comment ref comment_by_path"),
    ("AND comment_id > ", "c range comment_by_parent"),
    (
        "AND a.article_id < ",
        "a range article_by_board, n eq_ref PRIMARY",
    ),
    (
        ") AS p ",
        "<derived2> ALL NULL, a eq_ref PRIMARY, n eq_ref PRIMARY, article ref article_by_board",
    ),
    (
        "n.score > 0",
        "n range article_counts_popular, a eq_ref PRIMARY",
    ),
    ("SELECT a.deleted, CASE", "a const PRIMARY, l const PRIMARY"),
    (
        "c.visible = 1 AND a.deleted",
        "c const PRIMARY, a const PRIMARY",
    ),
    ("SELECT visible FROM comment", "comment const PRIMARY"),
    ("SELECT visible_replies FROM", "comment const PRIMARY"),
    ("SELECT path FROM comment WHERE", "comment const PRIMARY"),
    ("SELECT comments, likes", "article_counts const PRIMARY"),
    // Fills.
    (
        "WHERE a.article_id IN (1)",
        "a const PRIMARY, n const PRIMARY, checkpoint const PRIMARY",
    ),
    (
        ") AS newest",
        "<derived2> ALL NULL, article ref article_by_board",
    ),
    (
        ") AS scores",
        "<derived2> ALL NULL, article_counts ref article_counts_popular",
    ),
    // Folds, of four of everything at once.
    (
        "FROM article WHERE article_id IN (50000, ",
        "article range PRIMARY",
    ),
    (
        "FROM article_counts WHERE article_id IN (50000, ",
        "article_counts range PRIMARY",
    ),
    (
        "FROM comment WHERE comment_id IN (500000, ",
        "comment range PRIMARY",
    ),
    (
        "FROM article_like WHERE (article_id = 50000 ",
        "article_like range PRIMARY",
    ),
    (
        "UPDATE comment AS c",
        "<derived2> ALL NULL, c eq_ref PRIMARY",
    ),
    (
        "AND stream IN ('madang-log', ",
        "parked range parked_by_stream",
    ),
];

/// A yard on a server of its own, with a crowd in its views.
async fn yard(server: &MariaDb) -> Yard {
    let database = server.database().await;
    let location = location(&database.url);
    Views::open(&location).await.unwrap().close().await;
    say(&database.url, CROWD).await;
    say(&database.url, NOTE).await;
    let mut yard = Yard::embedded().await;
    yard.views = Views::open(&location).await.unwrap();
    yard.set_clock(time(NOON).0);
    yard
}

impl Yard {
    async fn all_happen(&mut self, events: Vec<Event>) {
        let now = self.clock().now();
        let events = events.into_iter();
        let events = events.map(|event| (own_stream(&event), encoded(event, now)));
        self.happen(events.collect()).await;
        self.fold().await;
    }

    /// Four of everything is there, and then changes.
    async fn lives(&mut self) {
        let mut born: Vec<Event> = vec![opened(9).into()];
        born.extend((0..4).map(|n| posted(50_000 + n, 9).into()));
        born.extend((0..4).map(|n| commented(500_000 + n, 50_000).into()));
        born.extend((0..4).map(|n| liked(50_000 + n, "kim").into()));
        self.all_happen(born).await;
        let mut changed: Vec<Event> = Vec::new();
        changed.extend((0..4).map(|n| edited(50_000 + n, 9).into()));
        changed.extend((0..4).map(|n| replied(600_000 + n, 50_000, &[500_000 + n]).into()));
        changed.extend((0..4).map(|n| unliked(50_000 + n, "kim").into()));
        changed.push(viewed(&[0, 1, 2, 3].map(|n| (50_000 + n, 1))));
        self.all_happen(changed).await;
        let reworded = (0..4).map(|n| reworded(500_000 + n, 50_000).into());
        self.all_happen(reworded.collect()).await;
        let removed = (0..4).map(|n| removed(600_000 + n, 50_000).into());
        self.all_happen(removed.collect()).await;
    }
}

/// The beginning of a list, and what follows half of it, by page and by cursor.
fn parts(after: i64, size: u32) -> [Part; 4] {
    [
        Part::After { after: None, size },
        Part::After {
            after: Some(after),
            size,
        },
        Part::Page { number: 1, size },
        Part::Page { number: 100, size },
    ]
}

impl Desk {
    /// Every query, where there is much to be read.
    async fn is_asked_everything(&self) {
        self.article(article(1), None).await;
        self.board(board(2)).await;
        for part in parts(10_000, 30) {
            self.board_articles(board(2), part).await;
            self.boards(part).await;
        }
        for part in parts(110_000, 30) {
            self.tree(1, part).await;
        }
        for after in [None, Some(110_000)] {
            self.level((1, Some(100_001)), after).await;
        }
        self.comment(100_001).await;
        self.liked(1, "user1").await;
        self.popular(None, OUT).await;
        let queries = &self.queries;
        queries.counts(article(1)).await.unwrap();
        queries.view_count(article(1)).await.unwrap();
        queries.reply_count(comment(100_001)).await.unwrap();
        queries.article_count(board(1)).await.unwrap();
        queries.projections(Timestamp(0)).await.unwrap();
    }

    /// The same, with neither cache nor Redis before SQL.
    fn bare(mut self) -> Self {
        let progress = Progress::told_by(self.progress.subscribe());
        let queries = Queries::new(self.yard.views.clone(), progress, calendar());
        self.queries = queries.without_cache();
        self
    }
}

/// What the server has noted of one statement.
struct Noted<'n> {
    sql: &'n str,
    /// The steps of the plan, each with its columns.
    plan: Vec<Vec<&'n str>>,
}

impl<'n> Noted<'n> {
    fn of(note: &'n str) -> Self {
        let steps = note
            .lines()
            .filter_map(|line| line.strip_prefix("# explain: "));
        let steps = steps.filter(|step| !step.starts_with("id\t"));
        Self {
            sql: note
                .rsplit_once("SET timestamp=")
                .map_or("", |(_, sql)| sql),
            plan: steps.map(|step| step.split('\t').collect()).collect(),
        }
    }

    /// How it got at each table: its name, the way and the index.
    fn ways(&self) -> String {
        let way = |step: &Vec<&str>| format!("{} {} {}", step[2], step[3], step[5]);
        let tables = self.plan.iter().filter(|step| step[2] != "NULL");
        tables.map(way).collect::<Vec<_>>().join(", ")
    }

    /// Whether a table of more than a few rows was read from its beginning to its end, or put in order.
    /// A derived one is no longer than a page.
    fn is_clumsy(&self) -> bool {
        self.plan.iter().any(|step| {
            let read = step[1] != "INSERT" && !step[2].starts_with('<');
            let whole = matches!(step[3], "ALL" | "index");
            let rows = step[8].parse().unwrap_or(0);
            let sorted = step[12].contains("filesort");
            read && (whole && rows > FEW || sorted)
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_finds_everything_by_an_index() {
    let mut server = MariaDb::start();
    let redis = Redis::start();
    let mut yard = yard(&server).await;
    yard.lives().await;
    let warm = Warm::behind((&redis, &redis.url()), "madang", yard).await;
    warm.desk.is_asked_everything().await;
    warm.desk.bare().is_asked_everything().await;
    let file = server.process().directory().join("data/statements");
    // Paths are no text.
    let file = std::fs::read(file).unwrap();
    let file = String::from_utf8_lossy(&file);
    let noted: Vec<_> = file.split("\n# User@Host").map(Noted::of).collect();
    for (part, expected) in WAYS {
        let of_it = noted.iter().filter(|noted| noted.sql.contains(part));
        let ways: BTreeSet<_> = of_it.map(Noted::ways).collect();
        assert_eq!(Vec::from_iter(ways), [*expected], "{part}");
    }
    let of_views = |noted: &&Noted| !noted.sql.contains(" information_schema.");
    for noted in noted.iter().filter(of_views) {
        assert!(!noted.is_clumsy(), "{}: {:?}", noted.sql, noted.plan);
    }
}
