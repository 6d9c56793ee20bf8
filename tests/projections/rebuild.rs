//! Replays: the new views take the old ones' place when they are complete, and not before.

use std::fs;

use madang::calendar::Calendar;
use madang::event_store::Position;
use madang::projections::checkpoint::{Identity, verified};
use madang::projections::fold::{FoldError, OnUnfit};
use madang::projections::rebuild::{RebuildError, Rebuilt, rebuild};
use madang::views::{Database, Views, ViewsError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::yard::{
    Yard, calendar, deleted, dump, edited, encoded, opened, own_stream, posted, tamper,
};

/// A board with two articles, one of them gone, at positions 2 to 6, and an event never heard of.
async fn busy_yard() -> Yard {
    busy(Yard::open().await).await
}

/// The same in files, whatever stack was chosen.
async fn embedded_yard() -> Yard {
    busy(Yard::embedded().await).await
}

async fn busy(mut yard: Yard) -> Yard {
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard.happens(posted(11, 1)).await;
    yard.happens(edited(10, 1)).await;
    yard.happens(deleted(11, 1)).await;
    yard
}

async fn rebuilt(yard: &Yard, on_unfit: OnUnfit) -> Result<Rebuilt, RebuildError> {
    let views = yard.database().await;
    rebuild(&*yard.log, (&views, &calendar()), on_unfit, |_| {}).await
}

async fn rows_of(yard: &Yard) -> Vec<String> {
    let views = Views::open(&yard.database().await).await.unwrap();
    let rows = dump(&views).await;
    views.close().await;
    rows
}

fn leftovers(yard: &Yard) -> Vec<String> {
    let names = fs::read_dir(yard.path("")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".replay")).collect()
}

#[tokio::test]
async fn a_replay_makes_what_was_there() {
    let yard = busy_yard().await;
    yard.fold().await;
    let before = dump(&yard.views).await;
    let yard = yard.shut().await;
    let done = rebuilt(&yard, OnUnfit::Fail).await.unwrap();
    let expected = Rebuilt {
        events: 6,
        unknown: 0,
        parked: 0,
        position: Position::new(0, 6),
    };
    assert_eq!(done, expected);
    assert_eq!(rows_of(&yard).await, before);
    assert_eq!(leftovers(&yard), [""; 0]);
}

#[tokio::test]
async fn a_replay_heals_rows_that_somebody_changed() {
    let yard = busy_yard().await;
    yard.fold().await;
    let before = dump(&yard.views).await;
    tamper(
        &yard.views,
        "UPDATE board SET article_count = 7; DELETE FROM article",
    )
    .await;
    let yard = yard.shut().await;
    rebuilt(&yard, OnUnfit::Fail).await.unwrap();
    assert_eq!(rows_of(&yard).await, before);
}

#[tokio::test]
async fn a_replay_takes_the_views_to_another_zone() {
    let yard = busy_yard().await;
    yard.fold().await;
    let yard = yard.shut().await;
    let database = yard.database().await;
    let berlin = Calendar::named("Europe/Berlin").unwrap();
    let rebuilt = rebuild(&*yard.log, (&database, &berlin), OnUnfit::Fail, |_| {});
    rebuilt.await.unwrap();
    let views = Views::open(&database).await.unwrap();
    let identity = Identity {
        calendar: berlin,
        ..yard.identity()
    };
    let checkpoint = verified(&views, &*yard.log, &identity).await.unwrap();
    assert_eq!(checkpoint.calendar.name(), "Europe/Berlin");
    assert_eq!(checkpoint.position, Position::new(0, 6));
}

#[tokio::test]
async fn a_replay_that_fails_leaves_the_old_views_and_the_next_one_cleans_up() {
    let mut yard = busy_yard().await;
    let mut junk = encoded(posted(12, 1).into(), madang::domain::Timestamp(0));
    junk.data = "{}".to_owned();
    yard.happens_in(own_stream(&posted(12, 1).into()), junk)
        .await;
    yard.happens(posted(13, 1)).await;
    yard.fold().await;
    let before = dump(&yard.views).await;
    let yard = yard.shut().await;
    let error = rebuilt(&yard, OnUnfit::Fail).await.unwrap_err();
    let unfit = matches!(error, RebuildError::Fold(FoldError::Unfit { .. }));
    assert!(unfit && error.to_string().contains("article-12"), "{error}");
    assert_eq!(rows_of(&yard).await, before);
    let done = rebuilt(&yard, OnUnfit::Park).await.unwrap();
    assert_eq!((done.events, done.parked), (8, 1));
    assert_eq!(rows_of(&yard).await, before);
    assert_eq!(leftovers(&yard), [""; 0]);
}

#[tokio::test]
async fn what_a_killed_replay_left_is_cleaned_up() {
    let yard = embedded_yard().await.shut().await;
    for suffix in ["", "-wal", "-shm"] {
        let path = yard.path(&format!("views.db.replay{suffix}"));
        fs::write(path, "half a replay").unwrap();
    }
    rebuilt(&yard, OnUnfit::Fail).await.unwrap();
    assert_eq!(leftovers(&yard), [""; 0]);
    let rows = rows_of(&yard).await;
    assert_eq!(
        rows.len(),
        6,
        "a checkpoint, a board, two articles and their counts: {rows:?}"
    );
}

#[tokio::test]
async fn views_that_are_open_elsewhere_are_not_rebuilt() {
    let yard = embedded_yard().await;
    yard.fold().await;
    let before = dump(&yard.views).await;
    let error = rebuilt(&yard, OnUnfit::Fail).await.unwrap_err();
    let locked = matches!(error, RebuildError::Views(ViewsError::Lock(_)));
    let text = error.to_string();
    assert!(
        locked && text.contains("views.db: in use by another process"),
        "{text}"
    );
    assert_eq!(dump(&yard.views).await, before);
}

#[tokio::test]
async fn somebody_elses_database_is_refused_and_left_alone() {
    let yard = embedded_yard().await;
    let path = yard.path("theirs.db");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut theirs = options.connect().await.unwrap();
    let sql = "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)";
    sqlx::raw_sql(sql).execute(&mut theirs).await.unwrap();
    theirs.close().await.unwrap();
    let before = fs::read(&path).unwrap();
    let (database, calendar) = (Database::File(path.clone()), calendar());
    let rebuilt = rebuild(&*yard.log, (&database, &calendar), OnUnfit::Fail, |_| {});
    let error = rebuilt.await.unwrap_err();
    let foreign = matches!(error, RebuildError::Views(ViewsError::Foreign { .. }));
    assert!(
        foreign && error.to_string().contains("theirs.db"),
        "{error}"
    );
    assert!(matches!(
        Views::open(&database).await,
        Err(ViewsError::Foreign { .. })
    ));
    assert!(
        fs::read(&path).unwrap() == before,
        "not a byte of it is changed"
    );
}

#[tokio::test]
async fn a_damaged_file_is_replaced() {
    let yard = embedded_yard().await.shut().await;
    fs::write(yard.path("views.db"), "all work and no play ".repeat(500)).unwrap();
    rebuilt(&yard, OnUnfit::Fail).await.unwrap();
    assert_eq!(rows_of(&yard).await.len(), 6);
}
