//! Log lines, to standard error. Standard output belongs to what a command was asked for.
//!
//! A line that cannot be written (a full disk, a reader that died) is lost, and nothing else with it.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Begins to write log lines that `filter` lets through. Calling it again changes nothing.
pub fn start(filter: &str) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // It would complain by `eprintln!`, which panics where the line could not be written.
        .log_internal_errors(false);
    if lines.try_init().is_err() {
        tracing::debug!("log lines were on already");
    }
    Ok(())
}
