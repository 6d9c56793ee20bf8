//! The storm: under the load of all commands and reads, everything that can happen to the stores
//! happens, in any order, and the node is killed with `kill -9` and started again. Afterwards every
//! acknowledged command is in the log once, and nothing that is derived from the log differs from it.
//!
//! A few seconds by default, as many minutes as `MADANG_STORM` says otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::deeds::Deed;
use super::facts::Facts;
use super::faults::{Fault, READ_ONLY};
use super::probes::{Caller, PROBES, READS};
use super::site::Site;
use super::writer::{Writer, is_refused};

const WRITERS: usize = 4;
/// The longest that a fault lasts, and that passes until the next one.
const LONGEST: Duration = Duration::from_secs(4);
const SHORTEST: Duration = Duration::from_millis(20);

/// Those who write and read while it rages.
pub(super) struct Storm {
    over: Arc<AtomicBool>,
    people: Vec<JoinHandle<()>>,
    told: Receiver<Deed>,
}

impl Storm {
    pub(super) fn over(site: &Site) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (tell, told) = mpsc::channel();
        let writer = |number| Writer {
            name: format!("{number}"),
            facts: Arc::clone(&site.facts),
            over: Arc::clone(&over),
            patient: site.has_store(),
            tell: tell.clone(),
        };
        let writers = (0..WRITERS).map(writer);
        let writers = writers.map(|writer| thread::spawn(move || writer.run()));
        let readers = (0..READS).map(|probe| {
            let (facts, over) = (Arc::clone(&site.facts), Arc::clone(&over));
            thread::spawn(move || read(probe, &facts, &over))
        });
        Self {
            people: writers.chain(readers).collect(),
            over,
            told,
        }
    }

    /// Lets one of each of these happen at a time, one after the other until it is time; every now and
    /// then the node is killed meanwhile.
    pub(super) fn rage(&self, site: &mut Site, (faults, whole): (&[&[Fault]], Duration)) {
        let begun = Instant::now();
        let mut chance = fastrand::Rng::with_seed(0x6d61_6461_6e67);
        while begun.elapsed() < whole {
            let mut one = |faults: &&[Fault]| faults[chance.usize(..faults.len())];
            let faults: Vec<Fault> = faults.iter().map(&mut one).collect();
            let names: Vec<_> = faults.iter().map(|fault| fault.name).collect();
            for fault in &faults {
                (fault.begin)(site);
            }
            pass_time(&mut chance);
            if !names.contains(&READ_ONLY) && chance.u8(..3) == 0 {
                site.kill_server();
                pass_time(&mut chance);
            }
            for fault in &faults {
                (fault.end)(site);
            }
            pass_time(&mut chance);
            let gone = self.people.iter().any(JoinHandle::is_finished);
            assert!(!gone, "{names:?}");
        }
    }

    /// Ends it; what was acknowledged.
    pub(super) fn calm(self) -> Vec<Deed> {
        self.over.store(true, Ordering::Relaxed);
        self.people
            .into_iter()
            .for_each(|person| person.join().unwrap());
        self.told.try_iter().collect()
    }
}

/// The moment is what is tested: there is nothing to wait for but time.
fn pass_time(chance: &mut fastrand::Rng) {
    let whole = LONGEST.mul_f32(chance.f32().powi(3));
    thread::sleep(whole.max(SHORTEST));
}

/// Reads one kind of thing until the storm is over, from whichever node there is.
fn read(probe: usize, facts: &Arc<Facts>, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let Ok(client) = facts.client() else {
            thread::yield_now();
            continue;
        };
        let facts = Arc::clone(facts);
        let mut caller = Caller { client, facts };
        while !over.load(Ordering::Relaxed) {
            let Ok(answer) = (PROBES[probe].ask)(&mut caller) else {
                break;
            };
            let (name, status) = (PROBES[probe].name, answer.status);
            let good = status == PROBES[probe].well || is_refused(&answer);
            assert!(good, "{name}: {status} {}", answer.body);
        }
    }
}
