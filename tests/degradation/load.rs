//! A constant load of all kinds of requests, each answer noted down.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::facts::Facts;
use super::probes::{Caller, PROBES, Probe};

/// From one request of a kind to the next, unless its answer takes longer.
const PACE: Duration = Duration::from_millis(40);

/// What became of one request.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Which one of [`PROBES`].
    pub(super) probe: usize,
    pub(super) begun: Instant,
    pub(super) took: Duration,
    pub(super) status: u16,
    pub(super) retry_after: bool,
    /// What a problem document says.
    pub(super) problem: String,
}

impl Sample {
    pub(super) fn probe(&self) -> &'static Probe {
        &PROBES[self.probe]
    }

    pub(super) fn is_well(&self) -> bool {
        self.status == self.probe().well
    }

    pub(super) fn ended(&self) -> Instant {
        self.begun + self.took
    }
}

/// Callers of every kind, until this is dropped.
pub(super) struct Load {
    samples: Arc<Mutex<Vec<Sample>>>,
    callers: Vec<(Sender<()>, JoinHandle<()>)>,
}

impl Load {
    pub(super) fn on(facts: &Arc<Facts>) -> Self {
        let samples = Arc::default();
        let callers = (0..PROBES.len()).map(|probe| call(probe, facts, &samples));
        Self {
            callers: callers.collect(),
            samples,
        }
    }

    /// What began since, and ended.
    pub(super) fn since(&self, instant: Instant) -> Vec<Sample> {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let since = samples.iter().filter(|sample| sample.begun >= instant);
        since.cloned().collect()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for (stop, caller) in self.callers.drain(..) {
            drop(stop);
            // A caller that failed has told so; a second panic would say nothing more.
            let _ = caller.join();
        }
    }
}

fn call(
    probe: usize,
    facts: &Arc<Facts>,
    samples: &Arc<Mutex<Vec<Sample>>>,
) -> (Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = mpsc::channel();
    let (facts, samples) = (Arc::clone(facts), Arc::clone(samples));
    let client = facts.client().unwrap();
    let mut caller = Caller { client, facts };
    let calling = move || {
        let mut due = Instant::now();
        while goes_on(&stopped, due) {
            due = Instant::now() + PACE;
            let sample = sample(probe, &mut caller);
            let mut samples = samples.lock().unwrap_or_else(PoisonError::into_inner);
            samples.push(sample);
        }
    };
    (stop, thread::spawn(calling))
}

/// Waits until the next request is due; false if there is to be none.
fn goes_on(stopped: &Receiver<()>, due: Instant) -> bool {
    let wait = due.saturating_duration_since(Instant::now());
    stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout)
}

fn sample(probe: usize, caller: &mut Caller) -> Sample {
    let begun = Instant::now();
    let answer = (PROBES[probe].ask)(caller).unwrap();
    Sample {
        probe,
        begun,
        took: begun.elapsed(),
        status: answer.status,
        retry_after: answer.header("retry-after").is_some(),
        problem: answer.body["type"].as_str().unwrap_or_default().to_owned(),
    }
}
