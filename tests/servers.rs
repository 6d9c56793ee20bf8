//! Real servers for tests: private instances on free ports, in directories of their own.
//!
//! Each ends with the test process, however that ends, and leaves no file behind. None is shared
//! with another test process, so runs beside each other do not disturb each other.

pub(crate) mod certificates;
pub(crate) mod eventstoredb;
pub(crate) mod mariadb;
mod orphans;
pub(crate) mod process;
mod promises;
pub(crate) mod proxy;
pub(crate) mod redis;
