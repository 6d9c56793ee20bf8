//! The number of a node that shares its log with others: leased in the table `node_lease` beside the
//! SQL views, renewed as long as the node runs, and given back when it stops.
//!
//! What must hold: no two nodes make ids of one number in the same millisecond, whatever clocks, processes
//! and servers do. So a lease is recorded before it is used, its ids lie before its end, and the next
//! one of the number begins there. Clocks decide only when a number may be taken, never whether that is
//! safe. A node that was stopped for an hour finds its number taken and takes another; one that is killed
//! leaves its number until the lease ends. While SQL is away ids are made until the lease ends.
//!
//! Left out: a server that forgets what it has confirmed (a fail-over to a replica that was behind, a
//! backup put back while nodes run) may give a number away twice. Then the log refuses the second of two
//! articles with one id, since it would begin a stream that is there. If the table itself is lost, numbers
//! begin after all leases that there can have been. And numbers are of a database: nodes that take commands
//! for one log have to name the same one.

mod choice;
mod table;
mod taking;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, error, info, warn};

use super::stand::Stand;
use crate::ambient::{Clock, jittered};
use crate::command::ids::{Ids, Lease};
use crate::domain::Timestamp;
use crate::domain::snowflake::Node;
use crate::event_store::{EventStore, StoreError};
use crate::views::{Views, ViewsError};
use table::Table;
use taking::{Held, Taker};

/// How long a lease lasts, in milliseconds.
pub const LEASE: i64 = 10 * 60 * 1000;
/// How long after it was renewed it is renewed again.
const RENEW: Duration = Duration::from_mins(1);
/// What is left of a lease then, in milliseconds, unless the clock was set.
const FRESH: i64 = LEASE - 60 * 1000;
/// How often the clock is looked at meanwhile: it may have been set, or the whole machine have slept.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long one try may last.
const TRY: Duration = Duration::from_secs(10);
/// The first and the longest wait before the server is asked again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// After how many refusals in a row it is believed that they last. A table that others are just making may
/// look like one that somebody has changed.
const REFUSALS: u32 = 5;
/// How long giving a number back may take. If it is not given back, it is free when the lease ends.
const LAST_WORD: Duration = Duration::from_secs(5);

/// Why no number was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Untaken {
    #[error("{0}")]
    Views(Arc<str>),
    /// It does not pass: somebody has to do what the text says.
    #[error("{0}")]
    Refused(Arc<str>),
    #[error(transparent)]
    Log(#[from] StoreError),
    #[error("node number {number} is held by another node, for {seconds} s if it has died")]
    Held { number: u16, seconds: i64 },
    #[error("all node numbers are held by other nodes")]
    AllHeld,
    #[error("other nodes took every number first")]
    Crowd,
    #[error("the clock is past the last id's time")]
    OutOfTime,
    #[error("the server does not answer")]
    Silent,
}

impl From<ViewsError> for Untaken {
    fn from(error: ViewsError) -> Self {
        let why = error.to_string().into();
        match error {
            ViewsError::Refused { .. } | ViewsError::Foreign { .. } => Self::Refused(why),
            _ => Self::Views(why),
        }
    }
}

/// Why there is no number after a while.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no node number within {} s: {why}", .waited.as_secs())]
pub struct NoNumber {
    waited: Duration,
    why: Arc<str>,
}

/// What it takes to lease a number.
pub struct Parts {
    /// The views, which are on a server. They need not be prepared.
    pub views: Views,
    /// The log that the ids are for.
    pub store: Arc<dyn EventStore>,
    /// The only number that will do, if the operator has chosen one.
    pub node: Option<Node>,
    /// What time it is.
    pub clock: Clock,
}

/// A number that is leased in the background, from the start until [`stop`](Self::stop). Dropped without
/// it, the number stays taken until its lease ends.
pub struct Leasing {
    ids: Arc<Ids>,
    lease: watch::Receiver<Option<Lease>>,
    why: watch::Receiver<Arc<str>>,
    stand: watch::Receiver<Stand>,
    /// Takes the lease under which the last id was made, and where it is free again.
    stop: oneshot::Sender<Option<(Lease, Timestamp)>>,
    task: JoinHandle<()>,
}

impl Leasing {
    /// Begins, and does not wait: [`ids`](Self::ids) may be used at once, and fail until there is a number.
    /// Asks for one as long as it takes, and takes another one if it is lost.
    pub fn start(parts: Parts) -> Self {
        Self::start_when(async {}, parts)
    }

    /// The same, but nothing is asked of the server before `ready`. Who is stopped until then has taken
    /// no number.
    pub fn start_when(ready: impl Future<Output = ()> + Send + 'static, parts: Parts) -> Self {
        let Parts {
            views,
            store,
            node,
            clock,
        } = parts;
        let (lease, told) = watch::channel(None);
        let (why, heard) = watch::channel(Arc::from("the server was not asked yet"));
        let (stand, stands) = watch::channel(Stand::Opening);
        let (stop, stopped) = oneshot::channel();
        let ids = Arc::new(Ids::leased(told.clone(), clock.clone()));
        let keeper = Keeper {
            taker: Taker::new(Table(views), store, node, clock),
            lease,
            why,
            stand,
            held: None,
        };
        Self {
            ids,
            lease: told,
            why: heard,
            stand: stands,
            stop,
            task: tokio::spawn(keeper.run(ready, stopped)),
        }
    }

    /// Makes ids under whatever lease there is.
    pub fn ids(&self) -> Arc<Ids> {
        Arc::clone(&self.ids)
    }

