//! The event store: what every adapter promises, and what each promises besides.

pub(crate) mod contract;
mod gate;
mod model;
mod sqlite;
