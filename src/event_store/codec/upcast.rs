//! Lifting payloads of older schema versions, one version at a time, as pure JSON → JSON.

use std::ops::Range;

use serde_json::Value;

use crate::event_store::RecordedEvent;

/// Turns a payload of one version into a payload of the next.
pub type Upcast = fn(Value) -> Value;

/// Which payloads an upcast applies to.
#[derive(Clone, Copy, Debug)]
pub struct Upcaster {
    /// The name of the event on the wire.
    pub event_type: &'static str,
    /// The version that it lifts from, to the one after it.
    pub from: u32,
    /// How.
    pub upcast: Upcast,
}

/// Every lift there is. Empty for as long as every payload is in its first version.
pub const UPCASTERS: &[Upcaster] = &[];

/// Applies the chain of upcasts over `versions`: from the payload's own up to the current one,
/// which is left out. The error says what is missing.
pub fn lift(
    upcasters: &[Upcaster],
    recorded: &RecordedEvent,
    versions: Range<u32>,
) -> Result<String, String> {
    if versions.is_empty() {
        let Range {
            start: version,
            end: current,
        } = versions;
        return Err(format!(
            "schema version {version}, but this release knows only {current}: upgrade"
        ));
    }
    let mut data: Value = serde_json::from_str(&recorded.data).map_err(|e| format!("data: {e}"))?;
    for version in versions {
        let step = upcasters
            .iter()
            .find(|u| u.event_type == recorded.event_type && u.from == version)
            .ok_or_else(|| format!("no upcaster from schema version {version}"))?;
        data = (step.upcast)(data);
    }
    Ok(data.to_string())
}
