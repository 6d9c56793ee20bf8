//! The event store: what every adapter promises, and what each promises besides.

pub(crate) mod contract;
pub(crate) mod eventstoredb;
mod gate;
pub(crate) mod model;
mod patient;
pub(crate) mod sqlite;
