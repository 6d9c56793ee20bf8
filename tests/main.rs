//! The integration tests, one binary.

mod http;
