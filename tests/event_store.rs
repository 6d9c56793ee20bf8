//! The event store: what every adapter promises, and what each promises besides.

pub(crate) mod contract;
pub(crate) mod eventstoredb;
pub(crate) mod model;
pub(crate) mod sqlite;
