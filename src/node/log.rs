//! The log of a node: found to be one before anybody uses it, and looked at every while if it is on a
//! server.
//!
//! What must hold: the log has an identity before anything else is written, and a log on a server that
//! turns out to be another one is not written to any more. What was refused stays so until the process ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::stand::Stand;
use crate::ambient::Clock;
use crate::config::Config;
use crate::event_store::{EventStore, Gate, Page, Position, StoreError, identity};

/// How long finding out what log a server has may take. Until the first time is over the node does not
/// listen, so it would be taken for dead.
const TRY: Duration = Duration::from_secs(5);
/// How often a log on a server is looked at, and how long such a look may take.
const LOOK: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(2));
/// How soon one that is away is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// After how many looks in a row without an answer nobody may use it.
const SILENCES: u32 = 3;

/// A log, and what is known of it.
pub(super) struct Log {
    store: Arc<dyn EventStore>,
    place: String,
    /// What others have to go through, if the log is on a server.
    gate: Option<Arc<Gate>>,
    /// Whether this node gives a new log its identity. One that only reads writes nothing.
    begins: bool,
    clock: Clock,
    found: OnceLock<Uuid>,
    stand: watch::Sender<Stand>,
    /// Whether others were let in once.
    admitted: AtomicBool,
}

/// What a look at a log that was open has found.
#[derive(PartialEq, Eq)]
enum Seen {
    Same,
    Other(Arc<str>),
    /// It cannot be reached.
    Gone,
    /// It takes its time.
    Silent,
}

/// The identity of a log on a server, if it has one. Whoever may not read the log as a whole hears of that,
/// before anybody leaves anything in it.
pub(super) async fn read_carefully(store: &dyn EventStore) -> Result<Option<Uuid>, StoreError> {
    // Forward, and one: what others have written since our newest event may be any number.
    store.read_all(Position::START, Page::forward(1)).await?;
    identity::read(store).await
}

impl Log {
    /// A log that nobody has looked at.
    pub(super) fn of(config: &Config, store: Arc<dyn EventStore>, clock: Clock) -> Self {
        let place = config.event_store.place();
        let shared = config.event_store.is_shared();
        let gate = || Arc::new(Gate::closed(Arc::clone(&store), place.clone()));
        Self {
            gate: shared.then(gate),
            begins: !shared || config.roles.command || config.roles.projector,
            clock,
            found: OnceLock::new(),
            stand: watch::channel(Stand::Opening).0,
            admitted: AtomicBool::new(false),
            store,
            place,
        }
    }

    /// The log for those who wait until it is open: they fail until then.
    pub(super) fn for_others(&self) -> Arc<dyn EventStore> {
        match &self.gate {
            Some(gate) => Arc::<Gate>::clone(gate),
            None => Arc::clone(&self.store),
        }
    }

    /// The log itself, for those who come after it was identified.
    pub(super) fn store(&self) -> &Arc<dyn EventStore> {
        &self.store
    }

    /// Where it is, for operators.
    pub(super) fn place(&self) -> String {
        self.place.clone()
    }

    /// Whether it is on a server.
    pub(super) fn is_shared(&self) -> bool {
        self.gate.is_some()
    }

    /// How it stands with a log on a server.
    pub(super) fn stand(&self) -> Option<watch::Receiver<Stand>> {
        self.is_shared().then(|| self.stand.subscribe())
    }

    /// Whether a failure of this log may be over by itself.
    pub(super) fn passes(&self, error: &StoreError) -> bool {
        self.is_shared() && error.passes()
    }

    /// Which log it is. `None`: nobody has begun it yet, and this node may [`begin`](Self::begin) it. One in
    /// a file is this process's own, and is begun at once.
    pub(super) async fn identify(&self) -> Result<Option<Uuid>, StoreError> {
        if matches!(*self.stand.borrow(), Stand::Refused(_)) {
            return Err(self.away("the log was refused"));
        }
        if let Some(found) = self.found.get() {
            return Ok(Some(*found));
        }
        if !self.is_shared() {
            return self.begin().await.map(Some);
        }
        let asked = self.bounded(self.ask()).await?;
        Ok(asked.map(|log_id| *self.found.get_or_init(|| log_id)))
    }

