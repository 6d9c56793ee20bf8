//! Wires arguments to the thing they ask for.

use std::process::ExitCode;

use clap::Parser;
use madang::cli::Cli;
use mimalloc::MiMalloc;

/// Events are decoded on one thread and dropped on another, many small strings each, which is what
/// the system's allocator is worst at.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run()
}
