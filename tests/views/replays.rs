//! Replays on a server: beside the old views, and into their place at once.

use madang::projections::checkpoint::verified;
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::{RebuildError, Rebuilt, rebuild};
use madang::views::{Database as Location, Views, ViewsError};

use super::refusals::{location, made, say, tables};
use crate::projections::yard::{Yard, calendar, dump, opened, posted};
use crate::servers::mariadb::Database;

/// A projector that has just said how it is doing.
const ALIVE: &str = "INSERT INTO checkpoint (projection, position, log_id, event_position, \
     event_id, state, reported_at) VALUES ('sql', '', '', '', '', 'live', \
     UNIX_TIMESTAMP() * 1000)";

/// A log with a board and an article.
async fn log() -> Yard {
    let mut yard = Yard::embedded().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard
}

async fn replay(yard: &Yard, database: &Database) -> Result<Rebuilt, RebuildError> {
    let location = location(&database.url);
    rebuild(&*yard.log, (&location, &calendar()), OnUnfit::Fail, |_| {}).await
}

async fn rows(database: &Database) -> Vec<String> {
    let views = Views::open(&location(&database.url)).await.unwrap();
    let rows = dump(&views).await;
    views.close().await;
    rows
}

/// The URL of the database beside.
fn beside(database: &Database) -> String {
    format!("{}_replay", database.url)
}

#[tokio::test]
async fn damaged_views_are_built_anew() {
    let yard = log().await;
    let expected = {
        let database = made().await;
        replay(&yard, &database).await.unwrap();
        rows(&database).await
    };
    for damage in [
        "DROP TABLE comment",
        "ALTER TABLE board DROP COLUMN name",
        "UPDATE _sqlx_migrations SET checksum = 'x'",
        "INSERT INTO checkpoint (projection, position, log_id, event_position, event_id) \
         VALUES ('sql', 'nowhere', 'another', '', '')",
    ] {
        let database = made().await;
        say(&database.url, damage).await;
        replay(&yard, &database).await.unwrap();
        assert_eq!(rows(&database).await, expected, "{damage}");
    }
}

/// Who holds which number is true whatever becomes of the views.
#[tokio::test]
async fn node_numbers_stay_as_they_are() {
    for damage in ["SELECT 1", "DROP TABLE comment"] {
        let (yard, database) = (log().await, made().await);
        let views = Views::begin(&location(&database.url)).await.unwrap();
        views.prepare_leases().await.unwrap();
        say(
            &database.url,
            "INSERT INTO node_lease VALUES (7, 'kim', 70)",
        )
        .await;
        say(&database.url, damage).await;
        replay(&yard, &database).await.unwrap();
        assert_eq!(tables(&database.url).await.len(), 9);
        let mut writer = views.writer().acquire().await.unwrap();
        let mine = writer.statement("SELECT until_ms FROM node_lease WHERE holder = 'kim'");
        let mine = mine.fetch_all(&mut writer).await.unwrap();
        assert_eq!(mine[0].try_get::<i64>(0).unwrap(), 70);
        assert!(!rows(&database).await.is_empty());
    }
}

#[tokio::test]
async fn a_replay_is_refused_while_a_projector_is_alive() {
    let (yard, database) = (log().await, made().await);
    say(&database.url, ALIVE).await;
    let error = replay(&yard, &database).await.unwrap_err().to_string();
    assert!(error.contains("a projector is at work"), "{error}");
    say(&database.url, "UPDATE checkpoint SET state = 'stopped'").await;
    replay(&yard, &database).await.unwrap();
}

#[tokio::test]
async fn what_an_earlier_replay_left_is_thrown_away() {
    let (yard, database) = (log().await, made().await);
    let name = beside(&database);
    let name = name.rsplit('/').next().unwrap();
    let leave = format!(
        "CREATE DATABASE {name}; CREATE TABLE {name}.board (id INT); \
         CREATE TABLE {name}.replaced_article (id INT)"
    );
    say(&database.url, leave).await;
    replay(&yard, &database).await.unwrap();
    let views = Views::open(&location(&database.url)).await.unwrap();
    assert!(!dump(&views).await.is_empty());
    views.close().await;
}

#[tokio::test]
async fn somebody_elses_tables_are_touched_in_neither_place() {
    let (yard, database) = (log().await, made().await);
    say(&database.url, "CREATE TABLE customer (id INT)").await;
    assert!(replay(&yard, &database).await.is_err());
    assert_eq!(tables(&database.url).await.len(), 9);
    say(&database.url, "DROP TABLE customer").await;
    let beside = beside(&database);
    let name = beside.rsplit('/').next().unwrap();
    let theirs = format!("CREATE DATABASE {name}; CREATE TABLE {name}.customer (id INT)");
    say(&database.url, theirs).await;
    assert!(replay(&yard, &database).await.is_err());
    assert_eq!(tables(&beside).await, ["customer"]);
    say(&database.url, format!("DROP DATABASE {name}")).await;
}

#[tokio::test]
async fn a_table_that_somebody_puts_among_the_new_ones_does_not_come_along() {
    let (yard, database) = (log().await, made().await);
    let before = rows(&database).await;
    let Location::Server(url) = location(&database.url) else {
        panic!("a file");
    };
    let shadow = Views::shadow(&url).await.unwrap();
    verified(shadow.views(), &*yard.log, &yard.identity())
        .await
        .unwrap();
    let beside = beside(&database);
    say(&beside, "CREATE TABLE customer (id INT)").await;
    let error = shadow.take_over().await.unwrap_err();
    assert!(matches!(error, ViewsError::Foreign { .. }), "{error}");
    assert_eq!(rows(&database).await, before);
    say(&beside, "DROP TABLE customer").await;
}

#[tokio::test]
async fn a_projector_that_was_started_meanwhile_keeps_its_views() {
    let database = made().await;
    let Location::Server(url) = location(&database.url) else {
        panic!("a file");
    };
    let shadow = Views::shadow(&url).await.unwrap();
    say(&database.url, ALIVE).await;
    let error = shadow.take_over().await.unwrap_err().to_string();
    assert!(error.contains("a projector is at work"), "{error}");
}

#[tokio::test]
async fn a_replay_names_the_trigger_that_is_in_its_way() {
    let (yard, database) = (log().await, made().await);
    let trigger = "CREATE TRIGGER louder BEFORE INSERT ON board FOR EACH ROW SET NEW.name = 'LOUD'";
    say(&database.url, trigger).await;
    let error = replay(&yard, &database).await.unwrap_err().to_string();
    let remedy = "board has the trigger louder; drop it first";
    assert!(error.contains(remedy), "{error}");
    say(&database.url, "DROP TRIGGER louder").await;
    replay(&yard, &database).await.unwrap();
}
