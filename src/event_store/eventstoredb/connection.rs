//! The present client, and the calls that go through it.
//!
//! A client whose first attempt to connect fails is dead for good, and one that lives never looks for
//! another node. So a client is thrown away when it says that it is dead, or when several calls in a
//! row have failed, and the next call makes a new one: at most one in a back-off, the calls in between
//! fail at once.
//!
//! What must hold: the lock is never held across an await; a fault of a client that has been replaced
//! says nothing about its successor, which is what generations are for. A client that is thrown away
//! while it lives leaves a sleeping task behind, since that holds on to itself: one for each death of
//! a node, not for each attempt, because those that never connected end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventstore::Client;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::{Instant, sleep, timeout};

use super::caught::{caught, message};
use super::fault::{Class, Fault};
use super::{EsdbUrl, Limits};
use crate::ambient::jittered;
use crate::event_store::Position;

/// Failed calls in a row after which another client is tried, since it may find another node.
const FAILURES: u32 = 3;

/// The way to the server.
pub(super) struct Connection {
    pub(super) url: EsdbUrl,
    pub(super) limits: Limits,
    turns: Semaphore,
    present: Mutex<Present>,
    /// Whether there is anything that a success has to reset: spares it the lock.
    troubled: AtomicBool,
    closed: watch::Sender<bool>,
    acknowledged: Mutex<Position>,
}

struct Present {
    client: Option<Arc<Client>>,
    generation: u64,
    failures: u32,
    /// When the next client may be made.
    not_before: Instant,
    wait: Duration,
}

/// Counts how often a call was tried.
pub(super) struct Tries<'a> {
    limits: &'a Limits,
    done: u32,
}

impl<'a> Tries<'a> {
    pub(super) fn of(connection: &'a Connection) -> Self {
        let limits = &connection.limits;
        Self { limits, done: 0 }
    }

    /// Whether to try once more after this fault, which is waited for.
    pub(super) async fn again(&mut self, fault: &Fault) -> bool {
        self.done += 1;
        let again = fault.passes() && self.done < self.limits.tries;
        if again {
            sleep(jittered(self.limits.pause * self.done)).await;
        }
        again
    }
}

/// One call that has its turn.
pub(super) struct Turn<'a> {
    connection: &'a Connection,
    _permit: SemaphorePermit<'a>,
    pub(super) client: Arc<Client>,
    generation: u64,
}

impl Connection {
    pub(super) fn new(url: EsdbUrl, limits: Limits) -> Self {
        let present = Present {
            client: None,
            generation: 0,
            failures: 0,
            not_before: Instant::now(),
            wait: limits.back_off.0,
        };
        Self {
            turns: Semaphore::new(limits.calls),
            present: Mutex::new(present),
            troubled: AtomicBool::new(true),
            closed: watch::Sender::new(false),
            acknowledged: Mutex::new(Position::START),
            url,
            limits,
        }
    }

