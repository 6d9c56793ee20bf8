//! What must be true after a storm, whatever happened in it.

use std::collections::{BTreeMap, HashSet};

use madang::config::Settings;
use madang::event_store::RecordedEvent;
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::views::{Database, Views};

use super::deeds::{Deed, in_log};
use super::site::Site;
use crate::import::log::everything;
use crate::projections::hot::checker::hot_equals_sql;
use crate::projections::yard::{calendar, dump};

/// A node has caught up and stopped: what was acknowledged is in the log, everything is in the log
/// once, the SQL views are those that a replay makes, and so is what Redis has of them.
pub(super) async fn all_is_true(site: &Site, acknowledged: &[Deed]) {
    let log = site.log().await;
    let events = everything(&*log).await;
    let mut ids = HashSet::new();
    // An imported article and its views are of one id, each in a stream of its own.
    let again = |event: &&RecordedEvent| !ids.insert((event.stream.clone(), event.event_id));
    let again = events.iter().filter(again);
    let again: Vec<_> = again.collect();
    assert!(again.is_empty(), "there twice: {again:#?}");
    deeds(&in_log(&events), acknowledged);
    let sql = &site.sql;
    let replayed = database(&sql.server.url("replayed"));
    let replay = (&replayed, &calendar());
    rebuild(&*log, replay, OnUnfit::Fail, |_| {}).await.unwrap();
    let views = open(&database(&sql.server.url("madang"))).await;
    let replayed = open(&replayed).await;
    let (mut live, anew) = (dump(&views).await, dump(&replayed).await);
    // How far Redis is; a replay knows nothing of it.
    live.retain(|row| !row.starts_with("checkpoint [\"redis\""));
    let differs = differs(&live, &anew);
    assert!(differs.is_empty(), "not as replayed: {differs:#?}");
    replayed.close().await;
    let redis = site.redis.server.url();
    let entries = hot_equals_sql(&views, &[redis], "madang").await;
    assert!(entries > 0, "nothing was hot");
    views.close().await;
    log.close().await;
}

fn deeds(in_log: &BTreeMap<Deed, u64>, acknowledged: &[Deed]) {
    let lost = acknowledged
        .iter()
        .filter(|deed| !in_log.contains_key(deed));
    let lost: Vec<_> = lost.collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let twice: Vec<_> = in_log.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "not once: {twice:?}");
}

fn database(url: &str) -> Database {
    let settings = Settings {
        config: Some("/dev/null".into()),
        database: Some(url.to_owned()),
        ..Settings::default()
    };
    settings.resolve().unwrap().database
}

async fn open(database: &Database) -> Views {
    Views::open(database).await.unwrap()
}

/// The first rows that only one of both has.
fn differs<'a>(one: &'a [String], other: &'a [String]) -> Vec<&'a String> {
    let only = |one: &'a [String], other: &'a [String]| {
        let missing = |row: &&String| other.binary_search(row).is_err();
        one.iter().filter(missing).take(5)
    };
    only(one, other).chain(only(other, one)).collect()
}
