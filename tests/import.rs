//! Imports: what they append, how they go on after an end at any moment, and what they make of
//! every kind of line.

pub(crate) mod log;

mod anywhere;
mod lines;
mod outcome;
mod record;
mod report;
mod resume;
mod threads;
