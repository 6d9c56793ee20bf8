//! Between domain events and the JSON on the wire. The only module that knows wire names.
//!
//! Old events are never rewritten: what was once appended decodes for ever. When a payload changes,
//! its `schema_version` goes up and an upcaster (`upcast`) lifts the old JSON. One file per event
//! and version in `tests/golden/` holds the codec to that.

mod upcast;
mod wire;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{NewEvent, RecordedEvent};
use crate::domain::{Event, Fact, Timestamp, UserId};
pub use upcast::{UPCASTERS, Upcast, Upcaster, lift};
use wire::Payload;
pub use wire::WIRE_NAMES;

/// What is known about an event besides what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Shared by everything that one request or one import led to.
    pub correlation_id: Uuid,
    /// The command that led to the event.
    pub causation_id: Uuid,
    /// Who made it happen.
    pub actor: UserId,
    /// When it happened to a user.
    pub occurred_at: Timestamp,
    /// The trace of the request, if it had one.
    pub trace_id: Option<String>,
    /// The source that the event was imported from, if it was.
    pub import: Option<String>,
}

/// A recorded event, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// An event of ours.
    Known(Box<Fact<Event>>),
    /// An event that this version has never heard of. Readers skip and count it.
    Unknown,
}

/// The event should be one of ours, but cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {revision} of stream {stream}: {reason}")]
pub struct DecodeError {
    /// The stream.
    pub stream: String,
    /// Its place in the stream.
    pub revision: u64,
    /// What is wrong.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct WireMetadata<'a> {
    #[serde(rename = "$correlationId")]
    correlation_id: Uuid,
    #[serde(rename = "$causationId")]
    causation_id: Uuid,
    actor: std::borrow::Cow<'a, str>,
    occurred_at: i64,
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    import: Option<String>,
}

/// The id of the `index`-th event of the append that `command_id` leads to: UUIDv5 of the two, so
/// that doing a command again makes the same ids.
pub fn event_id(command_id: Uuid, index: usize) -> Uuid {
    Uuid::new_v5(&command_id, index.to_string().as_bytes())
}

/// Writes an event down in its current schema version.
///
/// # Panics
/// Never: the payloads are structs of strings and numbers, which JSON can always hold.
#[expect(
    clippy::expect_used,
    reason = "serializing strings and numbers to a string cannot fail"
)]
pub fn encode(event: Event, event_id: Uuid, metadata: &Metadata) -> NewEvent {
    let payload = Payload::from(event);
    let wire = WireMetadata {
        correlation_id: metadata.correlation_id,
        causation_id: metadata.causation_id,
        actor: metadata.actor.as_str().into(),
        occurred_at: metadata.occurred_at.0,
        schema_version: payload.schema_version(),
        trace_id: metadata.trace_id.clone(),
        import: metadata.import.clone(),
    };
    NewEvent {
        event_id,
        event_type: payload.wire_name(),
        data: payload.to_json().expect("a payload is plain JSON"),
        metadata: serde_json::to_string(&wire).expect("metadata is plain JSON"),
    }
}

/// Reads a recorded event, lifting old payloads by the given upcasters ([`UPCASTERS`] outside
/// tests).
pub fn decode(recorded: &RecordedEvent, upcasters: &[Upcaster]) -> Result<Decoded, DecodeError> {
    let Some(current) = wire::current_version(&recorded.event_type) else {
        return Ok(Decoded::Unknown);
    };
    let fail = |reason: String| DecodeError {
        stream: recorded.stream.to_string(),
        revision: recorded.revision.0,
        reason,
    };
    let metadata: WireMetadata =
        serde_json::from_str(&recorded.metadata).map_err(|e| fail(format!("metadata: {e}")))?;
    let payload = match metadata.schema_version {
        version if version == current => Payload::from_json(&recorded.event_type, &recorded.data),
        version => upcast::lift(upcasters, recorded, version..current)
            .map_err(&fail)
            .map(|lifted| Payload::from_json(&recorded.event_type, &lifted))?,
    };
    let event = payload
        .map_err(|e| e.to_string())
        .and_then(Event::try_from)
        .map_err(|e| fail(format!("data: {e}")))?;
    Ok(Decoded::Known(Box::new(Fact {
        event,
        actor: UserId::recorded(metadata.actor.into_owned()),
        occurred_at: Timestamp(metadata.occurred_at),
    })))
}
