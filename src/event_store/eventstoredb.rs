//! The event log on EventStoreDB or KurrentDB: one node or a cluster, through the crate `eventstore`.
//!
//! Only this module and those below it name that crate. What the server promises is used as it is
//! meant: every append names the revision that it expects and carries ids of its own, so that it can be
//! repeated; every call asks for the leader, so that a writer reads what it wrote. What the client gets
//! wrong is survived here, each in its place:
//!
//! | what the client does | where it is met |
//! |---|---|
//! | it is dead after a first attempt that failed; it never looks for another node | `connection` |
//! | it spins when a subscription ends cleanly | `spin` |
//! | waiting for the next message cannot be cancelled; it repeats without limit | `owner` |
//! | it panics on what it holds for impossible | `caught`, around every call |
//! | a success without a position is position 0 | `append`: reads the event back |
//! | `$all` cannot be filtered when it is read | `read` |
//! | times are cut to seconds | `event` |
//! | it panics on a bad certificate file, shows passwords in errors | `url` |
//!
//! Left out on purpose: batch appends (one failure ends all), persistent subscriptions (no order),
//! deleting streams, and reading from followers.

mod append;
mod caught;
mod connection;
mod event;
mod fault;
mod limits;
mod owner;
mod read;
mod spin;
mod subscription;
mod url;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use eventstore::Client;

use self::connection::Connection;
use super::{
    AppendError, Appended, EventStore, Expected, NewEvent, Page, Position, RecordedEvent,
    StoreError, StreamName, Subscription,
};
use crate::domain::{Revision, Timestamp};
pub use limits::Limits;
pub use url::{Credentials, EsdbUrl, MalformedEsdbUrl};

/// A log on a server.
pub struct EventStoreDb {
    connection: Arc<Connection>,
}

impl EventStoreDb {
    /// The log at `url`. Nothing is asked of the server before the first call.
    pub fn open(url: &EsdbUrl, limits: Limits) -> Self {
        Self {
            connection: Arc::new(Connection::new(url.clone(), limits)),
        }
    }

    /// Lets no more calls begin, and ends subscriptions; waits for calls in flight, but no longer than
    /// one may last.
    pub async fn close(&self) {
        self.connection.close().await;
    }
}

impl fmt::Debug for EventStoreDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventStoreDb({})", self.connection.url)
    }
}

/// Makes sure that the process has a provider for TLS.
///
/// Two are compiled in, so everything that asks for the default one (Redis by `rediss://`) panics
/// while none is installed; and the client panics if somebody else has installed one before its own
/// first use. So it is used once, to no end, before anything else needs TLS.
pub async fn provide_tls() {
    let Ok(client) = Client::new(url::nowhere()) else {
        return tracing::error!("no client for the event store can be made");
    };
    // It is out of attempts before its first one; by then it has installed the provider.
    let nothing = caught::caught(client.server_info()).await;
    tracing::debug!(gave_up = nothing.is_ok(), "a provider for TLS is installed");
}

#[async_trait]
impl EventStore for EventStoreDb {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        append::append(&self.connection, (stream, expected), &events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from: Revision,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        read::stream(&self.connection, (stream, from), page).await
    }

    async fn read_all(&self, from: Position, page: Page) -> Result<Vec<RecordedEvent>, StoreError> {
        read::all(&self.connection, from, page).await
    }

    async fn event_at(&self, position: Position) -> Result<Option<RecordedEvent>, StoreError> {
        read::at(&self.connection, position).await
    }

    /// Always the start: the server keeps no index over times.
    async fn position_before(&self, _: Timestamp) -> Result<Position, StoreError> {
        Ok(Position::START)
    }

    async fn subscribe_all(&self, after: Position) -> Result<Subscription, StoreError> {
        subscription::start(Arc::clone(&self.connection), after).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        read::head(&self.connection).await
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}
