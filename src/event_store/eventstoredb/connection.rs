//! The way to the server: the calls that go through the present client.
//!
//! A call waits for its turn, then for the client to have a connection, and only then is it sent: what
//! fails before that was surely not done. How it ended tells what the client is worth (`clients`).
//!
//! What must hold: no lock is held across an await.

mod clients;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use eventstore::Client;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::{sleep, timeout};

use self::clients::Clients;
use super::caught::{caught, message};
use super::fault::{Class, Fault};
use super::{EsdbUrl, Limits};
use crate::ambient::jittered;
use crate::event_store::Position;

/// The way to the server.
pub(super) struct Connection {
    pub(super) url: EsdbUrl,
    pub(super) limits: Limits,
    turns: Semaphore,
    clients: Clients,
    closed: watch::Sender<bool>,
    acknowledged: Mutex<Position>,
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
        Self {
            turns: Semaphore::new(limits.calls),
            clients: Clients::new(&url, &limits),
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
        let (client, generation) = self.client().await?;
        Ok(Turn {
            connection: self,
            _permit: permit,
            client,
            generation,
        })
    }

    /// The present client, and its generation.
    pub(super) async fn client(&self) -> Result<(Arc<Client>, u64), Fault> {
        if *self.closed.borrow() {
            return Err(Fault::Closed);
        }
        self.clients.get().await
    }

    /// Takes note of how a call through the client of that generation ended.
    pub(super) fn note(&self, generation: u64, fault: Option<&Fault>) {
        match fault.map(Fault::class) {
            Some(Class::Dead) => self.clients.give_up(generation),
            Some(Class::Unknown) => self.clients.failed(generation, false),
            // To a leader that it was told of the client goes by itself; if there is none, another
            // client may find one.
            Some(Class::NotLeader) => {
                let moved = !matches!(fault, Some(Fault::Leaderless));
                self.clients.failed(generation, moved);
            }
            Some(Class::NotSent) => {}
            None
            | Some(
                Class::Denied | Class::Deleted | Class::Missing | Class::Invalid | Class::Answered,
            ) => self.clients.succeeded(generation),
        }
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
        self.clients.let_go();
    }
}

impl Turn<'_> {
    /// Waits for a connection, then runs the beginning of the call: what is asked, up to the first word
    /// of the answer.
    pub(super) async fn open<T>(
        &self,
        beginning: impl Future<Output = eventstore::Result<T>>,
    ) -> Result<T, Fault> {
        self.connected().await?;
        self.begin(beginning).await
    }

    /// The client tells its node's version once it has one, from memory.
    async fn connected(&self) -> Result<(), Fault> {
        let asked = caught(self.client.server_info());
        let outcome = match timeout(self.connection.limits.connect, asked).await {
            // It goes on looking, for whoever comes next.
            Err(_) => Err(Fault::Searching),
            Ok(Ok(Ok(_))) => Ok(()),
            Ok(Ok(Err(error))) => Err(Fault::Said(error)),
            Ok(Err(_)) => Err(Fault::Said(eventstore::Error::ConnectionClosed)),
        };
        if outcome.is_err() {
            return self.note(outcome);
        }
        // That there is a connection is no success yet.
        Ok(())
    }

    async fn begin<T>(
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
