//! A recorded event as auditors see it.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::event_store::RecordedEvent;
use crate::rfc3339;

/// A recorded event as auditors see it: exactly what the log holds.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its place in the whole log.
    pub position: String,
    /// The stream that it belongs to.
    pub stream: String,
    /// Its place in that stream.
    pub revision: u64,
    /// What its writer called it.
    pub event_id: String,
    /// The name of the event on the wire.
    pub r#type: String,
    /// The payload, untouched; as a string if it is no JSON.
    pub data: Option<Box<RawValue>>,
    /// The metadata, untouched; as a string if it is no JSON.
    pub metadata: Option<Box<RawValue>>,
    /// When the log took it.
    pub recorded_at: String,
}

impl From<RecordedEvent> for Shown {
    fn from(event: RecordedEvent) -> Self {
        Self {
            position: event.position.to_string(),
            stream: event.stream.to_string(),
            revision: event.revision.0,
            event_id: event.event_id.to_string(),
            r#type: event.event_type,
            data: raw(event.data),
            metadata: raw(event.metadata),
            recorded_at: rfc3339::write(event.recorded_at),
        }
    }
}

fn raw(text: String) -> Option<Box<RawValue>> {
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => RawValue::from_string(text).ok(),
        Err(_) => to_raw_value(&text).ok(),
    }
}
