//! Madang: an event-sourced CQRS backend for bulletin boards.
//!
//! Commands append domain events to an event store; projectors fold the log into views; queries
//! read only the views. `docs/ARCHITECTURE.md` walks through all three.
//!
//! - [`domain`]: the rules, as pure functions over values
//! - [`event_store`]: the log behind one port, the codec, the adapters for SQLite and EventStoreDB
//! - [`command`]: load → fold → decide → append
//! - [`projections`]: the log folded into the views under a guarded checkpoint
//! - [`views`]: the SQL store between projections and queries
//! - [`hot`]: what many read at once, in Redis
//! - [`query`]: answers from the views, through a cache
//! - [`node`]: the stores, commands, queries and projector of one process, on files or on servers
//! - [`calendar`]: the days of the configured time zone
//! - [`config`], [`telemetry`], [`ambient`], [`file_lock`], [`change_counts`]: settings, log lines,
//!   time and randomness, files that belong to one process, copies that know when they are stale
//!
//! What must hold everywhere: an acknowledged command is in the log once; nothing is folded twice,
//! out of order or partly; time and randomness come in as parameters; everything is bounded.

pub mod ambient;
pub mod audit;
pub mod breaker;
pub mod calendar;
pub mod change_counts;
pub mod cli;
pub mod command;
pub mod config;
pub mod domain;
pub mod event_store;
pub mod file_lock;
pub mod hot;
pub mod http;
pub mod node;
pub mod projections;
pub mod query;
pub mod rfc3339;
pub mod telemetry;
pub mod views;
