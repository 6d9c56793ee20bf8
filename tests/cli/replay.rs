//! `madang replay`.

use std::path::Path;

use madang::ambient::Clock;
use madang::command::Origin;
use madang::config::{Config, Settings};
use madang::domain::article::Text;
use madang::domain::text::{Content, Title};
use madang::domain::{ArticleId, BoardId, UserId};
use madang::event_store::{Expected, NewEvent, StreamName};
use madang::node::Node;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, query_scalar};
use uuid::Uuid;

use super::madang::{Place, forum};
use crate::import::log::everything;

fn config(place: &Place) -> Config {
    let data_dir = Some(place.path("data"));
    let settings = Settings {
        data_dir,
        ..Settings::default()
    };
    settings.resolve().unwrap()
}

/// A node on the place's data, and the ids of an article and of the board it stands on.
async fn node(place: &Place) -> (Node, ArticleId, BoardId) {
    let node = Node::start(&config(place), Clock::system()).await.unwrap();
    let events = everything(&*node.store).await;
    let article = events
        .iter()
        .find(|e| e.event_type == "ArticleCreated")
        .unwrap();
    let data: serde_json::Value = serde_json::from_str(&article.data).unwrap();
    let id = |field: &str| data[field].as_str().unwrap().to_owned();
    let ids = (
        id("article_id").parse().unwrap(),
        id("board_id").parse().unwrap(),
    );
    (node, ids.0, ids.1)
}

/// Stops the node when its views are level with the log.
async fn level_and_stop(node: Node) {
    let head = node.store.head().await.unwrap();
    let mut status = node.status.clone().unwrap();
    status
        .wait_for(|status| status.position >= head)
        .await
        .unwrap();
    node.stop().await;
}

/// An imported forum with an edit, a deletion and a closed board, as a live projector folds it.
async fn lively(place: &Place) {
    place.write("forum.jsonl", forum(50));
    place.run(&["import", "forum.jsonl"]).expect(0);
    let (node, article, board) = node(place).await;
    let origin = || Origin::now(UserId::parse("kim").unwrap(), &Clock::system());
    let author = Origin {
        actor: madang::command::import::author_id("author 1"),
        ..origin()
    };
    let text = Text {
        title: Title::parse("another").unwrap(),
        content: Content::parse("words").unwrap(),
    };
    node.commands
        .update_article(&author, (article, None), text)
        .await
        .unwrap();
    node.commands
        .delete_article(&origin(), (article, None), true)
        .await
        .unwrap();
    node.commands.close_board(&origin(), board).await.unwrap();
    level_and_stop(node).await;
}

/// All rows of all tables but the columns that a running projector reports.
async fn rows(path: &Path) -> Vec<String> {
    const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' \
         AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name";
    const COLUMNS: &str = "SELECT group_concat('quote(' || name || ')', ' || '' '' || ') \
         FROM pragma_table_info(?) WHERE name NOT IN \
         ('head', 'lag_events', 'lag_ms', 'state', 'error', 'reported_at')";
    let options = SqliteConnectOptions::new().filename(path);
    let mut views = SqliteConnection::connect_with(&options).await.unwrap();
    let tables: Vec<String> = query_scalar(TABLES).fetch_all(&mut views).await.unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let columns: String = query_scalar(COLUMNS)
            .bind(&table)
            .fetch_one(&mut views)
            .await
            .unwrap();
        let sql = format!("SELECT '{table} ' || {columns} FROM {table} ORDER BY 1");
        let found: Vec<String> = query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut views)
            .await
            .unwrap();
        rows.extend(found);
    }
    views.close().await.unwrap();
    rows
}

#[tokio::test]
async fn the_views_are_row_for_row_equal() {
    let place = Place::new();
    lively(&place).await;
    let live = rows(&place.path("data/views.db")).await;
    // A checkpoint, five boards; fifty articles, their counts and a comment on each; 32 likes.
    assert_eq!(live.len(), 188);
    let report = place
        .run(&["replay", "--offline", "--json"])
        .expect(0)
        .json();
    // The log's own event and a plan come before them, fifty comments, the views of fifty and 32
    // likes with them, and three changes behind.
    assert_eq!(
        (report["events"].as_u64(), report["parked"].as_u64()),
        (Some(192), Some(0))
    );
    assert_eq!(rows(&place.path("data/views.db")).await, live);
}

#[tokio::test]
async fn views_that_are_lost_or_damaged_come_back() {
    let place = Place::new();
    lively(&place).await;
    let path = place.path("data/views.db");
    let live = rows(&path).await;
    std::fs::remove_file(&path).unwrap();
    place.run(&["replay", "--offline"]).expect(0);
    assert_eq!(rows(&path).await, live);
    place.write("data/views.db", "no database");
    place.run(&["replay", "--offline"]).expect(0);
    assert_eq!(rows(&path).await, live);
}

#[test]
fn without_offline_it_says_why_it_is_needed() {
    let ended = Place::new().run(&["replay"]).expect(2);
    assert!(ended.stderr.contains("--offline"), "{ended:?}");
    assert!(
        ended.stderr.contains("the server must be stopped"),
        "{ended:?}"
    );
}

#[test]
fn without_a_log_there_is_nothing_to_replay_and_nothing_is_made() {
    let place = Place::new();
    let ended = place.run(&["replay", "--offline"]).expect(1);
    assert!(ended.stderr.contains("no such log"), "{ended:?}");
    assert!(!place.path("data").exists());
}

#[tokio::test]
async fn it_gives_way_to_a_running_server() {
    let place = Place::new();
    lively(&place).await;
    let (node, ..) = node(&place).await;
    let ended = place.run(&["replay", "--offline"]).expect(1);
    assert!(ended.stderr.contains("stop it first"), "{ended:?}");
    assert!(
        ended.stderr.contains(&std::process::id().to_string()),
        "{ended:?}"
    );
    node.stop().await;
}

/// Puts an event into the log that no release can read.
async fn spoil(place: &Place) {
    let log = place.served_log().await;
    let event = NewEvent {
        event_id: Uuid::from_u128(1),
        event_type: "ArticleCreated",
        data: "{}".to_owned(),
        metadata: "{}".to_owned(),
    };
    let stream = StreamName::recorded("article-1".to_owned());
    log.append(&stream, Expected::NoStream, vec![event])
        .await
        .unwrap();
    log.close().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_folded_stops_it_and_changes_nothing() {
    let place = Place::new();
    lively(&place).await;
    let live = rows(&place.path("data/views.db")).await;
    spoil(&place).await;
    let ended = place.run(&["replay", "--offline"]).expect(1);
    assert!(ended.stderr.contains("nothing was changed"), "{ended:?}");
    assert!(ended.stderr.contains("--park"), "{ended:?}");
    assert!(ended.stderr.contains("article-1"), "{ended:?}");
    assert_eq!(rows(&place.path("data/views.db")).await, live);
}

#[tokio::test]
async fn it_can_be_told_to_park_such_events() {
    let place = Place::new();
    lively(&place).await;
    spoil(&place).await;
    let report = place
        .run(&["replay", "--offline", "--park", "--json"])
        .expect(0)
        .json();
    assert_eq!(report["parked"], 1);
    let parked = rows(&place.path("data/views.db")).await;
    assert!(parked.iter().any(|row| row.starts_with("parked ")));
}
