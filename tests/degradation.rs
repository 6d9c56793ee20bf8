//! Stores that fall ill under a node, each in every way that it can, while all kinds of requests
//! come in: what is answered meanwhile, and how soon all is well again. The event store's own silence
//! lasts as long as a request may, so it has a place in the long tests only.
//!
//! A fault lasts a second or two by default, and ten seconds if `MADANG_STORM` is set; then the tables
//! that `docs/OPERATIONS.md` shows are printed, too. The storm lasts some seconds, or as many minutes as
//! `MADANG_STORM` says.

mod course;
mod deeds;
mod facts;
mod faults;
mod load;
mod probes;
mod site;
mod store;
mod storm;
mod table;
mod truth;
mod writer;

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

use faults::Fault;
use load::Load;
use site::Site;
use storm::Storm;

/// What this waits for takes seconds; on a machine that is busy, more of them.
const COMES_WITHIN: Duration = Duration::from_mins(1);

/// Requests of each kind before the first fault, so that what is asked for often is hot: a read fills
/// nothing while others have just changed it, and the next one comes when the copy in the node is a
/// second old.
const WARM: usize = 50;

/// A storm in a run of all tests.
const SHORT_STORM: Duration = Duration::from_secs(8);

/// Waits for what happens elsewhere.
#[track_caller]
fn until(mut happened: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !happened() {
        assert!(begun.elapsed() < COMES_WITHIN, "it does not come");
        // Another process is waited for.
        thread::sleep(Duration::from_millis(5));
    }
}

/// What servers are asked by tests that are no tasks.
fn wait_for<T>(asked: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(asked)
}

/// For how many minutes there is a storm, if somebody wants the long tests.
#[expect(
    clippy::disallowed_methods,
    reason = "how much to test is no setting of the program"
)]
fn minutes() -> Option<u64> {
    let minutes = std::env::var("MADANG_STORM").ok()?;
    Some(minutes.parse().unwrap_or(1))
}

/// All of these happen to a site, one after the other.
fn suffer(mut site: Site, title: &str, faults: &[Fault]) {
    let load = Load::on(&site.facts);
    let requests = if minutes().is_some() { 250 } else { 25 };
    let first = [(&faults::NONE, WARM)].into_iter();
    let all = first.chain(faults.iter().map(|fault| (fault, requests)));
    let courses = all.map(|fault| course::run(&mut site, &load, fault));
    let courses: Vec<_> = courses.collect();
    if minutes().is_some() {
        let table = table::table(title, &courses);
        std::io::stdout().write_all(table.as_bytes()).unwrap();
    }
}

#[test]
fn while_redis_is_ill_sql_answers() {
    suffer(Site::open(), "Redis", faults::REDIS);
}

#[test]
fn while_sql_is_ill_what_is_hot_is_answered_and_commands_are_taken() {
    suffer(Site::open(), "SQL", faults::SQL);
}

#[test]
fn while_both_are_ill_commands_are_taken() {
    suffer(Site::open(), "both", faults::BOTH);
}

#[test]
fn while_the_event_store_is_ill_queries_are_answered() {
    let mut faults = store::STORE.to_vec();
    if minutes().is_some() {
        faults.extend(store::SILENT);
    }
    suffer(Site::on_store(), "event store", &faults);
}

#[test]
fn after_a_storm_all_is_true() {
    let faults = [faults::REDIS, faults::SQL, faults::BOTH].concat();
    weather(Site::open(), &[&faults]);
}

#[test]
fn after_a_storm_on_the_full_stack_all_is_true() {
    let mut store = store::STORE.to_vec();
    if minutes().is_some() {
        store.extend(store::SILENT);
    }
    let others = [&[faults::NONE; 9], faults::REDIS, faults::SQL, faults::BOTH].concat();
    weather(Site::on_store(), &[&store, &others]);
}

/// A storm with one of each of these faults at a time.
fn weather(mut site: Site, faults: &[&[Fault]]) {
    let whole = minutes().map_or(SHORT_STORM, Duration::from_mins);
    let storm = Storm::over(&site);
    storm.rage(&mut site, (faults, whole));
    course::recover(&site);
    let acknowledged = storm.calm();
    course::recover(&site);
    site.stop_server();
    wait_for(truth::all_is_true(&site, &acknowledged));
}
