//! How a server behaves: well, unless it was told otherwise, for the next calls of a kind or for all
//! of them; and what it has seen, so that tests wait for facts.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use tokio::sync::watch;
use tonic::Status;

/// What is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// A connection is opened. Its manners are [`Manner::Cuts`], [`Manner::Silent`] or none.
    Connection,
    Features,
    Gossip,
    Append,
    ReadStream,
    ReadAll,
    Subscribe,
    /// A subscription that ended, whoever ended it. It has no manners.
    Unsubscribe,
}

/// What a server does with a call.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// What it should.
    Well,
    /// Takes the call and never says a word.
    Silent,
    /// Does nothing and says so.
    Fails(Status),
    /// Does nothing, and cuts all its connections.
    Cuts,
    /// Does what it should (an append) and fails.
    DoesThenFails(Status),
    /// Does what it should (an append), and cuts all its connections.
    DoesThenCuts,
    /// Does what it should (an append), and never says so.
    DoesThenSilent,
    /// Appends, and knows no position.
    WithoutPosition,
    /// Appends, and says position (0, 0).
    ZeroPosition,
    /// Does what it should, and answers with a message that has nothing in it.
    Hollow,
    /// Behaves so in what it says to a read or a subscription, and well afterwards.
    Acts(Vec<Act>),
}

/// One thing after the other within an answer to a read or a subscription.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Passes on what there is until so many events have been passed on.
    Passes(usize),
    /// Says this in between (see `said`).
    Says(Bytes),
    /// From now on says each event twice, the one before it again, and a checkpoint at each.
    Repeats,
    /// Ends so.
    Ends(Ending),
}

/// How an answer ends.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// With status 0, as if all had been said.
    Cleanly,
    /// By `RST_STREAM` with `NO_ERROR`.
    Reset,
    /// With this status.
    With(Status),
    /// With all connections of the server.
    Cut,
    /// Never, and nothing more is said.
    Silence,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// All.
    Admin,
    /// All but to read `$all`.
    Streams,
}

/// The manners of one server.
#[derive(Default)]
pub(crate) struct Manners {
    told: Mutex<Told>,
    seen: watch::Sender<HashMap<Call, u64>>,
}

#[derive(Default)]
struct Told {
    next: HashMap<Call, VecDeque<Manner>>,
    always: HashMap<Call, Manner>,
    users: HashMap<String, (String, Rights)>,
}

impl Manners {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call of this kind that nothing was said about yet is treated so.
    pub(crate) fn next(&self, call: Call, manner: Manner) {
        self.told().next.entry(call).or_default().push_back(manner);
    }

    /// All calls of this kind are treated so, but those that `next` speaks of.
    pub(crate) fn always(&self, call: Call, manner: Manner) {
        self.told().always.insert(call, manner);
    }

    /// Behaves well again.
    pub(crate) fn well(&self) {
        let mut told = self.told();
        told.next.clear();
        told.always.clear();
    }

    /// From now on only those who are admitted may do anything.
    pub(crate) fn admit(&self, user: &str, password: &str, rights: Rights) {
        let admitted = (password.to_owned(), rights);
        self.told().users.insert(user.to_owned(), admitted);
    }

    /// How many calls of this kind have come in.
    pub(crate) fn seen(&self, call: Call) -> u64 {
        self.seen.borrow().get(&call).copied().unwrap_or(0)
    }

    /// Waits until so many calls of this kind have come in.
    pub(crate) async fn until(&self, call: Call, times: u64) {
        let mut seen = self.seen.subscribe();
        let enough = |seen: &HashMap<Call, u64>| seen.get(&call).is_some_and(|n| *n >= times);
        // The sender is here.
        let _ = seen.wait_for(enough).await;
    }

    /// Counts a call, and tells what to do with it.
    pub(super) fn meet(&self, call: Call) -> Manner {
        let manner = {
            let mut told = self.told();
            let next = told.next.get_mut(&call).and_then(VecDeque::pop_front);
            next.or_else(|| told.always.get(&call).cloned())
        };
        count(&self.seen, call);
        manner.unwrap_or(Manner::Well)
    }

    /// Counts a call when it is dropped.
    pub(super) fn counter(&self, call: Call) -> Counter {
        let seen = self.seen.clone();
        Counter { seen, call }
    }

    /// What somebody with these credentials may do. Before anybody is admitted, everybody may.
    pub(super) fn rights(&self, credentials: Option<(String, String)>) -> Result<Rights, Status> {
        let told = self.told();
        if told.users.is_empty() {
            return Ok(Rights::Admin);
        }
        let Some((user, password)) = credentials else {
            return Err(access_denied());
        };
        match told.users.get(&user) {
            Some((right, rights)) if *right == password => Ok(*rights),
            _ => Err(Status::unauthenticated("Unauthenticated")),
        }
    }
}

/// What the server says to those who may not.
pub(super) fn access_denied() -> Status {
    let mut status = Status::permission_denied("Access Denied");
    let exception = tonic::metadata::MetadataValue::from_static("access-denied");
    status.metadata_mut().insert("exception", exception);
    status
}

/// Counts a call when it is dropped.
pub(super) struct Counter {
    seen: watch::Sender<HashMap<Call, u64>>,
    call: Call,
}

impl Drop for Counter {
    fn drop(&mut self) {
        count(&self.seen, self.call);
    }
}

fn count(seen: &watch::Sender<HashMap<Call, u64>>, call: Call) {
    seen.send_modify(|seen| *seen.entry(call).or_default() += 1);
}
