//! Any sequence of appends gets the answers that a naive list of events gives.

use std::sync::Arc;

use madang::domain::Revision;
use madang::event_store::{
    AppendError, Appended, EventStore, Expected, NewEvent, Page, Position, RecordedEvent,
    StreamName,
};
use proptest::prelude::*;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::contract::{Fixture as _, event};
use super::sqlite::InDirectory;

/// One append: which stream, what is expected there, and which ids.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) stream: StreamName,
    pub(crate) expected: Expected,
    ids: Vec<Uuid>,
}

/// All events in the order of the log.
#[derive(Default)]
struct Model(Vec<(StreamName, Uuid)>);

impl Model {
    /// The (index in the log, id) of the events of a stream.
    fn stream(&self, name: &StreamName) -> Vec<(usize, Uuid)> {
        let all = self.0.iter().enumerate();
        all.filter(|(_, (stream, _))| stream == name)
            .map(|(index, (_, id))| (index, *id))
            .collect()
    }

    fn append(&mut self, step: &Step) -> Result<Appended, AppendError> {
        let there = self.stream(&step.stream);
        let first = usize::try_from(step.expected.first().0).unwrap();
        if first == there.len() {
            let new = step.ids.iter().map(|id| (step.stream.clone(), *id));
            self.0.extend(new);
            return Ok(answer(first + step.ids.len() - 1, self.0.len() - 1));
        }
        let repeated = there.get(first..first + step.ids.len());
        match repeated {
            Some(same) if same.iter().map(|(_, id)| id).eq(&step.ids) => {
                Ok(answer(first + same.len() - 1, same[same.len() - 1].0))
            }
            _ => Err(AppendError::WrongExpectedRevision {
                current: there.len().checked_sub(1).map(|last| Revision(last as u64)),
            }),
        }
    }
}

fn answer(revision: usize, index: usize) -> Appended {
    Appended {
        revision: Revision(revision as u64),
        position: Position::new(0, index as u64 + 1),
    }
}

/// Few streams, small revisions and few ids, so that repeats and conflicts are common. The id of an
/// event follows from the step that would first write it, as ids follow from commands.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    let expected = prop_oneof![
        2 => Just(Expected::NoStream),
        5 => (0..6_u64).prop_map(|r| Expected::Revision(Revision(r))),
    ];
    (0..2_u8, expected, 0..2_u128, 1..4_u128).prop_map(|(stream, expected, command, n)| Step {
        stream: StreamName::recorded(format!("stream-{stream}")),
        expected,
        ids: (0..n)
            .map(|i| Uuid::from_u128(command * 8 + i + 1))
            .collect(),
    })
}

pub(crate) fn new_events(step: &Step) -> Vec<NewEvent> {
    let with_id = |event_id: &Uuid| NewEvent {
        event_id: *event_id,
        ..event()
    };
    step.ids.iter().map(with_id).collect()
}

async fn run(steps: Vec<Step>, together: bool) {
    let fixture = InDirectory::open().await;
    let mut model = Model::default();
    let expected: Vec<_> = steps.iter().map(|step| model.append(step)).collect();
    let mut answers = Vec::new();
    let mut running = Vec::new();
    for step in steps {
        let log: Arc<dyn EventStore> = fixture.store();
        let append = tokio::spawn(async move {
            log.append(&step.stream, step.expected, new_events(&step))
                .await
        });
        if together {
            running.push(append);
        } else {
            answers.push(append.await.unwrap());
        }
    }
    for append in running {
        answers.push(append.await.unwrap());
    }
    assert_eq!(answers, expected);
    let read = fixture
        .store()
        .read_all(Position::START, Page::forward(4096))
        .await
        .unwrap();
    let read: Vec<_> = read
        .into_iter()
        .map(|e: RecordedEvent| (e.stream, e.event_id))
        .collect();
    assert_eq!(read, model.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// One after the other: each append is a transaction.
    #[test]
    fn appends_one_by_one_answer_as_the_model_does(steps in prop::collection::vec(step(), 1..30)) {
        Runtime::new().unwrap().block_on(run(steps, false));
    }

    /// All at once, on one thread so that the queue keeps their order: they share transactions.
    #[test]
    fn appends_together_answer_as_the_model_does(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps, true));
    }
}