    /// Gives a new log its identity, unless somebody else was faster.
    pub(super) async fn begin(&self) -> Result<Uuid, StoreError> {
        let begun = identity::ensure(&*self.store, &self.clock);
        let log_id = if self.is_shared() {
            self.bounded(begun).await?
        } else {
            begun.await?
        };
        Ok(*self.found.get_or_init(|| log_id))
    }

    async fn ask(&self) -> Result<Option<Uuid>, StoreError> {
        let found = read_carefully(&*self.store).await?;
        if found.is_none() && !self.begins {
            return Err(self.away("no node that writes has begun the log yet"));
        }
        Ok(found)
    }

    async fn bounded<T>(
        &self,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let silent = |_| Err(self.away("the server does not answer"));
        timeout(TRY, asked).await.unwrap_or_else(silent)
    }

    fn away(&self, detail: &str) -> StoreError {
        StoreError::Unavailable {
            store: self.place.clone(),
            detail: detail.to_owned(),
        }
    }

    /// Lets everybody use it. Whether they were let already.
    pub(super) fn admit(&self) -> bool {
        let Some(gate) = &self.gate else { return true };
        if self.admitted.swap(true, Ordering::AcqRel) {
            return true;
        }
        info!(place = self.place, "the event store is open");
        gate.set_open(true);
        self.turn(Stand::Open);
        false
    }

    /// Lets nobody use it any more.
    pub(super) fn shut(&self) {
        if let Some(gate) = &self.gate {
            gate.shut();
        }
    }

    /// The same, since it is not to be used, and tells why.
    pub(super) fn refuse(&self, why: Arc<str>) {
        self.shut();
        self.turn(Stand::Refused(why));
    }

    /// Whether that is news. What was refused once stays refused.
    fn turn(&self, now: Stand) -> bool {
        self.stand.send_if_modified(|stand| {
            let turns = !matches!(stand, Stand::Refused(_)) && *stand != now;
            if turns {
                *stand = now;
            }
            turns
        })
    }

    fn set_open(&self, open: bool) {
        if let Some(gate) = &self.gate {
            gate.set_open(open);
        }
    }

    /// Looks whether a log that is open can be reached and is still the same: one that is back may have
    /// come back as another, so until that is known nobody uses it. Returns once it is another.
    pub(super) async fn look_for_ever(&self) {
        let mut silences = 0;
        loop {
            let seen = self.look().await;
            silences = if seen == Seen::Silent {
                silences + 1
            } else {
                0
            };
            let wait = match seen {
                Seen::Same => {
                    self.set_open(true);
                    if self.turn(Stand::Open) {
                        info!("the event store can be reached again");
                    }
                    LOOK.0
                }
                Seen::Other(why) => {
                    error!(%why, "the log was replaced");
                    return self.refuse(why);
                }
                Seen::Gone | Seen::Silent => {
                    // Who was only slow is the same. Whoever was replaced has cut the connections.
                    if seen == Seen::Gone || silences >= SILENCES {
                        self.set_open(false);
                    }
                    if self.turn(Stand::Away) {
                        warn!("the event store cannot be reached");
                    }
                    LOOK_AGAIN
                }
            };
            sleep(wait).await;
        }
    }

    async fn look(&self) -> Seen {
        match timeout(LOOK.1, identity::read(&*self.store)).await {
            Ok(Ok(found)) if found.as_ref() == self.found.get() => Seen::Same,
            Ok(Ok(found)) => Seen::Other(self.replaced(found).into()),
            Ok(Err(error @ StoreError::Busy { .. })) => {
                debug!(%error, "cannot look at the log");
                Seen::Silent
            }
            Ok(Err(error)) => {
                debug!(%error, "cannot look at the log");
                Seen::Gone
            }
            Err(_) => {
                debug!("the log does not answer");
                Seen::Silent
            }
        }
    }

    fn replaced(&self, found: Option<Uuid>) -> String {
        let (place, was) = (&self.place, self.found.get().copied().unwrap_or_default());
        let is = found.map_or("no log of Madang".to_owned(), |found| {
            format!("the log {found}")
        });
        format!(
            "{place}: here was the log {was}, and now there is {is}; bring back the server's data, or \
             name the server that has them"
        )
    }
}
