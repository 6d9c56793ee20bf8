//! The integration tests, one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod architecture;
mod audit;
mod calendar;
mod cli;
mod codec;
mod command;
mod degradation;
mod deployment;
mod domain;
mod event_store;
mod file_lock;
mod hot;
mod http;
mod import;
mod log_names;
mod node;
mod projections;
mod query;
mod servers;
mod stack;
mod tour;
mod views;
mod wayward;