    /// Waits for a turn, and takes the present client or makes one.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, Fault> {
        let turn = timeout(self.limits.turn, self.turns.acquire()).await;
        let permit = turn.map_err(|_| Fault::Busy)?.map_err(|_| Fault::Closed)?;
        let (client, generation) = self.client()?;
        Ok(Turn {
            connection: self,
            _permit: permit,
            client,
            generation,
        })
    }

    /// The present client, and its generation.
    pub(super) fn client(&self) -> Result<(Arc<Client>, u64), Fault> {
        if *self.closed.borrow() {
            return Err(Fault::Closed);
        }
        let mut present = self.present();
        if let Some(client) = &present.client {
            return Ok((Arc::clone(client), present.generation));
        }
        if Instant::now() < present.not_before {
            return Err(Fault::Away);
        }
        present.not_before = Instant::now() + jittered(present.wait);
        present.wait = (present.wait * 2).min(self.limits.back_off.1);
        self.troubled.store(true, Ordering::Relaxed);
        let client = Client::new(self.url.settings().clone()).map_err(Fault::Said)?;
        let client = Arc::new(client);
        present.client = Some(Arc::clone(&client));
        present.generation += 1;
        present.failures = 0;
        Ok((client, present.generation))
    }

    /// Takes note of how a call through the client of that generation ended.
    pub(super) fn note(&self, generation: u64, fault: Option<&Fault>) {
        match fault.map(Fault::class) {
            Some(Class::Dead) => self.give_up(generation),
            // To a leader that it was told of the client goes by itself; if there is none, another
            // client may find one.
            Some(Class::Unknown | Class::NotLeader) => self.failed(generation),
            Some(Class::NotSent) => {}
            None
            | Some(
                Class::Denied | Class::Deleted | Class::Missing | Class::Invalid | Class::Answered,
            ) => self.succeeded(generation),
        }
    }

    fn succeeded(&self, generation: u64) {
        if !self.troubled.load(Ordering::Relaxed) {
            return;
        }
        let mut present = self.present();
        if present.generation == generation {
            present.failures = 0;
            present.wait = self.limits.back_off.0;
            self.troubled.store(false, Ordering::Relaxed);
        }
    }

    fn failed(&self, generation: u64) {
        let mut present = self.present();
        if present.generation != generation {
            return;
        }
        self.troubled.store(true, Ordering::Relaxed);
        present.failures += 1;
        if present.failures >= FAILURES && Instant::now() >= present.not_before {
            present.client = None;
        }
    }

    fn give_up(&self, generation: u64) {
        let mut present = self.present();
        if present.generation == generation {
            present.client = None;
        }
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An append of this process was acknowledged at `position`.
    pub(super) fn acknowledge(&self, position: Position) {
        let mut acknowledged = self.acknowledged_lock();
        *acknowledged = position.max(*acknowledged);
    }

    /// How far appends of this process were acknowledged.
    pub(super) fn acknowledged(&self) -> Position {
        *self.acknowledged_lock()
    }

    fn acknowledged_lock(&self) -> MutexGuard<'_, Position> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the log is closed.
    pub(super) fn closing(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closed = self.closed.subscribe();
        async move {
            // It cannot end before it is closed: who waits holds the connection.
            while !*closed.borrow_and_update() && closed.changed().await.is_ok() {}
        }
    }

    /// Lets no more calls begin, waits for those in flight as long as a call may last, and lets the
    /// client go.
    pub(super) async fn close(&self) {
        self.closed.send_replace(true);
        let all = u32::try_from(self.limits.calls).unwrap_or(u32::MAX);
        let quiet = timeout(self.limits.call, self.turns.acquire_many(all)).await;
        if quiet.is_err() {
            tracing::warn!(store = %self.url, "calls were in flight when the log was closed");
        }
        self.turns.close();
        self.present().client = None;
    }
}

impl Turn<'_> {
    /// Runs the beginning of the call: what is asked, up to the first word of the answer.
    pub(super) async fn open<T>(
        &self,
        beginning: impl Future<Output = eventstore::Result<T>>,
    ) -> Result<T, Fault> {
        let outcome = match self.in_time(beginning).await {
            // That there is no such stream is said later, in what is read.
            Err(Fault::Said(eventstore::Error::ResourceNotFound)) => Err(Fault::Leaderless),
            outcome => outcome,
        };
        self.note(outcome)
    }

    /// Runs a further part of the call.
    pub(super) async fn run<T>(
        &self,
        part: impl Future<Output = eventstore::Result<T>>,
    ) -> Result<T, Fault> {
        let outcome = self.in_time(part).await;
        self.note(outcome)
    }

    /// The server may not be silent for too long.
    async fn in_time<T>(
        &self,
        part: impl Future<Output = eventstore::Result<T>>,
    ) -> Result<T, Fault> {
        match timeout(self.connection.limits.call, caught(part)).await {
            Err(_) => Err(Fault::Silent),
            Ok(Err(payload)) => Err(Fault::Panicked(message(&payload))),
            Ok(Ok(result)) => result.map_err(Fault::Said),
        }
    }

    fn note<T>(&self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        let fault = outcome.as_ref().err();
        self.connection.note(self.generation, fault);
        outcome
    }
}

#[cfg(test)]
mod tests;
