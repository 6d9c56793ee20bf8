//! Events of the client, as events of the port, and back.

use bytes::Bytes;
use eventstore::{EventData, ResolvedEvent};
use serde_json::value::RawValue;

use crate::domain::{Revision, Timestamp};
use crate::event_store::{NewEvent, Position, RecordedEvent, StreamName};

/// What the server's own types and streams begin with.
const SYSTEM: char = '$';
/// `created` in an event's metadata counts 100 ns since 1970.
const TICKS_PER_MILLISECOND: i64 = 10_000;

/// A position of the client as one of the port.
pub(super) fn place(position: eventstore::Position) -> Position {
    Position::new(position.commit, position.prepare)
}

/// A position of the port as one of the client.
pub(super) fn position(place: Position) -> eventstore::Position {
    eventstore::Position {
        commit: place.commit(),
        prepare: place.prepare(),
    }
}

/// Where a record stands, and what it is to readers of the log: `None` for what is the server's own,
/// and for links, whose events stand elsewhere.
pub(super) fn record(resolved: ResolvedEvent) -> Option<(Position, Option<RecordedEvent>)> {
    match (resolved.event, resolved.link) {
        (_, Some(link)) => Some((place(link.position), None)),
        (Some(event), None) if is_own(&event) => Some((place(event.position), None)),
        (Some(event), None) => Some((place(event.position), Some(recorded(event)))),
        (None, None) => None,
    }
}

/// What stands in a stream, whatever it is: who reads a stream must see that something is in it that
/// does not belong there. `None` for what is not there at all.
pub(super) fn in_stream(resolved: ResolvedEvent) -> Option<RecordedEvent> {
    resolved.link.or(resolved.event).map(recorded)
}

fn is_own(event: &eventstore::RecordedEvent) -> bool {
    event.event_type.starts_with(SYSTEM) || event.stream_id.starts_with(SYSTEM)
}

fn recorded(event: eventstore::RecordedEvent) -> RecordedEvent {
    // The client's own `created` is cut to whole seconds.
    let ticks = event.metadata.get("created").map(|ticks| ticks.parse());
    let recorded_at = match ticks {
        Some(Ok(ticks)) => Timestamp(i64::div_euclid(ticks, TICKS_PER_MILLISECOND)),
        _ => Timestamp(event.created.timestamp_millis()),
    };
    RecordedEvent {
        position: place(event.position),
        stream: StreamName::recorded(event.stream_id),
        revision: Revision(event.revision),
        event_id: event.id,
        event_type: event.event_type,
        data: text(&event.data),
        metadata: text(&event.custom_metadata),
        recorded_at,
    }
}

/// What somebody else wrote need not be UTF-8; whoever decodes it will say so.
fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An event to be appended. Its bytes are those that the codec made: the server marks them as JSON
/// if they are, and keeps them as they are.
pub(super) fn proposed(event: &NewEvent) -> EventData {
    let proposed = json(event.event_type, &event.data).unwrap_or_else(|| {
        let data = Bytes::copy_from_slice(event.data.as_bytes());
        EventData::binary(event.event_type, data)
    });
    let metadata = Bytes::copy_from_slice(event.metadata.as_bytes());
    proposed.id(event.event_id).metadata(metadata)
}

fn json(event_type: &str, data: &str) -> Option<EventData> {
    let raw: &RawValue = serde_json::from_str(data).ok()?;
    // Blanks around it would be lost.
    let whole = raw.get().len() == data.len();
    EventData::json(event_type, &raw).ok().filter(|_| whole)
}

#[cfg(test)]
mod tests;
