//! Stores that fall ill under a node, each in every way that it can, while all kinds of requests
//! come in: what is answered meanwhile, and how soon all is well again.
//!
//! A fault lasts a second or two by default, and ten seconds if `MADANG_STORM` is set; then the table
//! that `docs/OPERATIONS.md` shows is printed, too.

mod course;
mod facts;
mod faults;
mod load;
mod probes;
mod site;
mod table;

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use faults::Fault;
use load::Load;
use site::{Servers, Site};

/// What this waits for takes seconds; on a machine that is busy, more of them.
const COMES_WITHIN: Duration = Duration::from_mins(1);

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

#[expect(
    clippy::disallowed_methods,
    reason = "how much to test is no setting of the program"
)]
fn long() -> bool {
    std::env::var_os("MADANG_STORM").is_some()
}

/// All of the faults, one after the other.
fn suffer(title: &str, servers: Servers, faults: &[&Fault]) {
    let mut site = Site::open(servers);
    let load = Load::on(&site.facts);
    let requests = if long() { 250 } else { 25 };
    let courses: Vec<_> = faults
        .iter()
        .map(|fault| course::run(&mut site, &load, (fault, requests)))
        .collect();
    if long() {
        let table = table::table(title, &courses);
        std::io::stdout().write_all(table.as_bytes()).unwrap();
    }
}

#[test]
fn embedded_files_bear_the_load() {
    let servers = Servers {
        sql: false,
        redis: false,
    };
    suffer("embedded", servers, &[&faults::NONE]);
}
