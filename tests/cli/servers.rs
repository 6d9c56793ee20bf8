//! The program on a database of a server: what it refuses, with which words, and that it has written
//! nothing then; and a replay there.

use serde_json::json;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::madang::{Place, forum};
use crate::node::server::Server;
use crate::servers::mariadb::{Database, MariaDb};
use crate::servers::redis::Redis;
use crate::views::refusals::say;

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

/// All databases of this name and those beside, their tables and columns, and a sum of what is in
/// the tables.
async fn contents(database: &Database) -> Vec<String> {
    const COLUMNS: &str = "SELECT CONCAT_WS(' ', table_schema, table_name, column_name, column_type) \
         FROM information_schema.columns WHERE table_schema LIKE CONCAT(DATABASE(), '%')";
    const SCHEMAS: &str = "SELECT schema_name FROM information_schema.schemata \
         WHERE schema_name LIKE CONCAT(DATABASE(), '%')";
    const SUMS: &str = "SELECT CONCAT('CHECKSUM TABLE ', GROUP_CONCAT(table_name)) \
         FROM information_schema.tables WHERE table_schema = DATABASE()";
    let mut connection = MySqlConnection::connect(&database.url).await.unwrap();
    let mut found = Vec::new();
    for sql in [SCHEMAS, COLUMNS, SUMS] {
        let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await.unwrap();
        let text = |row: &MySqlRow| row.try_get_unchecked::<Option<String>, _>(0).unwrap();
        found.extend(rows.iter().filter_map(text));
    }
    let sums = found
        .last()
        .filter(|last| last.starts_with("CHECKSUM"))
        .cloned();
    if let Some(sums) = sums {
        let sums = sqlx::raw_sql(AssertSqlSafe(sums)).fetch_all(&mut connection);
        let sum = |row: &MySqlRow| row.try_get_unchecked::<Option<i64>, _>(1).unwrap();
        let sums: Vec<_> = sums.await.unwrap().iter().map(sum).collect();
        found.push(format!("{sums:?}"));
    }
    found
}

impl Place {
    /// A forum that is kept here, with its views at `url` from now on.
    fn with_views_at(url: &str) -> Self {
        let place = Self::new();
        place.write("madang.toml", format!("database = \"{url}\"\n"));
        place.write("forum.jsonl", forum(3));
        place.run(&["import", "forum.jsonl"]).expect(0);
        place
    }

    fn has(&self, database: &Database, redis: &Redis) {
        let (database, redis) = (&database.url, redis.url());
        let both = format!("database = \"{database}\"\nredis = \"{redis}\"\n");
        self.write("madang.toml", both);
    }
}

/// A forum and its views on the server.
async fn folded() -> (Place, Database) {
    let database = MariaDb::shared().await.database().await;
    let place = Place::with_views_at(&database.url);
    place.run(&["replay", "--offline"]).expect(0);
    (place, database)
}

/// What a server says that refuses at its start. It changes nothing in the database.
async fn refused(place: &Place, args: &[&str], database: &Database) -> String {
    let before = contents(database).await;
    let ended = place.run(&[SERVE, args].concat()).expect(1);
    assert_eq!(contents(database).await, before, "{ended:?}");
    ended.stderr
}