    /// Waits until there is a number, for at most `limit`. For those who can do nothing without.
    pub async fn number(&self, limit: Duration) -> Result<Node, NoNumber> {
        let mut lease = self.lease.clone();
        let taken = timeout(limit, lease.wait_for(Option::is_some)).await;
        let lease = taken.ok().and_then(Result::ok).and_then(|lease| *lease);
        lease.map(|lease| lease.node).ok_or_else(|| NoNumber {
            waited: limit,
            why: Arc::clone(&self.why.borrow()),
        })
    }

    /// How it stands with the number. Refused is what somebody has to do something about; only a node that
    /// has had no number yet ends for it.
    pub fn stand(&self) -> watch::Receiver<Stand> {
        self.stand.clone()
    }

    /// Makes no more ids, and gives the number back, so that another node may have it at once. Takes a
    /// few seconds at most. The connections must still be there, and whoever counts views have stopped.
    pub async fn stop(self) {
        // A task that is gone has said so.
        let _ = self.stop.send(self.ids.give_up());
        if let Err(error) = self.task.await {
            error!(%error, "what keeps the node number died");
        }
    }
}

/// The task, and what it holds.
struct Keeper {
    taker: Taker,
    lease: watch::Sender<Option<Lease>>,
    why: watch::Sender<Arc<str>>,
    stand: watch::Sender<Stand>,
    held: Option<Held>,
}

impl Keeper {
    async fn run(
        mut self,
        ready: impl Future<Output = ()>,
        mut stopped: oneshot::Receiver<Option<(Lease, Timestamp)>>,
    ) {
        let leasing = async {
            ready.await;
            self.lease_for_ever().await
        };
        let used = tokio::select! {
            biased;
            used = &mut stopped => used,
            never = leasing => match never {},
        };
        self.lease.send_replace(None);
        let Ok(used) = used else { return };
        if self.held.is_none() {
            // In the middle of it: the answer may have been on its way.
            let taken = timeout(LAST_WORD, self.taker.taken_unheard()).await;
            self.held = taken.ok().flatten();
        }
        if let Some(held) = self.held.take() {
            self.give_back(held, used).await;
        }
    }

    async fn lease_for_ever(&mut self) -> Infallible {
        loop {
            let held = self.take().await;
            info!(node = held.lease.node.get(), "this node has a number");
            self.lease.send_replace(Some(held.lease));
            self.stand.send_replace(Stand::Open);
            self.held = Some(held);
            self.keep().await;
            self.held = None;
            self.lease.send_replace(None);
        }
    }

    /// Asks for a number until there is one.
    async fn take(&mut self) -> Held {
        let (mut wait, mut refusals) = (BACK_OFF.0, 0);
        loop {
            let taken = timeout(TRY, Box::pin(self.taker.take())).await;
            match taken.unwrap_or(Err(Untaken::Silent)) {
                Ok(held) => return held,
                Err(error) => {
                    self.explain(&error);
                    refusals = self.count(error, refusals);
                }
            }
            sleep(jittered(wait)).await;
            wait = (wait * 2).min(BACK_OFF.1);
        }
    }

    /// Once for each reason: it may be the same for hours.
    fn explain(&self, error: &Untaken) {
        let why: Arc<str> = error.to_string().into();
        if *self.why.borrow() == why {
            debug!(%why, "this node has no number yet");
        } else {
            warn!(%why, "this node has no number yet");
            self.why.send_replace(why);
        }
    }

    /// How many refusals there are in a row with this one; enough of them are told. What a node that has had
    /// a number is refused it asks for again, since rights come back.
    fn count(&self, error: Untaken, refusals: u32) -> u32 {
        let Untaken::Refused(why) = error else {
            return 0;
        };
        if refusals + 1 >= REFUSALS && *self.stand.borrow() == Stand::Opening {
            self.stand.send_replace(Stand::Refused(why));
        }
        refusals + 1
    }

    /// Renews the lease until it is lost.
    async fn keep(&mut self) {
        let mut renewed = Instant::now();
        let mut wait = LOOK_EVERY;
        loop {
            sleep(wait).await;
            wait = LOOK_EVERY;
            let Some(held) = &mut self.held else { return };
            let left = held.lease.until.0.saturating_sub(self.taker.clock.now().0);
            if renewed.elapsed() < RENEW && left > FRESH {
                continue;
            }
            match timeout(TRY, self.taker.renew(held)).await {
                Ok(Ok(true)) => {
                    renewed = Instant::now();
                    self.lease.send_replace(Some(held.lease));
                }
                Ok(Ok(false)) => {
                    warn!("this node's number was taken by another one; it takes a new one");
                    return;
                }
                failed => {
                    let error = failed.map_or(Untaken::Silent, |renewed| match renewed {
                        Err(error) => error.into(),
                        Ok(_) => Untaken::Silent,
                    });
                    warn!(%error, "the lease of the node number cannot be renewed");
                    if self.taker.clock.now() >= held.lease.until {
                        warn!("the lease of the node number has ended");
                        return;
                    }
                    wait = jittered(BACK_OFF.1);
                }
            }
        }
    }

    /// Whoever takes the number next begins after the last id, or where this one did if it made none.
    async fn give_back(&self, mut held: Held, used: Option<(Lease, Timestamp)>) {
        let Lease { node, from, .. } = held.lease;
        let of_this = used.filter(|(lease, _)| (lease.node, lease.from) == (node, from));
        let end = of_this.map_or(from, |(_, end)| end);
        let released = timeout(LAST_WORD, self.taker.release(&mut held, end)).await;
        match released {
            Ok(Ok(true)) => info!(node = node.get(), "the node number is free again"),
            Ok(Ok(false)) => debug!("somebody else has the node number"),
            Ok(Err(error)) => warn!(%error, "the node number stays taken until its lease ends"),
            Err(_) => warn!("the node number stays taken until its lease ends"),
        }
    }
}
