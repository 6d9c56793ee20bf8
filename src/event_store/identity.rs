//! The identity of a log: the `LogCreated` event that it begins with.

use uuid::Uuid;

use super::codec::{self, Decoded, Metadata, UPCASTERS};
use super::{AppendError, EventStore, Expected, Page, StoreError, StreamName};
use crate::ambient::{Clock, new_command_id};
use crate::domain::{Event, Revision, UserId};

/// Reads the identity of the log, or gives it one if it is new. Two processes that start on an
/// empty log at once agree on one identity: both append expecting no stream, and the loser reads.
pub async fn ensure(store: &dyn EventStore, clock: &Clock) -> Result<Uuid, StoreError> {
    loop {
        if let Some(log_id) = read(store).await? {
            return Ok(log_id);
        }
        let command_id = new_command_id();
        let metadata = Metadata {
            correlation_id: command_id,
            causation_id: command_id,
            actor: UserId::system("log"),
            occurred_at: clock.now(),
            trace_id: None,
            import: None,
        };
        let created = Event::LogCreated { log_id: command_id };
        let event = codec::encode(created, codec::event_id(command_id, 0), &metadata);
        match store
            .append(&StreamName::log(), Expected::NoStream, vec![event])
            .await
        {
            Ok(_) => return Ok(command_id),
            Err(AppendError::WrongExpectedRevision { .. } | AppendError::Size) => {}
            Err(AppendError::Store(error)) => return Err(error),
        }
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
    let corrupt = |detail| recorded.corrupt(detail);
    match codec::decode(recorded, UPCASTERS).map_err(|e| corrupt(e.reason))? {
        Decoded::Known(fact) => match fact.event {
            Event::LogCreated { log_id } => Ok(Some(log_id)),
            _ => Err(corrupt("the log does not begin with LogCreated".to_owned())),
        },
        Decoded::Unknown => Err(corrupt(format!("unknown event {}", recorded.event_type))),
    }
}
