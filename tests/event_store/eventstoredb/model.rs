//! Any sequence of appends gets the answers from a server that it gets from the embedded log, also
//! when answers are lost and the appends repeated.

use madang::domain::Revision;
use madang::event_store::{
    AppendError, Appended, Direction, EventStore, NewEvent, Page, Position, RecordedEvent,
    StoreError,
};
use proptest::prelude::*;
use tokio::runtime::Runtime;
use tonic::Status;
use uuid::Uuid;

use super::OnFake;
use crate::event_store::contract::Fixture as _;
use crate::event_store::model::{Step, new_events, step};
use crate::event_store::sqlite::InDirectory;
use crate::servers::eventstoredb::{Call, Manner};

/// What happens to the answer of an append.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    IsNeverMade,
    HasNoPosition,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Arrives),
        1 => Just(Fate::IsLost),
        1 => Just(Fate::IsNeverMade),
        1 => Just(Fate::HasNoPosition),
    ]
}

impl Fate {
    fn manner(self) -> Manner {
        match self {
            Self::Arrives => Manner::Well,
            Self::IsLost => Manner::DoesThenFails(Status::internal("lost")),
            Self::IsNeverMade => Manner::Fails(Status::unavailable("not ready")),
            Self::HasNoPosition => Manner::WithoutPosition,
        }
    }
}

/// What can be compared: positions are each log's own.
fn comparable(outcome: Result<Appended, AppendError>) -> Result<Revision, AppendError> {
    outcome.map(|appended| appended.revision)
}

/// As the command side does it: the same again until the outcome is known.
async fn settled(
    log: &dyn EventStore,
    step: &Step,
    new: &[NewEvent],
) -> Result<Appended, AppendError> {
    loop {
        let outcome = log.append(&step.stream, step.expected, new.to_vec()).await;
        if !matches!(
            outcome,
            Err(AppendError::Store(StoreError::OutcomeUnknown { .. }))
        ) {
            return outcome;
        }
    }
}

fn told(events: Vec<RecordedEvent>) -> Vec<(String, Revision, Uuid, String)> {
    let told = |event: RecordedEvent| {
        let stream = event.stream.to_string();
        (stream, event.revision, event.event_id, event.data)
    };
    events.into_iter().map(told).collect()
}

async fn run(steps: Vec<(Step, Fate)>) {
    let OnFake { server, log } = OnFake::open().await;
    let directory = InDirectory::open().await;
    let embedded = directory.store();
    for (step, fate) in steps {
        server.manners().well();
        server.manners().next(Call::Append, fate.manner());
        let new = new_events(&step);
        let on_server = settled(&log, &step, &new).await;
        let in_file = settled(&*embedded, &step, &new).await;
        assert_eq!(
            comparable(on_server),
            comparable(in_file),
            "{step:?} {fate:?}"
        );
    }
    for page in [Page::forward(4096), Page::backward(4096)] {
        let from = match page.direction {
            Direction::Forward => Position::START,
            Direction::Backward => Position::END,
        };
        let on_server = log.read_all(from, page).await.unwrap();
        let in_file = embedded.read_all(from, page).await.unwrap();
        assert_eq!(told(on_server), told(in_file));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_server_answers_as_the_embedded_log_does(steps in prop::collection::vec((step(), fate()), 1..30)) {
        Runtime::new().unwrap().block_on(run(steps));
    }
}
