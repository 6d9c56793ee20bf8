//! The integration tests, one binary.

mod architecture;
mod codec;
mod domain;
mod log_names;
