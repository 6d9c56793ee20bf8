//! Stores that fall ill under a node, each in every way that it can, while all kinds of requests
//! come in: what is answered meanwhile, and how soon all is well again.
//!
//! A fault lasts a second or two by default, and ten seconds if `MADANG_STORM` is set; then the table
//! that `docs/OPERATIONS.md` shows is printed, too.

mod course;
mod deeds;
mod facts;
mod faults;
mod load;
mod probes;
mod site;
mod storm;
mod table;
mod truth;
mod writer;

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use faults::Fault;
use load::Load;
use site::{Servers, Site};
use tokio::runtime::Builder;

/// What this waits for takes seconds; on a machine that is busy, more of them.
const COMES_WITHIN: Duration = Duration::from_mins(1);

/// Requests of each kind before the first fault, so that what is asked for often is hot: a read fills
/// nothing while others have just changed it, and the next one comes when the copy in the node is a
/// second old.
const WARM: usize = 75;

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
    let warm = course::run(&mut site, &load, (&faults::NONE, WARM));
    let requests = if long() { 250 } else { 25 };
    let ill = faults.iter();
    let ill = ill.map(|fault| course::run(&mut site, &load, (fault, requests)));
    let courses: Vec<_> = [warm].into_iter().chain(ill).collect();
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

#[test]
fn tmp_sql_alone() {
    let servers = Servers {
        sql: true,
        redis: false,
    };
    let faults: Vec<Fault> = faults::SQL
        .iter()
        .map(|f| Fault {
            takes: if f.name == "read-only" {
                f.takes
            } else {
                faults::ALL
            },
            ..*f
        })
        .collect();
    suffer("sql alone", servers, &faults.iter().collect::<Vec<_>>());
}
#[test]
fn tmp_redis() {
    let servers = Servers {
        sql: true,
        redis: true,
    };
    suffer("Redis", servers, &faults::REDIS.iter().collect::<Vec<_>>());
}
#[test]
fn tmp_sql() {
    let servers = Servers {
        sql: true,
        redis: true,
    };
    suffer("SQL", servers, &faults::SQL.iter().collect::<Vec<_>>());
}
#[test]
fn tmp_both() {
    let servers = Servers {
        sql: true,
        redis: true,
    };
    suffer("both", servers, &faults::BOTH.iter().collect::<Vec<_>>());
}
#[test]
fn tmp_storm() {
    let mut site = Site::open(Servers {
        sql: true,
        redis: false,
    });
    let faults = [faults::REDIS, faults::SQL, faults::BOTH].concat();
    let storm = storm::Storm::over(&site);
    storm.rage(&mut site, (&faults, Duration::from_secs(30)));
    course::recover(&site);
    let acknowledged = storm.calm();
    course::recover(&site);
    site.stop_server();
    println!("{}", acknowledged.len());
    wait_for(truth::all_is_true(&site, &acknowledged));
}

/// What servers are asked in tests that are no tasks.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(future)
}
#[test]
fn tmp_look() {
    let site = Site::open(Servers {
        sql: true,
        redis: true,
    });
    let load = Load::on(&site.facts);
    thread::sleep(Duration::from_secs(6));
    let mut c = site.facts.client().unwrap();
    println!("{}", c.read("/health/ready").unwrap().body);
    println!("{}", c.read("/v1/projections").unwrap().body);
    let redis = site.redis.as_ref().unwrap();
    println!(
        "{:?}",
        redis.run::<Vec<(String, String)>>("HGETALL madang:generation")
    );
    let keys = redis.run::<Vec<String>>("KEYS *");
    println!(
        "{} {:?}",
        keys.len(),
        keys.iter()
            .filter(|k| k.contains("popular") || k.contains("board"))
            .collect::<Vec<_>>()
    );
    for k in keys.iter().filter(|k| {
        k.contains("popular:meta")
            || k.contains(site.facts.hot())
            || k.contains("board") && !k.ends_with("articles")
            || k.ends_with("meta")
    }) {
        println!(
            "{k} {:?}",
            redis.run::<Vec<(String, String)>>(&format!("HGETALL {k}"))
        );
    }
    println!("{}", redis.run::<String>("INFO commandstats"));
    println!(
        "{}",
        std::fs::read_to_string(site.place.path("serve.log")).unwrap()
    );
    drop(load);
}
