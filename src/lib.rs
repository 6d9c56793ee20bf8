//! Madang: an event-sourced CQRS backend for bulletin boards.

pub mod ambient;
pub mod command;
pub mod domain;
pub mod event_store;
