//! The identity of a log: the `LogCreated` event that it begins with.

use std::time::Duration;

use tokio::time::sleep;
use uuid::Uuid;

use super::codec::{self, Decoded, Metadata, UPCASTERS};
use super::{AppendError, EventStore, Expected, NewEvent, Page, StoreError, StreamName};
use crate::ambient::{Clock, jittered, new_command_id};
use crate::domain::{Event, Revision, UserId};

/// How often an identity is looked for that another has just given, it seems.
const TRIES: u32 = 3;
/// The longest wait before the second look; before the n-th it is n times as long.
const PAUSE: Duration = Duration::from_millis(50);

const LOST: &str = "its first event, which names the log, cannot be read: the stream madang-log was \
    truncated or deleted; take $tb, $maxAge and $maxCount out of its metadata, or restore the log from a \
    backup";

/// Reads the identity of the log, or gives it one if it is new. Two processes that start on an
/// empty log at once agree on one identity: both append expecting no stream, and the loser reads.
/// Refuses a log whose identity was there and is no more.
pub async fn ensure(store: &dyn EventStore, clock: &Clock) -> Result<Uuid, StoreError> {
    for attempt in 1..=TRIES {
        if let Some(log_id) = read(store).await? {
            return Ok(log_id);
        }
        let log_id = new_command_id();
        let event = created(log_id, clock);
        match store
            .append(&StreamName::log(), Expected::NoStream, vec![event])
            .await
        {
            Ok(appended) if appended.revision == Revision::FIRST => return Ok(log_id),
            // A stream that was deleted goes on where it was.
            Ok(_) => break,
            Err(AppendError::WrongExpectedRevision { .. }) => {}
            Err(AppendError::Size) => {
                return Err(refused("it does not take an event of a few hundred bytes"));
            }
            Err(AppendError::Store(error)) => return Err(error),
        }
        sleep(jittered(PAUSE * attempt)).await;
    }
    Err(refused(LOST))
}

fn created(log_id: Uuid, clock: &Clock) -> NewEvent {
    let metadata = Metadata {
        correlation_id: log_id,
        causation_id: log_id,
        actor: UserId::system("log"),
        occurred_at: clock.now(),
        trace_id: None,
        import: None,
    };
    let event_id = codec::event_id(log_id, 0);
    codec::encode(Event::LogCreated { log_id }, event_id, &metadata)
}

fn refused(detail: &str) -> StoreError {
    StoreError::Refused {
        store: "event store".to_owned(),
        detail: detail.to_owned(),
    }
}

/// Reads the identity of the log; `None` if it has none yet.
pub async fn read(store: &dyn EventStore) -> Result<Option<Uuid>, StoreError> {
    let first = store
        .read_stream(&StreamName::log(), Revision::FIRST, Page::forward(1))
        .await?;
    let Some(recorded) = first.first() else {
        return Ok(None);
    };
    if recorded.revision != Revision::FIRST {
        return Err(refused(LOST));
    }
    let corrupt = |detail| recorded.corrupt(detail);
    match codec::decode(recorded, UPCASTERS).map_err(|e| corrupt(e.reason))? {
        Decoded::Known(fact) => match fact.event {
            Event::LogCreated { log_id } => Ok(Some(log_id)),
            _ => Err(corrupt("the log does not begin with LogCreated".to_owned())),
        },
        Decoded::Unknown => Err(corrupt(format!("unknown event {}", recorded.event_type))),
    }
}
