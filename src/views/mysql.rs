//! The views on a MySQL or MariaDB server that many nodes may share.
//!
//! Nothing here trusts the server to answer: it may be stopped in mid-sentence and keep its sockets
//! open. So every wait has an end on this side, and a connection that was cut off in the middle of a
//! statement is never used again (`pool`). A database is looked at before anything is written into it,
//! and before anybody reads from it (`opening`, `schema`).

mod leases;
mod opening;
mod pool;
mod schema;
mod session;
mod shadow;

pub(super) use leases::prepare as prepare_leases;
pub(super) use opening::{classified, open_lazily, prepare};
pub(super) use pool::{Lease, ServerPool};
pub use shadow::Shadow;
