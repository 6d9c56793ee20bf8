//! The one module that prints. Results go to standard output, everything else to standard error.
//!
//! A reader that goes away (`madang audit events | head`) is no failure: whoever prints to it
//! gets [`Closed`], and the program ends without a word.

use std::io::{self, Write};

/// Nobody reads standard output any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("standard output was closed")]
pub struct Closed;

/// Writes a line to standard output.
pub fn line(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        Err(error) => Err(anyhow::Error::new(error).context("standard output")),
    }
}

/// Writes a line to standard error; there is nowhere to complain if that fails.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
