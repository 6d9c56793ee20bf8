//! Log lines, to standard error. Standard output belongs to what a command was asked for.
//!
//! A line that cannot be written (a full disk, a reader that died) is lost, and nothing else with it.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// The client of the event store writes a line of its own for each call that fails. What fails is told
/// by those who called, once.
const CLIENT: &str = "eventstore";

/// Begins to write log lines that `filter` lets through. Lines of the event store's client are written
/// only if the filter names it. Calling it again changes nothing.
pub fn start(filter: &str) -> Result<(), ParseError> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(quieted(filter)?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // It would complain by `eprintln!`, which panics where the line could not be written.
        .log_internal_errors(false);
    if lines.try_init().is_err() {
        tracing::debug!("log lines were on already");
    }
    Ok(())
}

fn quieted(filter: &str) -> Result<EnvFilter, ParseError> {
    let parsed = EnvFilter::builder().parse(filter)?;
    let names_client = |directive: &str| {
        let rest = directive.strip_prefix(CLIENT);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '=', '[']))
    };
    if filter.split(',').any(names_client) {
        return Ok(parsed);
    }
    Ok(parsed.add_directive(format!("{CLIENT}=off").parse()?))
}

#[cfg(test)]
mod tests {
    use super::quieted;

    fn shown(filter: &str) -> String {
        quieted(filter).unwrap().to_string()
    }

    #[test]
    fn the_client_of_the_event_store_says_nothing() {
        for filter in ["info", "debug,madang::event_store::eventstoredb=trace", ""] {
            let shown = shown(filter);
            assert!(shown.contains("eventstore=off"), "{filter}: {shown}");
        }
    }

    #[test]
    fn who_names_it_hears_it() {
        for filter in [
            "info,eventstore=warn",
            "eventstore",
            "info,eventstore::grpc=debug",
        ] {
            let shown = shown(filter);
            assert!(!shown.contains("eventstore=off"), "{filter}: {shown}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        assert!(quieted("info,eventstore=loud").is_err());
    }
}
