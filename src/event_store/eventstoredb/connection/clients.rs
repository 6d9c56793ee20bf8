//! The present client, and when another takes its place.
//!
//! A client whose first attempt to connect fails is dead for good, and leaves nothing behind: another
//! may come soon. One that has connected never looks for another node, and when it is thrown away it
//! leaves a sleeping task behind, since that holds on to itself. So a living one is replaced only where
//! another client could find another node, and ever more rarely while that does not help: through a
//! day without a quorum, some hundred times and not some ten thousand.
//!
//! What must hold: a fault of a client that has been replaced says nothing about its successor, which
//! is what generations are for; the lock is never held while a client is made, which reads the
//! system's certificates from the disk.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventstore::{Client, ClientSettings};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use super::super::fault::Fault;
use super::super::{EsdbUrl, Limits};
use crate::ambient::jittered;

/// Failed calls in a row after which another client is tried, since it may find another node.
pub(super) const FAILURES: u32 = 3;

/// A client and its generation.
pub(super) type Found = (Arc<Client>, u64);

/// The one client at a time.
pub(super) struct Clients {
    settings: ClientSettings,
    /// Whether there is more than one node to find.
    choice: bool,
    /// How long to wait for one that is being made.
    patience: Duration,
    present: Arc<Mutex<Present>>,
    /// Held by the one who makes a client.
    making: Arc<tokio::sync::Mutex<()>>,
    /// Whether there is anything that a success has to reset: spares it the lock.
    troubled: AtomicBool,
}

struct Present {
    client: Option<Arc<Client>>,
    generation: u64,
    /// When it was made.
    since: Instant,
    failures: u32,
    /// Whether it was sent to a leader, so that it may be with a node that the URL does not name.
    moved: bool,
    /// Of all clients.
    pace: Pace,
    /// Of those that take the place of a living one.
    of_living: Pace,
}

/// A back-off.
struct Pace {
    not_before: Instant,
    wait: Duration,
    bounds: (Duration, Duration),
}

impl Pace {
    fn new(bounds: (Duration, Duration)) -> Self {
        Self {
            not_before: Instant::now(),
            wait: bounds.0,
            bounds,
        }
    }

    fn is_due(&self) -> bool {
        Instant::now() >= self.not_before
    }

    fn step(&mut self) {
        self.not_before = Instant::now() + jittered(self.wait);
        self.wait = (self.wait * 2).min(self.bounds.1);
    }

    fn reset(&mut self) {
        self.wait = self.bounds.0;
    }
}

impl Present {
    fn found(&self) -> Option<Found> {
        let client = self.client.as_ref()?;
        Some((Arc::clone(client), self.generation))
    }

    fn put(&mut self, client: Client) -> Found {
        let client = Arc::new(client);
        self.client = Some(Arc::clone(&client));
        self.generation += 1;
        self.since = Instant::now();
        (self.failures, self.moved) = (0, false);
        (client, self.generation)
    }
}

impl Clients {
    pub(super) fn new(url: &EsdbUrl, limits: &Limits) -> Self {
        let present = Present {
            client: None,
            generation: 0,
            since: Instant::now(),
            failures: 0,
            moved: false,
            pace: Pace::new(limits.back_off),
            of_living: Pace::new(limits.living_back_off),
        };
        Self {
            settings: url.settings().clone(),
            choice: url.has_choice(),
            patience: limits.turn,
            present: Arc::new(Mutex::new(present)),
            making: Arc::default(),
            troubled: AtomicBool::new(true),
        }
    }

    /// The present client, or a new one, which takes some milliseconds. Who comes meanwhile waits for
    /// it; who comes too early for another is told that the server is away.
    pub(super) async fn get(&self) -> Result<Found, Fault> {
        if let Some(found) = self.present().found() {
            return Ok(found);
        }
        let making = timeout(self.patience, Arc::clone(&self.making).lock_owned());
        let making = making.await.map_err(|_| Fault::Away)?;
        {
            let mut present = self.present();
            if let Some(found) = present.found() {
                return Ok(found);
            }
            if !present.pace.is_due() {
                return Err(Fault::Away);
            }
            present.pace.step();
        }
        self.troubled.store(true, Ordering::Relaxed);
        let (settings, present) = (self.settings.clone(), Arc::clone(&self.present));
        // It is put there by whoever made it: the caller may give up, and what is made must not be lost.
        let made = spawn_blocking(move || {
            let _making = making;
            let client = Client::new(settings).map_err(Fault::Said)?;
            Ok(lock(&present).put(client))
        });
        made.await
            .unwrap_or_else(|error| Err(Fault::Panicked(error.to_string())))
    }

    /// A call through the client of that generation was answered.
    pub(super) fn succeeded(&self, generation: u64) {
        if !self.troubled.load(Ordering::Relaxed) {
            return;
        }
        let mut present = self.present();
        if present.generation != generation {
            return;
        }
        present.failures = 0;
        present.pace.reset();
        // One success among failures is not enough: it would be replaced as often as ever.
        if present.since.elapsed() >= present.of_living.wait {
            present.of_living.reset();
            self.troubled.store(false, Ordering::Relaxed);
        }
    }

    /// A call through the client of that generation failed, though the client lives; it may have been
    /// sent to another node because of it.
    pub(super) fn failed(&self, generation: u64, moved: bool) {
        let mut present = self.present();
        if present.generation != generation {
            return;
        }
        self.troubled.store(true, Ordering::Relaxed);
        present.failures += 1;
        present.moved |= moved;
        // To the one node that there is, the client connects again by itself.
        let useful = present.failures >= FAILURES && (self.choice || present.moved);
        if useful && present.pace.is_due() && present.of_living.is_due() {
            present.of_living.step();
            present.client = None;
        }
    }

    /// The client of that generation is dead.
    pub(super) fn give_up(&self, generation: u64) {
        let mut present = self.present();
        if present.generation == generation {
            present.client = None;
        }
    }

    /// Lets the client go, whichever it is.
    pub(super) fn let_go(&self) {
        self.present().client = None;
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        lock(&self.present)
    }
}

fn lock(present: &Mutex<Present>) -> MutexGuard<'_, Present> {
    present.lock().unwrap_or_else(PoisonError::into_inner)
}
