//! The one loop that every command goes through.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{CommandError, Done, Origin};
use crate::ambient::jittered;
use crate::domain::{Aggregate, Event, Fact, Revision};
use crate::event_store::codec::{self, Decoded, Metadata, UPCASTERS};
use crate::event_store::{
    AppendError, Appended, EventStore, Expected, NewEvent, Page, Position, RecordedEvent,
    StoreError, StreamName,
};

/// Events of a stream that are read at once. Few, because each may have 128 KB, and hardly any stream
/// is longer.
const PAGE: usize = 64;
/// How often a command is decided anew because its stream had moved.
pub(super) const MAX_ATTEMPTS: u32 = 5;
/// The longest wait before the first of these; the n-th waits up to n times as long.
pub(super) const BACK_OFF: Duration = Duration::from_millis(20);
/// How long an append of unknown outcome is repeated before the caller is told so: longer than a
/// cluster takes to find another leader, or a server to start again, and shorter than a request may
/// take.
pub const REPEAT_FOR: Duration = Duration::from_secs(10);
/// The longest wait before a repeat. It begins with [`BACK_OFF`] and doubles.
const REPEAT_PAUSE: Duration = Duration::from_secs(1);

/// A stream folded into its aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded<A> {
    /// The aggregate; `None` if it never was.
    pub state: Option<A>,
    /// The newest event's place in the stream.
    pub revision: Option<Revision>,
    /// The newest event's place in the log.
    pub position: Option<Position>,
}

impl<A> Loaded<A> {
    /// A stream without events. Also the first guess about a stream that is about to begin: if it
    /// is wrong, the append will say so.
    pub fn nothing() -> Self {
        Self {
            state: None,
            revision: None,
            position: None,
        }
    }
}

impl<A: Aggregate> Loaded<A> {
    fn fold(&mut self, recorded: &RecordedEvent) -> Result<(), StoreError> {
        let fact = understood::<A>(recorded)?;
        self.state = A::evolve(self.state.take(), &fact);
        self.revision = Some(recorded.revision);
        self.position = Some(recorded.position);
        Ok(())
    }
}

/// Reads a stream and folds it. An event in it that this release cannot read is an error: nobody
/// may decide on half of what happened.
pub async fn load<A: Aggregate>(
    store: &dyn EventStore,
    stream: &StreamName,
) -> Result<Loaded<A>, StoreError> {
    let mut loaded = Loaded::nothing();
    if A::NEWEST_TELLS {
        let newest = store
            .read_stream(stream, Revision(u64::MAX), Page::backward(1))
            .await?;
        newest.iter().try_for_each(|event| loaded.fold(event))?;
        return Ok(loaded);
    }
    loop {
        let from = Expected::from(loaded.revision).first();
        let page = store.read_stream(stream, from, Page::forward(PAGE)).await?;
        let full = page.len() == PAGE;
        page.iter().try_for_each(|event| loaded.fold(event))?;
        if !full {
            return Ok(loaded);
        }
    }
}

fn understood<A: Aggregate>(recorded: &RecordedEvent) -> Result<Fact<A::Event>, StoreError> {
    let foreign = |detail| recorded.corrupt(detail);
    let decoded = codec::decode(recorded, UPCASTERS).map_err(|e| foreign(e.reason))?;
    let event = match decoded {
        Decoded::Known(fact) => {
            let Fact {
                event,
                actor,
                occurred_at,
            } = *fact;
            A::event_of(event).map(|event| Fact {
                event,
                actor,
                occurred_at,
            })
        }
        Decoded::Unknown => None,
    };
    event.ok_or_else(|| foreign(format!("{} does not belong here", recorded.event_type)))
}

/// Like [`settle`], for aggregates that are there after every command that was not rejected.
pub(super) async fn execute<A: Aggregate, R>(
    store: &dyn EventStore,
    at: (&StreamName, Loaded<A>),
    origin: &Origin,
    decide: impl Fn(Option<&A>) -> Result<Vec<A::Event>, R>,
) -> Result<Done<A>, CommandError<R>> {
    let settled = settle(store, at, origin, decide).await?;
    match (settled.state, settled.position) {
        (Some(state), Some(position)) => Ok(Done { state, position }),
        // `decide` accepted a command on a stream that stays empty: there is nothing to answer.
        (_, position) => Err(CommandError::Conflict { position }),
    }
}

