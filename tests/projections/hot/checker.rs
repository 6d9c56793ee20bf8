//! Compares every entry of the current generation in Redis with SQL. To be called while nothing
//! happens any more, and Redis has got as far as SQL.

use std::collections::{BTreeMap, BTreeSet};

use madang::views::{Row, Views};
use redis::aio::MultiplexedConnection;

/// The longest life of an entry, in milliseconds: 24 h and a tenth.
const LIFE: i64 = 24 * 60 * 60 * 1100;
/// How many articles of a board are listed, and how few, if there are more.
const LISTED: (usize, usize) = (500, 1000);

type Fields = BTreeMap<String, String>;

/// What SQL holds, as entries would hold it.
#[derive(Default)]
struct Expected {
    position: String,
    /// Live articles; a deleted one has no fields.
    articles: BTreeMap<String, Fields>,
    boards: BTreeMap<String, Fields>,
    /// Live articles of each board, newest first.
    lists: BTreeMap<String, Vec<String>>,
    /// Live articles of each day, with their scores.
    days: BTreeMap<String, BTreeMap<String, String>>,
    /// The last event folded into each row.
    positions: BTreeMap<String, String>,
}

/// Every entry on `nodes` (URLs; all masters of a Cluster, and others may be down) equals its rows in SQL, and lives no longer
/// than it may. Answers how many entries were not mere floors.
pub(crate) async fn hot_equals_sql(views: &Views, nodes: &[String], prefix: &str) -> usize {
    let expected = Expected::of(views).await;
    let mut connections = Vec::new();
    for node in nodes {
        let client = redis::Client::open(node.as_str()).unwrap();
        // A master that a replica has taken the place of.
        let connection = client.get_multiplexed_async_connection().await;
        connections.extend(connection.ok());
    }
    let pointer = pointer(&mut connections, prefix).await;
    assert_eq!(pointer["checkpoint"], expected.position, "R = S");
    let prefix = format!("{prefix}:{}:", pointer["generation"]);
    let mut filled = 0;
    for connection in &mut connections {
        for key in keys(connection, &prefix).await {
            filled += usize::from(expected.entry(connection, &prefix, &key).await);
        }
    }
    filled
}

async fn pointer(connections: &mut [MultiplexedConnection], prefix: &str) -> Fields {
    for connection in connections {
        let mut command = redis::cmd("HGETALL");
        command.arg(format!("{prefix}:generation"));
        // Another node of a Cluster may have it.
        let found: redis::RedisResult<Fields> = command.query_async(connection).await;
        if let Ok(found) = found
            && !found.is_empty()
        {
            return found;
        }
    }
    panic!("there is no pointer");
}

async fn keys(connection: &mut MultiplexedConnection, prefix: &str) -> BTreeSet<String> {
    let (mut cursor, mut keys) = (0_u64, BTreeSet::new());
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor)
            .arg("MATCH")
            .arg(format!("{prefix}*"))
            .arg("COUNT")
            .arg(1000);
        let (next, found): (u64, Vec<String>) = scan.query_async(connection).await.unwrap();
        keys.extend(found);
        if next == 0 {
            return keys;
        }
        cursor = next;
    }
}

async fn rows(views: &Views, select: &'static str) -> Vec<Row> {
    let mut connection = views.readers().acquire().await.unwrap();
    let rows = connection.statement(select);
    rows.fetch_all(&mut connection).await.unwrap()
}

/// Columns from the one at `first` on, under these names: texts, or numbers that may be missing.
fn fields(row: &Row, first: usize, (texts, numbers): (&[&str], &[&str])) -> Fields {
    let text = |column| row.try_get::<String>(column).unwrap();
    let number = |column| {
        let number: Option<i64> = row.try_get(column).unwrap();
        number.map_or_else(String::new, |number| number.to_string())
    };
    let texts_end = first + texts.len();
    let texts = texts.iter().zip(first..).map(|(name, at)| (name, text(at)));
    let numbers = numbers
        .iter()
        .zip(texts_end..)
        .map(|(name, at)| (name, number(at)));
    texts
        .chain(numbers)
        .map(|(name, value)| ((*name).to_owned(), value))
        .collect()
}

fn id(row: &Row, column: usize) -> i64 {
    row.try_get(column).unwrap()
}

fn member(id: i64) -> String {
    format!("{id:019}")
}

impl Expected {
    async fn of(views: &Views) -> Self {
        const AT: &str = "SELECT position FROM checkpoint WHERE projection = 'sql'";
        let mut expected = Self {
            position: rows(views, AT).await[0].try_get(0).unwrap(),
            ..Self::default()
        };
        expected.read_boards(views).await;
        expected.read_articles(views).await;
        expected
    }

    async fn read_boards(&mut self, views: &Views) {
        const SELECT: &str = "SELECT board_id, position, name, description, max_comment_depth, \
             closed, created_at, revision, article_count FROM board";
        const NUMBERS: &[&str] = &[
            "max_comment_depth",
            "closed",
            "created_at",
            "revision",
            "article_count",
        ];
        for row in rows(views, SELECT).await {
            let key = format!("board:{{{}}}", id(&row, 0));
            self.positions.insert(key.clone(), row.try_get(1).unwrap());
            self.lists.insert(key.clone(), Vec::new());
            let fields = fields(&row, 2, (&["name", "description"], NUMBERS));
            self.boards.insert(key, fields);
        }
    }

