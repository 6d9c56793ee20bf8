//! The log of a node: found to be one before anybody uses it, and looked at every while if it is on a
//! server.
//!
//! What must hold: the log has an identity before anything else is written, and a log on a server that
//! turns out to be another one is not written to any more.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, timeout};
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::stand::Stand;
use crate::ambient::Clock;
use crate::config::Config;
use crate::event_store::{EventStore, Gate, StoreError, identity};

/// How long finding out what log a server has may take. Until the first time is over the node does not
/// listen, so it would be taken for dead.
const TRY: Duration = Duration::from_secs(5);
/// How often a log on a server is looked at, and how long such a look may take.
const LOOK: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(2));

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

    /// Which log it is. A new one is given its identity, if this node writes.
    pub(super) async fn identify(&self) -> Result<Uuid, StoreError> {
        if let Some(found) = self.found.get() {
            return Ok(*found);
        }
        let asked = if self.is_shared() {
            let silent = |_| Err(self.away("the server does not answer"));
            timeout(TRY, self.ask()).await.unwrap_or_else(silent)
        } else {
            self.ask().await
        };
        asked.map(|log_id| *self.found.get_or_init(|| log_id))
    }

    async fn ask(&self) -> Result<Uuid, StoreError> {
        // First: whoever may not read the log as a whole should hear of it, and leave nothing in it.
        self.store.head().await?;
        if self.begins {
            return identity::ensure(&*self.store, &self.clock).await;
        }
        let found = identity::read(&*self.store).await?;
        found.ok_or_else(|| self.away("no node that writes has begun the log yet"))
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
        if gate.is_open() {
            return true;
        }
        info!(place = self.place, "the event store is open");
        gate.set_open(true);
        self.stand.send_replace(Stand::Open);
        false
    }

    /// Lets nobody use it any more.
    pub(super) fn refuse(&self, why: Arc<str>) {
        if let Some(gate) = &self.gate {
            gate.set_open(false);
        }
        self.stand.send_replace(Stand::Refused(why));
    }

    /// Looks whether a log that is open can be reached and is still the same. Returns once it is another.
    pub(super) async fn look_for_ever(&self) {
        let mut ticks = tokio::time::interval(LOOK.0);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = self.look().await;
            if *self.stand.borrow() == now {
                continue;
            }
            match now {
                Stand::Refused(why) => {
                    error!(%why, "the log was replaced");
                    return self.refuse(why);
                }
                Stand::Away => warn!("the event store cannot be reached"),
                Stand::Open | Stand::Opening => info!("the event store can be reached again"),
            }
            self.stand.send_replace(now);
        }
    }

    async fn look(&self) -> Stand {
        match timeout(LOOK.1, identity::read(&*self.store)).await {
            Ok(Ok(found)) if found.as_ref() == self.found.get() => Stand::Open,
            Ok(Ok(found)) => Stand::Refused(self.replaced(found).into()),
            Ok(Err(error)) => {
                debug!(%error, "cannot look at the log");
                Stand::Away
            }
            Err(_) => {
                debug!("the log does not answer");
                Stand::Away
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
