//! The event store of a site, two nodes of one cluster, and what happens to it.

use tonic::Status;

use super::faults::Fault;
use super::probes::Need;
use super::site::Site;
use super::wait_for;
use crate::servers::eventstoredb::{Act, Call, Ending, EventStoreDb, Manner};

/// Two nodes before one log. The first one leads, unless a fault has it otherwise.
pub(crate) struct Store {
    nodes: [EventStoreDb; 2],
}

/// Everything that is said to a store.
const CALLS: [Call; 4] = [
    Call::Append,
    Call::ReadStream,
    Call::ReadAll,
    Call::Subscribe,
];

impl Store {
    pub(super) fn start() -> Self {
        let nodes = wait_for(async {
            let first = EventStoreDb::start().await;
            let second = first.start_beside().await;
            [first, second]
        });
        Self { nodes }
    }

    /// Names both nodes.
    pub(super) fn url(&self) -> String {
        let [first, second] = self.nodes.each_ref().map(EventStoreDb::port);
        format!("esdb://127.0.0.1:{first},127.0.0.1:{second}?tls=false&discoveryInterval=50")
    }

    fn stop(&mut self) {
        let [first, second] = &mut self.nodes;
        wait_for(async { tokio::join!(first.stop(), second.stop()) });
    }

    fn start_again(&mut self) {
        let [first, second] = &mut self.nodes;
        wait_for(async { tokio::join!(first.start_again(), second.start_again()) });
    }

    /// The leader dies, and the other one leads.
    fn fail_over(&mut self) {
        wait_for(self.nodes[0].stop());
        self.nodes[1].lead();
    }

    fn fail_back(&mut self) {
        wait_for(self.nodes[0].start_again());
        self.nodes[0].lead();
    }

    fn cut(&self) {
        self.nodes.iter().for_each(EventStoreDb::cut);
    }

    /// Whoever leads treats all such calls so.
    fn treats(&self, calls: &[Call], manner: &Manner) {
        for node in &self.nodes {
            for call in calls {
                node.manners().always(*call, manner.clone());
            }
        }
    }

    fn well(&self) {
        self.nodes.iter().for_each(|node| node.manners().well());
    }

    /// Those who are subscribed are not any more, and whoever subscribes hears little: five events, and
    /// then this.
    fn subscriptions_end(&self, ending: &Ending) {
        let acts = vec![Act::Passes(5), Act::Ends(ending.clone())];
        self.treats(&[Call::Subscribe], &Manner::Acts(acts));
        self.cut();
    }
}

/// Nobody can write meanwhile, nor wait for the fold.
const TAKES: &[Need] = &[Need::Log, Need::Fold];

/// Everybody is treated so until it is over.
const fn treated(name: &'static str, begin: fn(&mut Site)) -> Fault {
    Fault {
        name,
        takes: TAKES,
        begin,
        end: |site| site.store().well(),
    }
}

fn appends(site: &mut Site, manner: &Manner) {
    site.store().treats(&[Call::Append], manner);
}

/// What happens to the event store: queries are answered from the views, as far as they got.
pub(super) const STORE: &[Fault] = &[
    Fault {
        name: "dead",
        takes: TAKES,
        begin: |site| site.store().stop(),
        end: |site| site.store().start_again(),
    },
    Fault {
        name: "another node leads",
        takes: TAKES,
        begin: |site| site.store().nodes[1].lead(),
        end: |site| site.store().nodes[0].lead(),
    },
    Fault {
        name: "the leader dies",
        takes: TAKES,
        begin: |site| site.store().fail_over(),
        end: |site| site.store().fail_back(),
    },
    Fault {
        name: "cut off once",
        takes: TAKES,
        begin: |site| site.store().cut(),
        end: |_| {},
    },
    treated("fails", |site| {
        let failure = Manner::Fails(Status::unavailable("not ready"));
        site.store().treats(&CALLS, &failure);
    }),
    treated("cuts at each append", |site| appends(site, &Manner::Cuts)),
    treated("writes, then cuts", |site| {
        appends(site, &Manner::DoesThenCuts);
    }),
    treated("writes, then fails", |site| {
        let failure = Manner::DoesThenFails(Status::deadline_exceeded("timeout"));
        appends(site, &failure);
    }),
    treated("knows no positions", |site| {
        appends(site, &Manner::WithoutPosition);
    }),
    treated("ends subscriptions", |site| {
        site.store().subscriptions_end(&Ending::Cleanly);
    }),
    treated("resets subscriptions", |site| {
        site.store().subscriptions_end(&Ending::Reset);
    }),
    treated("fails subscriptions", |site| {
        let failure = Ending::With(Status::unavailable("shutting down"));
        site.store().subscriptions_end(&failure);
    }),
];

/// The same, so that it shows only after a while that something is wrong: whoever is under way then waits
/// as long as a request may take.
pub(super) const SILENT: &[Fault] = &[
    treated("silent", |site| {
        site.store().treats(&CALLS, &Manner::Silent);
    }),
    treated("silent to connections", |site| {
        site.store().treats(&[Call::Connection], &Manner::Silent);
        site.store().cut();
    }),
    treated("writes, and says nothing", |site| {
        appends(site, &Manner::DoesThenSilent);
    }),
    treated("forgets subscriptions", |site| {
        site.store().subscriptions_end(&Ending::Silence);
    }),
];
