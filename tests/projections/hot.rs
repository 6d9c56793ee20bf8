//! What is hot: what events mean for the entries, and the projector over a real Redis.

mod changes;
pub(crate) mod checker;
mod filling;
mod following;
pub(crate) mod hearth;
mod trouble;
