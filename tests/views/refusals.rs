//! What a server or a database on it is refused for, before anything is written.

use madang::config::Settings;
use madang::views::{Access, Database, Views, ViewsError};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::servers::mariadb::{self, MariaDb};

/// Where views are whose setting is this.
pub(crate) fn location(url: &str) -> Database {
    let settings = Settings {
        config: Some("/dev/null".into()),
        database: Some(url.to_owned()),
        ..Settings::default()
    };
    settings.resolve().unwrap().database
}

pub(crate) async fn say(url: &str, sql: impl Into<String>) {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    let said = sqlx::raw_sql(AssertSqlSafe(sql.into()));
    said.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The tables of a database.
pub(crate) async fn tables(url: &str) -> Vec<String> {
    let mut connection = MySqlConnection::connect(url).await.unwrap();
    let rows = sqlx::raw_sql("SHOW TABLES").fetch_all(&mut connection);
    let rows = rows.await.unwrap();
    let name = |row: &sqlx::mysql::MySqlRow| row.try_get_unchecked(0).unwrap();
    rows.iter().map(name).collect()
}

async fn empty() -> mariadb::Database {
    MariaDb::shared().await.database().await
}

/// A database with views of this release.
pub(crate) async fn made() -> mariadb::Database {
    let database = empty().await;
    let views = Views::open(&location(&database.url)).await.unwrap();
    views.close().await;
    database
}

async fn refusal(url: &str) -> ViewsError {
    Views::open(&location(url)).await.expect_err("it opens")
}

/// Why views are refused that somebody has changed so. They are not changed further.
async fn changed_by(sql: &str) -> String {
    let database = made().await;
    say(&database.url, sql).await;
    let before = tables(&database.url).await;
    let error = refusal(&database.url).await;
    assert!(!error.passes(), "{error}");
    assert_eq!(tables(&database.url).await, before);
    error.to_string()
}

#[tokio::test]
async fn tables_are_made_once_and_found_again() {
    let database = made().await;
    let made = tables(&database.url).await;
    assert_eq!(made.len(), 8, "{made:?}");
    let views = Views::open(&location(&database.url)).await.unwrap();
    views.close().await;
    assert_eq!(tables(&database.url).await, made);
}

#[tokio::test]
async fn nodes_that_start_together_make_the_tables_once() {
    let database = empty().await;
    let location = location(&database.url);
    let opening = (0..4).map(|_| Views::open(&location));
    for opened in futures_util::future::join_all(opening).await {
        opened.unwrap().close().await;
    }
}

#[tokio::test]
async fn somebody_elses_tables_are_left_alone() {
    for sql in [
        "CREATE TABLE customer (id INT)",
        // Names that views have, but nothing that says who made it.
        "CREATE TABLE comment (id INT)",
    ] {
        let database = empty().await;
        say(&database.url, sql).await;
        let error = refusal(&database.url).await;
        assert!(matches!(error, ViewsError::Foreign { .. }), "{error}");
        assert_eq!(tables(&database.url).await.len(), 1);
    }
}

#[tokio::test]
async fn a_schema_that_somebody_edited_is_refused_with_what_differs() {
    for (sql, says) in [
        (
            "ALTER TABLE comment MODIFY path VARBINARY(2000) NOT NULL",
            "comment.path",
        ),
        (
            "ALTER TABLE article DROP COLUMN writer_name",
            "article.writer_name",
        ),
        ("ALTER TABLE board ADD COLUMN colour INT", "board.colour"),
        (
            "ALTER TABLE article DROP KEY article_by_board",
            "article_by_board",
        ),
        (
            "ALTER TABLE checkpoint MODIFY projection VARCHAR(32) \
             CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL",
            "checkpoint.projection",
        ),
        ("DROP TABLE article_like", "article_like"),
        (
            "ALTER TABLE board MODIFY created_at BIGINT UNSIGNED NOT NULL",
            "board.created_at bigint",
        ),
        (
            "ALTER TABLE board ADD CONSTRAINT few CHECK (article_count < 9)",
            "board has the constraint few",
        ),
        (
            "CREATE TRIGGER louder BEFORE INSERT ON board FOR EACH ROW SET NEW.name = 'LOUD'",
            "board has the trigger louder",
        ),
    ] {
        let error = changed_by(sql).await;
        assert!(error.contains(says), "{sql}: {error}");
        assert!(error.contains("`madang replay --offline`"), "{error}");
    }
}

#[tokio::test]
async fn tables_of_another_release_are_refused() {
    for (sql, says) in [
        (
            "INSERT INTO _sqlx_migrations VALUES (9999, 'later', NOW(), TRUE, 'x', 1)",
            "newer release",
        ),
        (
            "UPDATE _sqlx_migrations SET checksum = 'x'",
            "another build",
        ),
        (
            "UPDATE _sqlx_migrations SET success = FALSE; INSERT INTO checkpoint \
             (projection, position, log_id, event_position, event_id) VALUES ('sql', '1', '', '', '')",
            "cut off",
        ),
    ] {
        let error = changed_by(sql).await;
        assert!(error.contains(says), "{error}");
        assert!(error.contains("`madang replay --offline`"), "{error}");
    }
}

#[tokio::test]
async fn tables_whose_making_was_cut_off_are_made_anew() {
    let database = made().await;
    let cut_off = "DROP TABLE comment; UPDATE _sqlx_migrations SET success = FALSE";
    say(&database.url, cut_off).await;
    let views = Views::open(&location(&database.url)).await.unwrap();
    views.close().await;
    assert_eq!(tables(&database.url).await.len(), 8);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_refused_with_the_statement_that_makes_it() {
    let url = MariaDb::shared().await.url("nowhere");
    let error = refusal(&url).await.to_string();
    assert!(error.contains("CREATE DATABASE `nowhere`"), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() {
    let database = empty().await;
    let wrong = database.url.replace("://root@", "://root:wrong@");
    let error = refusal(&wrong).await;
    assert!(!error.passes());
    let text = error.to_string();
    assert!(text.contains("check the user and the password"), "{text}");
    assert!(!text.contains("wrong@"), "{text}");
}

#[tokio::test]
async fn a_node_that_only_reads_makes_no_tables_and_waits_for_them() {
    let database = empty().await;
    let views = Views::begin(&location(&database.url)).await.unwrap();
    let error = views.prepare(Access::Read).await.unwrap_err();
    assert!(error.passes(), "{error}");
    assert!(tables(&database.url).await.is_empty());
    views.prepare(Access::Write).await.unwrap();
    views.prepare(Access::Read).await.unwrap();
}

#[tokio::test]
async fn nobody_reads_before_the_database_was_looked_at() {
    let database = made().await;
    let views = Views::begin(&location(&database.url)).await.unwrap();
    assert!(views.readers().acquire().await.is_err());
    views.admit_readers();
    assert!(views.readers().acquire().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_writes_or_no_long_statements_is_refused() {
    let server = MariaDb::start();
    let database = server.database().await;
    for (set, says, back) in [
        ("read_only = ON", "is read-only", "read_only = OFF"),
        (
            "max_allowed_packet = 1048576",
            "max_allowed_packet is 1048576",
            "max_allowed_packet = 16777216",
        ),
    ] {
        say(&database.url, format!("SET GLOBAL {set}")).await;
        let error = refusal(&database.url).await.to_string();
        assert!(error.contains(says), "{error}");
        assert!(tables(&database.url).await.is_empty());
        say(&database.url, format!("SET GLOBAL {back}")).await;
    }
    Views::open(&location(&database.url)).await.unwrap();
}

#[tokio::test]
async fn what_is_no_mysql_is_refused_and_nobody_at_all_is_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = refusal(&format!("mysql://root@{address}/forum")).await;
    assert!(error.passes(), "{error}");
}

#[tokio::test]
async fn whoever_names_a_certificate_gets_no_connection_without_tls() {
    let certificate = tempfile::NamedTempFile::new().unwrap();
    let server = MariaDb::start();
    let database = server.database().await;
    let url = format!("{}?ssl-ca={}", database.url, certificate.path().display());
    let error = refusal(&url).await;
    assert!(error.to_string().contains("?ssl-mode="), "{error}");
}
