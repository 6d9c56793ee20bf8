//! Breaks a loop of the client that never ends.
//!
//! When the server ends a subscription's stream cleanly, the client takes the end for a message that
//! it does not know, says so in a log line, and asks for the next one: for ever, without a pause at
//! which a task could be stopped or a time-out noticed. Nothing outside can end that but the death of
//! the thread. But the log line is a call of ours if the subscriber is: so a subscription is polled
//! under a subscriber of its own that counts these lines, and leaves the loop by unwinding when one
//! poll has written more than any server sends messages of a kind that is not known yet.
//!
//! The subscriber passes nothing on: what the client says while it is polled here is lost, and what it
//! says of faults comes back as errors.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use tracing::dispatcher::with_default;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Dispatch, Event, Level, Metadata};

use super::caught::{message, poll_caught};

/// Where the client writes that it does not know a message.
const TARGET: &str = "eventstore::commands";
/// How many such lines one poll may write: unknown messages of a newer server must not end it.
const UNKNOWN_IN_A_POLL: u32 = 1000;

thread_local! {
    /// The lines of the poll that this thread is in.
    static LINES: Cell<u32> = const { Cell::new(0) };
}

/// What the loop is left with; no panic hook sees it.
struct CleanEnd;

/// Why there is no output.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The stream had ended, and the client did not notice.
    CleanEnd,
    /// The client panicked.
    Panicked(String),
}

/// Polls a future of the client's subscription; `Err` if the client spins or panics, after which it
/// must not be polled again. Takes it where it is, since it is large and there is one for each event.
pub(super) fn poll_unspun<F: Future>(
    future: Pin<&mut F>,
    context: &mut Context<'_>,
) -> Poll<Result<F::Output, Broken>> {
    LINES.set(0);
    let polled = with_default(counter(), || poll_caught(future, context));
    polled.map_err(|payload| {
        if payload.is::<CleanEnd>() {
            Broken::CleanEnd
        } else {
            Broken::Panicked(message(&payload))
        }
    })
}

/// One for the process: every new one would have all callsites asked again.
fn counter() -> &'static Dispatch {
    static COUNTER: OnceLock<Dispatch> = OnceLock::new();
    COUNTER.get_or_init(|| Dispatch::new(Counter))
}

struct Counter;

fn is_counted(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && *metadata.level() == Level::WARN && metadata.target() == TARGET
}

impl Subscriber for Counter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_counted(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_counted(metadata)
    }

    fn event(&self, _: &Event<'_>) {
        let lines = LINES.get() + 1;
        LINES.set(lines);
        if lines > UNKNOWN_IN_A_POLL {
            resume_unwind(Box::new(CleanEnd));
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // No span is enabled, so nobody will ask for it.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[cfg(test)]
mod tests;
