//! The command line from outside: the built binary, what it prints where, and how it ends.

mod audit;
mod import;
pub(crate) mod madang;
mod progress;
mod replay;
mod servers;
mod shared_log;
mod stop;
mod storm;
mod token;
mod usage;
mod zone;
