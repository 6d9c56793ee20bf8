//! Madang: an event-sourced CQRS backend for bulletin boards.

pub mod ambient;
pub mod audit;
pub mod command;
pub mod domain;
pub mod event_store;
pub mod http;
pub mod rfc3339;
