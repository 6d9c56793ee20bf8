//! The file, and the errors that name it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::event_store::StoreError;

/// Primary result codes, <https://sqlite.org/rescode.html>.
const PERM: i64 = 3;
const READONLY: i64 = 8;
const CORRUPT: i64 = 11;
const FULL: i64 = 13;
const CANTOPEN: i64 = 14;
const NOTADB: i64 = 26;

/// The path of a log.
#[derive(Clone, Debug)]
pub(super) struct LogFile(Arc<Path>);

impl LogFile {
    /// An absolute path, because SQLite would take a name that begins with `file:` for a URI.
    pub(super) fn at(path: &Path) -> Self {
        let absolute = std::path::absolute(path);
        Self(absolute.unwrap_or_else(|_| PathBuf::from(path)).into())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn name(&self) -> String {
        self.0.display().to_string()
    }

    pub(super) fn busy(&self) -> StoreError {
        StoreError::Busy { store: self.name() }
    }

    pub(super) fn refused(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Refused {
            store: self.name(),
            detail: detail.into(),
        }
    }

    pub(super) fn unavailable(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Unavailable {
            store: self.name(),
            detail: detail.into(),
        }
    }

    pub(super) fn outcome_unknown(&self, detail: impl Into<String>) -> StoreError {
        StoreError::OutcomeUnknown {
            store: self.name(),
            detail: detail.into(),
        }
    }

    pub(super) fn corrupt(
        &self,
        place: impl Into<String>,
        detail: impl Into<String>,
    ) -> StoreError {
        StoreError::Corrupt {
            store: self.name(),
            place: place.into(),
            detail: detail.into(),
        }
    }

    /// What an error of SQLite means when nothing was committed.
    pub(super) fn failed(&self, error: &sqlx::Error) -> StoreError {
        match primary_code(error) {
            Some(READONLY | PERM) => self.refused(format!(
                "the file or its directory is read-only; make both writable ({error})"
            )),
            Some(NOTADB) => self.refused(format!(
                "this is no SQLite file; name another or move it away ({error})"
            )),
            Some(CANTOPEN) => self.refused(format!(
                "cannot be opened; check that it and its directory may be read and written ({error})"
            )),
            Some(FULL) => self.unavailable(format!("the disk is full ({error})")),
            Some(CORRUPT) => self.corrupt("a page of the file", error.to_string()),
            _ => self.unavailable(error.to_string()),
        }
    }

    /// What an error of `COMMIT` means. A full disk stops the last write of the transaction, so
    /// that it is not in the log; after any other error it may be.
    pub(super) fn commit_failed(&self, error: &sqlx::Error) -> StoreError {
        match primary_code(error) {
            Some(FULL) => self.failed(error),
            _ => self.outcome_unknown(error.to_string()),
        }
    }
}

fn primary_code(error: &sqlx::Error) -> Option<i64> {
    let code: i64 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
