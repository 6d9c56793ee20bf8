//! Numbers that several nodes want, in whatever order their words reach the database.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;

use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::yield_now;

use super::choice::choose;
use super::table::{Number, State};
use super::*;
use crate::event_store::identity;
use crate::event_store::sqlite::SqliteLog;

const NOON: i64 = 1_800_000_000_000;
const MINUTE: i64 = 60_000;
/// As on a server; a file has none of its own.
const CREATE: &str = "CREATE TABLE node_lease (node INTEGER PRIMARY KEY, holder TEXT NOT NULL, \
     until_ms INTEGER NOT NULL)";

/// What somebody does who holds a number; who holds none tries to take one.
#[derive(Clone, Copy, Debug)]
enum Act {
    Renew,
    /// After ids in so many hundredths of the lease.
    Release(i64),
    Die,
}

/// What one does, what its clock shows (in minutes), and how often it is waited for.
type Turn = (Act, i64, Option<usize>);

/// What all do at the same time, and in which order they come to a word.
type Step = (Vec<Turn>, Vec<usize>);

fn step() -> impl Strategy<Value = Step> {
    let act = prop_oneof![
        4 => Just(Act::Renew),
        2 => (0..=100_i64).prop_map(Act::Release),
        1 => Just(Act::Die),
    ];
    // A word takes some hundreds of looks.
    let waits = prop_oneof![2 => Just(None), 1 => (0..2000_usize).prop_map(Some)];
    let turn = (act, 0..40_i64, waits);
    let order = prop::collection::vec(0..3_usize, 0..9);
    (prop::collection::vec(turn, 3), order)
}

struct Actor {
    taker: Taker,
    hands: Arc<AtomicI64>,
    held: Option<Held>,
    /// All leases that it has had, as long as ids may be made under them.
    terms: Vec<Lease>,
}

impl Actor {
    fn new(table: &Table, log: &Arc<SqliteLog>, which: Option<Node>) -> Self {
        let hands = Arc::new(AtomicI64::new(NOON));
        let clock = Clock::driven_by(hands.clone());
        Self {
            taker: Taker::new(table.clone(), log.clone(), which, clock),
            hands,
            held: None,
            terms: Vec::new(),
        }
    }

    /// Another process takes its place.
    fn reborn(&mut self) -> Taker {
        let Taker {
            table,
            store,
            which,
            clock,
            ..
        } = &self.taker;
        let new = Taker::new(table.clone(), store.clone(), *which, clock.clone());
        std::mem::replace(&mut self.taker, new)
    }

    async fn act(&mut self, (act, minutes): (Act, i64)) {
        self.hands.store(NOON + minutes * MINUTE, Ordering::Relaxed);
        match (act, &mut self.held) {
            (_, None) => {
                self.held = self.taker.take().await.ok();
                self.terms.extend(self.held.as_ref().map(|held| held.lease));
            }
            (Act::Renew, Some(held)) => match self.taker.renew(held).await {
                Ok(true) => self.terms.last_mut().unwrap().until = held.lease.until,
                Ok(false) => self.held = None,
                Err(error) => panic!("{error}"),
            },
            (Act::Release(used), Some(_)) => {
                let (old, mut held) = (self.reborn(), self.held.take().unwrap());
                let term = self.terms.last_mut().unwrap();
                let (from, until) = (term.from.0, term.until.0);
                term.until = Timestamp(from.max(until - (until - from) / 100 * (100 - used)));
                let end = term.until;
                old.release(&mut held, end).await.unwrap();
            }
            (Act::Die, Some(_)) => {
                self.held = None;
                self.reborn();
            }
        }
    }
}

/// Lets all act at once, each a word at a time. Who is not waited for any longer may have been heard.
async fn together(actors: &mut [Actor], (turns, order): &Step) {
    type Acting<'a> = Option<(Pin<Box<dyn Future<Output = ()> + 'a>>, Option<usize>)>;
    let mut acting: Vec<Acting<'_>> = Vec::new();
    for (actor, (act, minutes, waits)) in actors.iter_mut().zip(turns) {
        acting.push(Some((Box::pin(actor.act((*act, *minutes))), *waits)));
    }
    let mut order = order.iter().copied().chain(0..acting.len()).cycle();
    while acting.iter().any(Option::is_some) {
        let next = &mut acting[order.next().unwrap()];
        if let Some((future, waits)) = next {
            let over = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready()));
            if over.await || *waits == Some(0) {
                *next = None;
            } else {
                *waits = waits.map(|waits| waits - 1);
            }
        }
        yield_now().await;
    }
}

/// A table and a new log, in files.
struct Place {
    table: Table,
    log: Arc<SqliteLog>,
    _directory: TempDir,
}