    async fn read_articles(&mut self, views: &Views) {
        const SELECT: &str = "SELECT a.article_id, a.board_id, n.day, n.score, a.deleted, \
             a.position, n.position, a.title, a.content, a.writer_id, a.writer_name, a.board_id, \
             a.created_at, a.modified_at, a.revision, n.comments, n.likes, n.views \
             FROM article AS a CROSS JOIN article_counts AS n ON n.article_id = a.article_id \
             ORDER BY a.article_id DESC";
        const TEXTS: &[&str] = &["title", "content", "writer_id", "writer_name"];
        const NUMBERS: &[&str] = &[
            "board_id",
            "created_at",
            "modified_at",
            "revision",
            "comment_count",
            "like_count",
            "view_count",
        ];
        for row in rows(views, SELECT).await {
            let (article, board) = (id(&row, 0), id(&row, 1));
            let key = format!("article:{{{article}}}");
            let position: (String, String) = (row.try_get(5).unwrap(), row.try_get(6).unwrap());
            self.positions
                .insert(key.clone(), position.0.max(position.1));
            let day = self.days.entry(format!("popular:{{{:08}}}", id(&row, 2)));
            let day = day.or_default();
            if id(&row, 4) != 0 {
                self.articles.insert(key, Fields::new());
                continue;
            }
            day.insert(member(article), id(&row, 3).to_string());
            let list = self.lists.get_mut(&format!("board:{{{board}}}"));
            list.unwrap().push(member(article));
            self.articles.insert(key, fields(&row, 7, (TEXTS, NUMBERS)));
        }
    }

    /// One key in Redis equals what SQL holds. Answers whether it was the hash of an entry that is
    /// filled.
    async fn entry(&self, connection: &mut MultiplexedConnection, prefix: &str, key: &str) -> bool {
        let mut life = redis::cmd("PTTL");
        let life: i64 = life.arg(key).query_async(connection).await.unwrap();
        assert!(
            life == -2 || (0..=LIFE).contains(&life),
            "{key} lives {life} ms"
        );
        let name = &key[prefix.len()..];
        if life == -2 || name.starts_with("viewed:") || is_beside_a_hash(name) {
            return false;
        }
        let mut fields = redis::cmd("HGETALL");
        let mut fields: Fields = fields.arg(key).query_async(connection).await.unwrap();
        let position = fields.remove("position").unwrap();
        assert!(position <= self.position, "{key} is ahead");
        let hole = fields.remove("hole");
        if fields.is_empty() {
            return false;
        }
        assert_eq!(hole, None, "{key} is filled");
        let known = self.positions.get(name);
        assert!(
            known.is_none_or(|known| position >= *known),
            "{key} is behind"
        );
        if name.starts_with("article:") {
            self.article(name, &mut fields);
        } else {
            let beside = if name.starts_with("board:") {
                format!("{key}:articles")
            } else {
                key.trim_end_matches(":meta").to_owned()
            };
            let mut members = redis::cmd("ZRANGE");
            members.arg(beside).arg(0).arg(-1).arg("WITHSCORES");
            let members: Vec<(String, String)> = members.query_async(connection).await.unwrap();
            let listed = fields.remove("listed").unwrap();
            assert_eq!(listed, members.len().to_string(), "{key} is torn");
            if name.starts_with("board:") {
                self.board(name, fields, members);
            } else {
                self.popular(name, &fields, members);
            }
        }
        true
    }

    fn article(&self, name: &str, fields: &mut Fields) {
        let deleted = fields.remove("deleted");
        let expected = &self.articles[name];
        assert_eq!(fields, expected, "{name}");
        assert_eq!(deleted.is_some(), expected.is_empty(), "{name}");
    }

    fn board(&self, name: &str, mut fields: Fields, members: Vec<(String, String)>) {
        let complete = fields.remove("complete").unwrap() == "1";
        assert_eq!(fields, self.boards[name], "{name}");
        assert!(members.iter().all(|(_, score)| score == "0"), "{name}");
        let listed: Vec<_> = members.into_iter().rev().map(|(id, _)| id).collect();
        let all = &self.lists[name];
        assert_eq!(listed, all[..listed.len()], "{name}");
        if complete {
            assert_eq!(listed.len(), all.len(), "{name} is complete");
        } else {
            assert!((LISTED.0..=LISTED.1).contains(&listed.len()), "{name}");
        }
    }

    fn popular(&self, name: &str, fields: &Fields, members: Vec<(String, String)>) {
        assert!(fields.is_empty(), "{name}: {fields:?}");
        let scores: BTreeMap<_, _> = members.into_iter().collect();
        let none = BTreeMap::new();
        let expected = self.days.get(name.trim_end_matches(":meta"));
        assert_eq!(&scores, expected.unwrap_or(&none), "{name}");
    }
}

/// Whether the key is a sorted set, which is looked at with its hash.
fn is_beside_a_hash(name: &str) -> bool {
    name.ends_with(":articles") || (name.starts_with("popular:") && !name.ends_with(":meta"))
}
