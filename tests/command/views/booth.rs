//! One node that counts views, over a log that follows a script.

use std::sync::Arc;

use async_trait::async_trait;
use madang::ambient::Clock;
use madang::calendar::Calendar;
use madang::command::ids::{Ids, Lease};
use madang::command::view::{Counter, ViewOutcome, Viewing};
use madang::command::{CommandError, Commands, Origin};
use madang::domain::snowflake::Node;
use madang::domain::{Revision, Timestamp};
use madang::event_store::{
    AppendError, EventStore as _, Expected, NewEvent, Position, RecordedEvent, StoreError,
    StreamName,
};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, yield_now};

use crate::command::{Square, by};
use crate::wayward::{Wayward, Whim, away, refused, unknown};

/// 2027-01-15T08:00:00Z.
pub(super) const NOW: i64 = 1_800_000_000_000;
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;
pub(super) const TEN_MINUTES: i64 = 10 * 60 * 1000;

/// What the log does with an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Waits until the booth lets it go.
    Hold,
    /// Takes nothing, and says so.
    Fail,
    /// Takes nothing, and never will.
    Refuse,
    /// Takes nothing, and gives no answer.
    Lose,
    /// Takes it, and gives no answer.
    Mute,
    /// Takes something else first, into the same stream.
    Overtake,
}

pub(super) struct Script {
    acts: Vec<Act>,
    log: Arc<madang::event_store::sqlite::SqliteLog>,
    gate: Arc<Semaphore>,
    arrived: watch::Sender<usize>,
    /// Reads that pass; later ones wait at the gate.
    reads: usize,
    read: watch::Sender<usize>,
}

#[async_trait]
impl Whim for Script {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        self.arrived.send_modify(|arrived| *arrived += 1);
        match self.acts.get(append) {
            Some(Act::Hold) => self.pass().await,
            Some(Act::Fail) => return Err(away().into()),
            Some(Act::Refuse) => return Err(refused().into()),
            Some(Act::Lose) => return Err(unknown().into()),
            Some(Act::Overtake) => self.overtake().await,
            Some(Act::Mute) | None => {}
        }
        Ok(())
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        match self.acts.get(append) {
            Some(Act::Mute) => Err(unknown().into()),
            _ => Ok(()),
        }
    }

    async fn reading(&self) -> Result<(), StoreError> {
        self.read.send_modify(|read| *read += 1);
        if *self.read.borrow() > self.reads {
            self.pass().await;
        }
        Ok(())
    }
}

impl Script {
    async fn pass(&self) {
        self.gate.acquire().await.unwrap().forget();
    }

    /// Something that is no view, so that it counts for nothing.
    async fn overtake(&self) {
        let stream: StreamName = "view-7-20270115".parse().unwrap();
        let from = Revision(u64::MAX);
        let page = madang::event_store::Page::backward(1);
        let newest = self.log.read_stream(&stream, from, page).await.unwrap();
        let expected = Expected::from(newest.first().map(|event| event.revision));
        let event = NewEvent {
            event_id: madang::ambient::new_command_id(),
            event_type: "Nothing",
            data: "{}".to_owned(),
            metadata: "{}".to_owned(),
        };
        self.log
            .append(&stream, expected, vec![event])
            .await
            .unwrap();
    }
}

/// A square whose article is viewed.
pub(super) struct Booth {
    pub(super) square: Square,
    pub(super) commands: Commands,
    pub(super) viewing: Viewing,
    pub(super) log: Arc<Wayward<Script>>,
    gate: Arc<Semaphore>,
    arrived: watch::Receiver<usize>,
    read: watch::Receiver<usize>,
}

/// An event of views, as the log holds it.
pub(super) struct Seen {
    pub(super) stream: String,
    pub(super) revision: Revision,
    pub(super) position: Position,
    pub(super) actor: String,
    pub(super) occurred_at: i64,
    pub(super) total: u64,
}