impl Place {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let file = |name| directory.path().join(name);
        let log = SqliteLog::open(&file("log.db"), Clock::system()).await;
        let log = Arc::new(log.unwrap());
        identity::ensure(&*log, &Clock::system()).await.unwrap();
        let views = Views::open_file(&file("views.db")).await.unwrap();
        let mut writer = views.writer().acquire().await.unwrap();
        writer.run(CREATE).await.unwrap();
        drop(writer);
        Self {
            table: Table(views),
            log,
            _directory: directory,
        }
    }

    /// Somebody who wants only the number 0, or any.
    fn actor(&self, any: bool) -> Actor {
        let which = Some(Node::default()).filter(|_| !any);
        Actor::new(&self.table, &self.log, which)
    }

    /// Whether somebody holds the number 0, asked without waiting for whoever writes.
    async fn is_taken(&self) -> bool {
        const TAKEN: &str = "SELECT count(*) FROM node_lease WHERE node = 0 AND holder <> ''";
        let mut reader = self.table.0.readers().acquire().await.unwrap();
        let taken = reader
            .statement(TAKEN)
            .fetch_one(&mut reader)
            .await
            .unwrap();
        taken.try_get::<i64>(0).unwrap() > 0
    }
}

async fn play(steps: &[Step], any: [bool; 3]) {
    let place = Place::new().await;
    let mut actors = any.map(|any| place.actor(any));
    for step in steps {
        together(&mut actors, step).await;
    }
    apart(&actors);
    let mut last = place.actor(false);
    last.act((Act::Renew, 24 * 60)).await;
    assert!(last.held.is_some(), "in the end the number is free");
}

/// No two leases of one number have a millisecond in common.
fn apart(actors: &[Actor]) {
    let mut terms: Vec<Lease> = actors
        .iter()
        .flat_map(|actor| actor.terms.clone())
        .collect();
    terms.sort_by_key(|term| (term.node.get(), term.from, term.until));
    for pair in terms.windows(2) {
        let disjoint = pair[0].node != pair[1].node || pair[0].until <= pair[1].from;
        assert!(disjoint, "{:?} and {:?}", pair[0], pair[1]);
    }
}

#[test]
fn whatever_happens_no_number_has_two_holders_at_once() {
    let runtime = Runtime::new().unwrap();
    let steps = prop::collection::vec(step(), 1..12);
    let few = ProptestConfig {
        cases: 30,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(few, |(steps in steps, any in any::<[bool; 3]>())| {
        runtime.block_on(play(&steps, any));
    });
}

/// Whoever takes a number and hears nothing of it has it all the same, and as it was.
#[tokio::test]
async fn a_number_whose_taking_was_not_confirmed_is_found_again() {
    let mut lost = false;
    while !lost {
        let place = Place::new().await;
        place.table.fill(Timestamp(NOON - 5)).await.unwrap();
        let mut actor = place.actor(false);
        let mut taking = Box::pin(actor.taker.take());
        let mut heard = false;
        while !heard && !place.is_taken().await {
            let answer = poll_fn(|cx| Poll::Ready(taking.as_mut().poll(cx).is_ready()));
            heard = answer.await;
        }
        drop(taking);
        lost = !heard;
        if lost {
            let Lease { from, until, .. } = actor.taker.take().await.unwrap().lease;
            assert_eq!((from.0, until.0), (NOON - 5, NOON + LEASE));
        }
    }
}

fn number(node: u16, holder: &str, until: i64) -> Number {
    let holder = holder.to_owned();
    let until = Timestamp(NOON + until);
    Number {
        node: Node::new(node).unwrap(),
        state: State { holder, until },
    }
}

/// The number that is chosen at noon.
fn chosen(numbers: &[Number]) -> Option<u16> {
    choose(numbers, Timestamp(NOON), false).map(|number| number.node.get())
}

#[test]
fn the_smallest_free_number_is_taken_before_one_whose_holder_has_died() {
    let numbers = [
        number(0, "kim", 1),
        number(1, "lee", -3),
        number(2, "", 5),
        number(3, "", 0),
        number(4, "", -9),
    ];
    assert_eq!(chosen(&numbers), Some(3));
    assert_eq!(chosen(&numbers[..3]), Some(1));
}

#[test]
fn of_dead_holders_the_longest_dead_one_loses_its_number() {
    assert_eq!(
        chosen(&[number(1, "lee", -3), number(2, "kim", -4)]),
        Some(2)
    );
}

#[test]
fn ids_run_ahead_of_the_clock_by_no_more_than_a_lease() {
    assert_eq!(chosen(&[number(1, "", LEASE), number(2, "", 5)]), Some(2));
    assert_eq!(
        chosen(&[number(1, "", LEASE + 1), number(2, "kim", 1)]),
        None
    );
}

#[test]
fn a_crowd_takes_different_numbers() {
    let numbers: Vec<_> = (0..100).map(|node| number(node, "", 0)).collect();
    let chosen = (0..1000).filter_map(|_| choose(&numbers, Timestamp(NOON), true));
    let mut chosen: Vec<_> = chosen.map(|number| number.node.get()).collect();
    chosen.sort_unstable();
    chosen.dedup();
    assert!(chosen.len() > 10 && chosen.iter().all(|number| *number < 64));
}