#[tokio::test]
async fn who_is_not_let_in_is_told_what_to_look_at() {
    let database = MariaDb::shared().await.database().await;
    let place = Place::with_views_at(&database.url.replace("//root@", "//root:secret@"));
    let said = refused(&place, &[], &database).await;
    assert!(said.contains("check the user and the password"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_made_but_its_statement_is_named() {
    let url = MariaDb::shared().await.url("madang_nowhere");
    let place = Place::with_views_at(&url);
    for args in [SERVE, &["replay", "--offline"]] {
        let ended = place.run(args).expect(1);
        let named = "CREATE DATABASE `madang_nowhere` CHARACTER SET utf8mb4;";
        assert!(ended.stderr.contains(named), "{ended:?}");
    }
    assert!(MySqlConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn somebody_elses_tables_are_left_to_them() {
    let database = MariaDb::shared().await.database().await;
    let theirs = "CREATE TABLE customer (id INT); INSERT INTO customer VALUES (1)";
    say(&database.url, theirs).await;
    let place = Place::with_views_at(&database.url);
    let said = refused(&place, &[], &database).await;
    assert!(said.contains("name another one"), "{said}");
    let before = contents(&database).await;
    place.run(&["replay", "--offline"]).expect(1);
    assert_eq!(contents(&database).await, before);
}

#[tokio::test]
async fn views_of_another_log_or_zone_or_from_ahead_are_refused_until_they_are_replayed() {
    const AHEAD: &str = "UPDATE checkpoint SET position = REPEAT('9', 32), \
         event_position = REPEAT('9', 32) WHERE projection = 'sql'";
    let (place, database) = folded().await;
    let elsewhere = Place::with_views_at(&database.url);
    let said = refused(&elsewhere, &[], &database).await;
    assert!(said.contains("of another log"), "{said}");
    assert!(said.contains("`madang replay --offline`"), "{said}");
    let said = refused(&place, &["--time-zone", "Europe/Berlin"], &database).await;
    let remedy = "`madang replay --offline --time-zone Europe/Berlin`";
    assert!(said.contains(remedy), "{said}");
    say(&database.url, AHEAD).await;
    let said = refused(&place, &[], &database).await;
    assert!(said.contains("ahead of the log"), "{said}");
    assert!(said.contains("`madang replay --offline`"), "{said}");
    place.run(&["replay", "--offline"]).expect(0);
    Server::start(&place).is_ready();
}

#[tokio::test]
async fn a_schema_that_was_edited_is_refused_until_it_is_replayed() {
    let (place, database) = folded().await;
    say(
        &database.url,
        "ALTER TABLE comment DROP KEY comment_by_path",
    )
    .await;
    let said = refused(&place, &[], &database).await;
    assert!(said.contains("comment_by_path"), "{said}");
    assert!(said.contains("`madang replay --offline`"), "{said}");
    place.run(&["replay", "--offline"]).expect(0);
    Server::start(&place).is_ready();
}

#[tokio::test]
async fn a_redis_of_another_log_or_with_another_password_is_refused() {
    let (place, database) = folded().await;
    let redis = Redis::start_with(&["--requirepass", "sesame"]);
    let with = |secret: &str| redis.url().replace("//", &format!("//:{secret}@"));
    let said = refused(&place, &["--redis", &with("guess")], &database).await;
    assert!(said.contains("the user and the password"), "{said}");
    assert!(!said.contains("guess"), "{said}");
    let redis = Redis::start();
    let (theirs, their_database) = folded().await;
    theirs.has(&their_database, &redis);
    let mut server = Server::start(&theirs);
    let generation = begun(&redis).await;
    server.terminate();
    server.ended();
    let said = refused(&place, &["--redis", &redis.url()], &database).await;
    assert!(said.contains("redis_prefix"), "{said}");
    assert_eq!(begun(&redis).await, generation);
}

/// The generation of what is hot; none if there is none.
async fn generation(redis: &Redis) -> Option<String> {
    redis.run("HGET madang:generation generation").await
}

/// The same, once there is one.
async fn begun(redis: &Redis) -> String {
    loop {
        if let Some(generation) = generation(redis).await {
            return generation;
        }
    }
}

#[tokio::test]
async fn a_replay_gives_way_to_a_server_and_makes_what_is_hot_begin_anew() {
    let (place, database) = folded().await;
    let redis = Redis::start();
    place.has(&database, &redis);
    let mut server = Server::start(&place);
    server.is_ready();
    let before = begun(&redis).await;
    let views = contents(&database).await;
    let ended = place.run(&["replay", "--offline"]).expect(1);
    assert!(ended.stderr.contains("stop it first"), "{ended:?}");
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
    let report = place
        .run(&["replay", "--offline", "--json"])
        .expect(0)
        .json();
    // The log's own event and a plan; three boards, posts, comments and views; two likes.
    assert_eq!(
        (&report["events"], &report["parked"]),
        (&json!(16), &json!(0))
    );
    assert_eq!(generation(&redis).await, None);
    assert_eq!(contents(&database).await.len(), views.len());
    let _server = Server::start(&place);
    assert_ne!(begun(&redis).await, before);
}