impl From<&RecordedEvent> for Seen {
    fn from(event: &RecordedEvent) -> Self {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        let metadata: Value = serde_json::from_str(&event.metadata).unwrap();
        let views = data["views"].as_array().unwrap();
        Self {
            stream: event.stream.to_string(),
            revision: event.revision,
            position: event.position,
            actor: metadata["actor"].as_str().unwrap().to_owned(),
            occurred_at: metadata["occurred_at"].as_i64().unwrap(),
            total: views.iter().map(|v| v["count"].as_u64().unwrap()).sum(),
        }
    }
}

pub(super) fn counter() -> Counter {
    counter_of(7)
}

/// What a node of this number counts with.
pub(super) fn counter_of(node: u16) -> Counter {
    counter_under(watch::channel(Some(lease_of(node))).1)
}

/// A lease that never ends.
pub(super) fn lease_of(node: u16) -> Lease {
    Lease {
        node: Node::new(node).unwrap(),
        from: Timestamp(0),
        until: Timestamp(i64::MAX),
    }
}

/// What a node counts with whose number may change.
pub(super) fn counter_under(lease: watch::Receiver<Option<Lease>>) -> Counter {
    Counter {
        ids: Arc::new(Ids::leased(lease, Clock::system())),
        calendar: Calendar::named("Asia/Seoul").unwrap(),
    }
}

pub(super) fn at(user: &str, at: i64) -> Origin {
    Origin {
        occurred_at: Timestamp(at),
        ..by(user)
    }
}

impl Booth {
    /// The log does these things with the first appends of views; later ones it takes.
    pub(super) async fn open(acts: &[Act]) -> Self {
        Self::reading(acts, usize::MAX).await
    }

    /// The log also lets reads wait, after so many.
    pub(super) async fn reading(acts: &[Act], reads: usize) -> Self {
        let square = Square::open().await;
        let (tell, arrived) = watch::channel(0);
        let (tell_read, read) = watch::channel(0);
        let gate = Arc::new(Semaphore::new(0));
        let script = Script {
            acts: acts.to_vec(),
            log: square.yard.log.clone(),
            gate: gate.clone(),
            arrived: tell,
            reads,
            read: tell_read,
        };
        let (commands, log) = square.through(script);
        Self {
            viewing: Viewing::start(&commands, counter(), None),
            square,
            commands,
            log,
            gate,
            arrived,
            read,
        }
    }

    pub(super) fn view(
        &self,
        user: &str,
        time: i64,
    ) -> impl Future<Output = ViewOutcome> + Send + use<> {
        let (viewing, article) = (self.viewing.clone(), self.square.article);
        let origin = at(user, time);
        async move { viewing.view(&origin, article).await }
    }

    pub(super) fn spawn(&self, user: &str, time: i64) -> JoinHandle<ViewOutcome> {
        tokio::spawn(self.view(user, time))
    }

    /// A view of somebody who comes back for as long as there are too many.
    pub(super) fn patient(&self, user: &str) -> impl Future<Output = ViewOutcome> + Send + use<> {
        let (viewing, article) = (self.viewing.clone(), self.square.article);
        let origin = at(user, NOW);
        async move {
            loop {
                match viewing.view(&origin, article).await {
                    Err(CommandError::Store(StoreError::Busy { .. })) => yield_now().await,
                    outcome => return outcome,
                }
            }
        }
    }

    /// Returns once there were so many appends.
    pub(super) async fn appended(&self, appends: usize) {
        let mut arrived = self.arrived.clone();
        arrived
            .wait_for(|arrived| *arrived >= appends)
            .await
            .unwrap();
    }

    /// Returns once there were so many reads.
    pub(super) async fn has_read(&self, reads: usize) {
        let mut read = self.read.clone();
        read.wait_for(|read| *read >= reads).await.unwrap();
    }

    /// Lets go what was held, and whatever comes.
    pub(super) fn release(&self) {
        self.gate.add_permits(1_000_000);
    }

    pub(super) async fn seen(&self) -> Vec<Seen> {
        let events = self.square.events().await;
        let views = events.iter().filter(|e| e.event_type == "ArticlesViewed");
        views.map(Seen::from).collect()
    }

    /// How many views the log holds.
    pub(super) async fn total(&self) -> u64 {
        self.seen().await.iter().map(|seen| seen.total).sum()
    }
}