/// Decides on `loaded` and appends what follows; answers with how the stream stands then. If it has
/// moved meanwhile: reads it and decides again, at most [`MAX_ATTEMPTS`] times, with a jittered wait
/// from the second time on (the first may be no more than a wrong guess about a new stream).
pub(super) async fn settle<A: Aggregate, R>(
    store: &dyn EventStore,
    (stream, mut loaded): (&StreamName, Loaded<A>),
    origin: &Origin,
    decide: impl Fn(Option<&A>) -> Result<Vec<A::Event>, R>,
) -> Result<Loaded<A>, CommandError<R>> {
    for attempt in 1..=MAX_ATTEMPTS {
        let events = decide(loaded.state.as_ref()).map_err(|rejection| CommandError::Rejected {
            rejection,
            position: loaded.position,
        })?;
        match append(store, (stream, loaded.revision.into()), origin, &events).await {
            Ok(appended) => return Ok(settled(loaded, events, origin, appended)),
            Err(AppendError::WrongExpectedRevision { .. }) => {}
            Err(AppendError::Store(error)) => return Err(error.into()),
            Err(AppendError::Size) => return Err(oversized(stream).into()),
        }
        if attempt > 1 {
            sleep(jittered(BACK_OFF * attempt)).await;
        }
        loaded = load(store, stream).await?;
    }
    let position = loaded.position;
    Err(CommandError::Conflict { position })
}

fn settled<A: Aggregate>(
    loaded: Loaded<A>,
    events: Vec<A::Event>,
    origin: &Origin,
    appended: Option<Appended>,
) -> Loaded<A> {
    let state = events.into_iter().fold(loaded.state, |state, event| {
        let (actor, occurred_at) = (origin.actor.clone(), origin.occurred_at);
        A::evolve(
            state,
            &Fact {
                event,
                actor,
                occurred_at,
            },
        )
    });
    Loaded {
        state,
        revision: appended.map(|a| a.revision).or(loaded.revision),
        position: appended.map(|a| a.position).or(loaded.position),
    }
}

pub(super) fn oversized(stream: &StreamName) -> StoreError {
    StoreError::Refused {
        store: "event store".to_owned(),
        detail: format!("the events for {stream} exceed the size of an append"),
    }
}

/// Appends `events` under ids that follow from the command id, repeating while the outcome is
/// unknown. `None` if there is nothing to append.
pub(super) async fn append<E: Clone + Into<Event>>(
    store: &dyn EventStore,
    (stream, expected): (&StreamName, Expected),
    origin: &Origin,
    events: &[E],
) -> Result<Option<Appended>, AppendError> {
    if events.is_empty() {
        return Ok(None);
    }
    let appended = append_encoded(store, (stream, expected), encode(origin, events)).await;
    appended.map(Some)
}

/// Appends events that have their ids already, of one command or of several, repeating while the outcome
/// is unknown.
pub(super) async fn append_encoded(
    store: &dyn EventStore,
    (stream, expected): (&StreamName, Expected),
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    match store.append(stream, expected, events.clone()).await {
        Err(AppendError::Store(unknown @ StoreError::OutcomeUnknown { .. })) => {
            repeat(store, (stream, expected), &events, unknown).await
        }
        outcome => outcome,
    }
}

/// Repeats the same append until somebody knows what became of it, for [`REPEAT_FOR`]. A store that
/// is away, or does not take it now, says nothing about the first one: what was `unknown` stays so.
async fn repeat(
    store: &dyn EventStore,
    (stream, expected): (&StreamName, Expected),
    events: &[NewEvent],
    unknown: StoreError,
) -> Result<Appended, AppendError> {
    let begun = Instant::now();
    let mut pause = BACK_OFF;
    while begun.elapsed() < REPEAT_FOR {
        sleep(jittered(pause)).await;
        pause = (pause * 2).min(REPEAT_PAUSE);
        match store.append(stream, expected, events.to_vec()).await {
            Err(AppendError::Store(error)) if error.passes() => {}
            Err(AppendError::Store(_) | AppendError::Size) => break,
            // It is there, or will never be: another has taken its place.
            settled @ (Ok(_) | Err(AppendError::WrongExpectedRevision { .. })) => return settled,
        }
    }
    Err(unknown.into())
}

/// The events of one command, under ids that follow from the command's.
pub(super) fn encode<E: Clone + Into<Event>>(origin: &Origin, events: &[E]) -> Vec<NewEvent> {
    let metadata = Metadata {
        correlation_id: origin.correlation_id,
        causation_id: origin.command_id,
        actor: origin.actor.clone(),
        occurred_at: origin.occurred_at,
        trace_id: origin.trace_id.clone(),
        import: origin.import.clone(),
    };
    let encode = |(index, event): (usize, &E)| {
        let event_id = codec::event_id(origin.command_id, index);
        codec::encode(event.clone().into(), event_id, &metadata)
    };
    events.iter().enumerate().map(encode).collect()
}
