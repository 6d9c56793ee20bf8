//! The command line: what can be asked for, and with which exit code it ends.
//!
//! 0: done. 1: failed, or found differences. 2: wrong use, a malformed URL or setting. Results go to
//! standard output and nothing else does (`output`); progress, log lines and errors go to standard
//! error.

pub mod audit;
pub mod import;
pub mod output;
pub mod progress;
pub mod replay;
pub mod serve;
pub mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::ambient::Clock;
use crate::config::{Config, ConfigError, Settings};
use crate::node::Numbering;
use crate::telemetry;

/// Madang: an event-sourced backend for bulletin boards.
#[derive(Parser, Clone, Debug)]
#[command(name = "madang", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    Serve(serve::Args),
    Import(import::Args),
    Replay(replay::Args),
    Audit(audit::Args),
    Token(token::Args),
}

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is as it should be.
    Done,
    /// It was done as far as possible; what was not was reported.
    Differences,
}

/// The caller asked for something that makes no sense. Ends with 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongUse(pub String);

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> ExitCode {
        match self.try_run() {
            Ok(Outcome::Done) => ExitCode::SUCCESS,
            Ok(Outcome::Differences) => ExitCode::from(1),
            // Whoever read the output has seen enough.
            Err(error) if error.is::<output::Closed>() => ExitCode::SUCCESS,
            Err(error) => {
                output::note(&format!("madang: {}", said_once(&error)));
                let wrong_use = error.is::<WrongUse>() || error.is::<ConfigError>();
                ExitCode::from(if wrong_use { 2 } else { 1 })
            }
        }
    }

    fn try_run(self) -> anyhow::Result<Outcome> {
        let mut settings = self.settings;
        if let Command::Serve(args) = &self.command {
            args.add_to(&mut settings);
        }
        let config = settings.resolve()?;
        telemetry::start(&config.log)
            .map_err(|e| WrongUse(format!("log = {}: {e}", config.log)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.command.run(&config, Clock::system()))
    }
}

impl Command {
    async fn run(&self, config: &Config, clock: Clock) -> anyhow::Result<Outcome> {
        match self {
            Self::Serve(_) => serve::run(config, clock).await,
            Self::Import(args) => import::run(config, args, clock).await,
            Self::Replay(args) => replay::run(config, args, clock).await,
            Self::Audit(args) => audit::run(config, args, clock).await,
            Self::Token(args) => token::run(config, args, &clock),
        }
    }
}

/// Whoever makes ids for a log that others may write, too, has a number that nobody else has.
fn sure_of_its_number(config: &Config) -> Result<(), WrongUse> {
    if !Numbering::is_a_guess(config) {
        return Ok(());
    }
    let why = "with the log on a server and the views in a file, nobody keeps node numbers apart: give \
               the --database that the nodes of this log have, or a --node-id that no other process has";
    Err(WrongUse(why.to_owned()))
}

/// An error and its causes. Many an error's text names its cause already, since a library's caller
/// may show the text alone.
fn said_once(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(cause.trim_end()) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text.trim_end().to_owned()
}
