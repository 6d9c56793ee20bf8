//! Node numbers on a server: taken, kept, lost, given back.

mod trouble;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use madang::ambient::Clock;
use madang::domain::snowflake::{EPOCH, Node, Snowflake};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{EventStore, identity};
use madang::node::lease::{LEASE, Leasing, Parts};
use madang::views::Views;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use tempfile::TempDir;
use tokio::task::yield_now;

use crate::servers::mariadb::{Database, MariaDb};
use crate::views::refusals::{location, say};

const NOON: i64 = 1_800_000_000_000;
/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

/// Where numbers are leased.
struct Harbour {
    database: Database,
    hands: Arc<AtomicI64>,
    log: Arc<SqliteLog>,
    _directory: TempDir,
}

impl Harbour {
    async fn open() -> Self {
        Self::at(MariaDb::shared().await.database().await).await
    }

    async fn at(database: Database) -> Self {
        let directory = TempDir::new().unwrap();
        let hands = Arc::new(AtomicI64::new(NOON));
        let clock = Clock::driven_by(hands.clone());
        let path = directory.path().join("log.db");
        let log = SqliteLog::open(&path, clock.clone());
        let log = Arc::new(log.await.unwrap());
        identity::ensure(&*log, &clock).await.unwrap();
        Self {
            database,
            hands,
            log,
            _directory: directory,
        }
    }

    async fn views(&self) -> Views {
        Views::begin(&location(&self.database.url)).await.unwrap()
    }

    /// A node, of this number or of any.
    async fn node(&self, number: Option<u16>) -> Leasing {
        self.node_by(number, &self.hands).await
    }

    /// A node with a clock of its own.
    async fn node_by(&self, number: Option<u16>, hands: &Arc<AtomicI64>) -> Leasing {
        Leasing::start(Parts {
            views: self.views().await,
            store: self.log.clone() as Arc<dyn EventStore>,
            node: number.and_then(Node::new),
            clock: Clock::driven_by(hands.clone()),
        })
    }

    /// A node that has a number.
    async fn numbered(&self, number: Option<u16>) -> (Leasing, u16) {
        let node = self.node(number).await;
        let number = node.number(LONG).await.unwrap();
        (node, number.get())
    }

    fn set(&self, after_noon: i64) {
        self.hands.store(NOON + after_noon, Ordering::Relaxed);
    }

    async fn say(&self, sql: impl Into<String>) {
        say(&self.database.url, sql).await;
    }

    /// What the table says of a number: who has it, and until when after noon.
    async fn row(&self, number: u16) -> (String, i64) {
        let select =
            format!("SELECT CAST(holder AS CHAR), until_ms FROM node_lease WHERE node = {number}");
        let mut connection = MySqlConnection::connect(&self.database.url).await.unwrap();
        let row = sqlx::query_as(AssertSqlSafe(select)).fetch_one(&mut connection);
        let (holder, until): (String, i64) = row.await.unwrap();
        connection.close().await.unwrap();
        (holder, until - NOON)
    }

    /// Returns once the end of a number's lease is this.
    async fn ends(&self, number: u16, after_noon: i64) {
        while self.row(number).await.1 != after_noon {
            yield_now().await;
        }
    }
}

async fn id(node: &Leasing) -> Snowflake {
    node.ids().next().await.unwrap()
}

/// When an id was made, after noon.
fn made(id: Snowflake) -> i64 {
    (id.to_i64() >> 22) + EPOCH.0 - NOON
}

