//! Madang: an event-sourced CQRS backend for bulletin boards.

pub mod ambient;
pub mod command;
pub mod config;
pub mod domain;
pub mod event_store;
pub mod file_lock;
pub mod node;
pub mod projections;
pub mod query;
pub mod telemetry;
pub mod views;
