//! The projections: any log, folded in whatever batches, by however many projectors, gives the same
//! views, and the views are what a naive reader of the log would expect.

mod batches;
mod checkpoint;
mod counts;
mod faulty;
pub(crate) mod histories;
pub(crate) mod hot;
mod misfits;
pub(crate) mod model;
mod parking;
mod play;
pub(crate) mod readers;
mod reading;
mod rebuild;
mod rows;
mod runner;
mod threads;
pub(crate) mod yard;