/// Returns once a node has another number than this.
async fn renumbered(node: &Leasing, from: u16) -> u16 {
    loop {
        match node.ids().node() {
            Some(number) if number.get() != from => return number.get(),
            _ => yield_now().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_node_has_a_number_of_its_own() {
    let harbour = Harbour::open().await;
    let (first, one) = harbour.numbered(None).await;
    let (second, other) = harbour.numbered(None).await;
    assert_eq!((one, other), (0, 1));
    assert_eq!(made(id(&first).await), 0, "in a new log ids begin now");
    assert!(id(&first).await < id(&second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_starts_at_once_shares_no_number() {
    let harbour = Harbour::open().await;
    let crowd = join_all((0..40).map(|_| harbour.node(None))).await;
    let numbers = join_all(crowd.iter().map(|node| node.number(LONG))).await;
    let mut numbers: Vec<_> = numbers.into_iter().map(|n| n.unwrap().get()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_given_back_goes_on_after_the_last_id() {
    let harbour = Harbour::open().await;
    let (node, number) = harbour.numbered(None).await;
    let last = id(&node).await;
    let ids = node.ids();
    node.stop().await;
    assert!(ids.next().await.is_err(), "it makes no more");
    assert_eq!(harbour.row(number).await, (String::new(), 1));
    harbour.set(1);
    let (next, again) = harbour.numbered(None).await;
    assert_eq!(again, number);
    assert!(last < id(&next).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_each_minute() {
    let harbour = Harbour::open().await;
    let (node, number) = harbour.numbered(None).await;
    for minute in 1..15 {
        let now = minute * 60_000;
        harbour.set(now);
        harbour.ends(number, now + LEASE).await;
    }
    assert_eq!(made(id(&node).await), 14 * 60_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_killed_leaves_its_number_until_the_lease_ends() {
    let harbour = Harbour::open().await;
    let (killed, number) = harbour.numbered(Some(5)).await;
    let last = id(&killed).await;
    drop(killed);
    let same = harbour.node(Some(5)).await;
    let error = same.number(Duration::from_millis(300)).await.unwrap_err();
    assert!(error.to_string().contains("number 5 is held"), "{error}");
    let (_, other) = harbour.numbered(None).await;
    assert_ne!(other, number);
    harbour.set(LEASE);
    assert_eq!(same.number(LONG).await.unwrap().get(), 5);
    let next = id(&same).await;
    assert!(last < next && made(next) >= LEASE);
}

/// A process that was stopped meanwhile, or whose machine slept.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_has_slept_too_long_takes_another_number() {
    let harbour = Harbour::open().await;
    let own = Arc::new(AtomicI64::new(NOON));
    let sleeper = harbour.node_by(None, &own).await;
    let number = sleeper.number(LONG).await.unwrap().get();
    let before = id(&sleeper).await;
    harbour.set(11 * 60_000);
    let (awake, taken) = harbour.numbered(Some(number)).await;
    assert_eq!(taken, number);
    let theirs = id(&awake).await;
    own.store(NOON + 11 * 60_000, Ordering::Relaxed);
    let new = renumbered(&sleeper, number).await;
    assert_ne!(new, number);
    let after = id(&sleeper).await;
    assert!(before < theirs && after != theirs && (after.to_i64() >> 12) & 0x3ff == i64::from(new));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_neither_repeats_ids_nor_loses_the_number() {
    let harbour = Harbour::open().await;
    let (node, number) = harbour.numbered(None).await;
    let mut ids = vec![id(&node).await];
    for (time, until) in [
        (3_600_000, 3_600_000 + LEASE),
        (-3_600_000, 3_600_000 + LEASE),
    ] {
        harbour.set(time);
        harbour.ends(number, until).await;
        ids.push(loop {
            if let Ok(id) = node.ids().next().await {
                break id;
            }
            yield_now().await;
        });
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

/// Some machines know no better when they start.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_shows_1970_makes_ids_all_the_same() {
    let harbour = Harbour::open().await;
    harbour.hands.store(1000, Ordering::Relaxed);
    let (node, _) = harbour.numbered(None).await;
    let early = id(&node).await;
    assert!(early < id(&node).await);
    harbour.set(0);
    let late = loop {
        match node.ids().next().await {
            Ok(id) => break id,
            Err(_) => yield_now().await,
        }
    };
    assert!(early < late && made(late) == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn past_the_last_ids_time_no_number_is_spoilt() {
    let harbour = Harbour::open().await;
    harbour.hands.store(i64::MAX, Ordering::Relaxed);
    let node = harbour.node(None).await;
    let error = node.number(Duration::from_millis(300)).await.unwrap_err();
    assert!(error.to_string().contains("past the last id"), "{error}");
    harbour.set(0);
    assert_eq!(node.number(LONG).await.unwrap().get(), 0);
    assert_eq!(made(id(&node).await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_numbers_are_held_a_node_waits_for_one() {
    let harbour = Harbour::open().await;
    let (node, _) = harbour.numbered(None).await;
    node.stop().await;
    let far = NOON + LEASE;
    harbour
        .say(format!(
            "UPDATE node_lease SET holder = 'x', until_ms = {far}"
        ))
        .await;
    let node = harbour.node(None).await;
    let error = node.number(Duration::from_millis(300)).await.unwrap_err();
    assert!(error.to_string().contains("all node numbers"), "{error}");
    harbour
        .say("UPDATE node_lease SET until_ms = 0 WHERE node = 1023")
        .await;
    assert_eq!(node.number(LONG).await.unwrap().get(), 1023);
}
