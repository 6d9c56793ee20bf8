//! Wires arguments to the thing they ask for.

use std::process::ExitCode;

use clap::Parser;
use madang::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
