//! The log on EventStoreDB: the contract, and what it promises besides on a server that behaves badly.
//!
//! The contract runs on a fake server of each test's own, or, if `MADANG_TEST_EVENTSTORE=esdb://…` is
//! set, on that one. A real one may be shared: every test writes to streams with fresh names
//! (`contract-<uuid>`), never deletes, and looks at the whole log only from the head that it found.
//! Nothing is cleaned up there.

mod access;
mod appends;
mod away;
mod foreign;
mod model;
mod reads;
mod silence;
mod subscriptions;
mod tls;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use madang::event_store::eventstoredb::{Credentials, EsdbUrl, EventStoreDb, Limits};
use madang::event_store::{EventStore, Page, RecordedEvent, Reported, StoreError, Subscription};

use super::contract::{Fixture, contract};
use crate::servers::eventstoredb as fake;

/// A log on a server, and the server, if it is a fake one.
pub(crate) struct OnServer {
    fake: Option<fake::EventStoreDb>,
    url: EsdbUrl,
    log: Arc<EventStoreDb>,
}

/// A server of nobody else's, and a log on it.
pub(crate) struct OnFake {
    pub(crate) server: fake::EventStoreDb,
    pub(crate) log: EventStoreDb,
}

/// Pauses that no test has to wait for; nothing else of the limits is different.
pub(crate) fn short() -> Limits {
    Limits {
        pause: Duration::from_millis(1),
        back_off: (Duration::from_millis(1), Duration::from_millis(20)),
        ..Limits::default()
    }
}

/// The URL as a user would say it.
pub(crate) fn parsed(url: &str) -> EsdbUrl {
    EsdbUrl::parse(url, &Credentials::default()).unwrap()
}

/// The server's URL; a client tries it at once, and not half a second later.
pub(crate) fn url_of(server: &fake::EventStoreDb) -> EsdbUrl {
    parsed(&format!("{}&discoveryInterval=1", server.url()))
}

impl OnFake {
    /// A log on a server that behaves well.
    pub(crate) async fn open() -> Self {
        Self::with(short()).await
    }

    /// The same with these limits.
    pub(crate) async fn with(limits: Limits) -> Self {
        let server = fake::EventStoreDb::start().await;
        let log = EventStoreDb::open(&url_of(&server), limits);
        Self { server, log }
    }
}

/// Asks again until it works, or has not worked for far too long.
pub(crate) async fn patiently<T, E: Debug>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    const TOO_LONG: Duration = Duration::from_mins(1);
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(begun.elapsed() < TOO_LONG, "{error:?}"),
        }
        tokio::task::yield_now().await;
    }
}

/// What is reported next; `None` at the end.
async fn next(subscription: &mut Subscription) -> Option<Result<Reported, StoreError>> {
    let mut batch = Vec::new();
    subscription.next_batch(&mut batch, 1).await;
    batch.pop()
}

/// The next `n` events.
async fn next_events(subscription: &mut Subscription, n: usize) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    while events.len() < n {
        let report = next(subscription).await.expect("a report");
        if let Reported::Event(event) = report.unwrap() {
            events.push(event);
        }
    }
    events
}

/// The error that a subscription ends with.
async fn fault(subscription: &mut Subscription) -> StoreError {
    loop {
        if let Err(error) = next(subscription).await.expect("an error") {
            assert!(
                next(subscription).await.is_none(),
                "nothing follows an error"
            );
            return error;
        }
    }
}

fn one() -> Page {
    Page::forward(1)
}

fn revisions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.revision.0).collect()
}

#[async_trait]
impl Fixture for OnServer {
    #[expect(
        clippy::disallowed_methods,
        reason = "what to test on is no setting of the program"
    )]
    async fn open() -> Self {
        let (fake, url) = match std::env::var("MADANG_TEST_EVENTSTORE") {
            Ok(url) if !url.is_empty() => (None, parsed(&url)),
            _ => {
                let server = fake::EventStoreDb::start().await;
                let url = url_of(&server);
                (Some(server), url)
            }
        };
        let log = Arc::new(EventStoreDb::open(&url, Limits::default()));
        Self { fake, url, log }
    }

    fn store(&self) -> Arc<dyn EventStore> {
        Arc::clone(&self.log) as Arc<dyn EventStore>
    }

    async fn reopen(&mut self) {
        self.log.close().await;
        if let Some(server) = &mut self.fake {
            server.stop().await;
            server.start_again().await;
        }
        self.log = Arc::new(EventStoreDb::open(&self.url, Limits::default()));
    }
}

contract!(OnServer);
