//! Reads the log itself, for auditors: who did what, and when.
//!
//! Nothing here goes through a view, so what it shows does not depend on whether the views can be
//! trusted. It knows the port of the event store and nothing of HTTP; the command line reads
//! through the same functions.
//!
//! What must hold: one call examines at most [`MAX_EXAMINED`] events. A filter that hardly anything
//! passes then answers with the little it found, and with where to go on.

mod bound;
mod filter;
mod scan;
mod shown;

pub use bound::Bound;
pub use filter::Filter;
pub use scan::{Found, events, stream};
pub use shown::Shown;

/// The most events that one call examines.
pub const MAX_EXAMINED: usize = 10_000;
/// The most events that one call gives.
pub const MAX_FOUND: usize = 1_000;
