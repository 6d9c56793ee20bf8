//! The integration tests, one binary.

mod event_store;
