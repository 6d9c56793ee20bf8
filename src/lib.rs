//! Madang: an event-sourced CQRS backend for bulletin boards.

pub mod ambient;
pub mod audit;
pub mod command;
pub mod config;
pub mod domain;
pub mod event_store;
pub mod file_lock;
pub mod http;
pub mod node;
pub mod projections;
pub mod query;
pub mod rfc3339;
pub mod telemetry;
pub mod views;
