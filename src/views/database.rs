//! Where views are kept.

use std::path::PathBuf;

/// Where views are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// In a file of this process's own.
    File(PathBuf),
}
