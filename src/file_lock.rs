//! Keeps a file to one process.
//!
//! SQLite's own locks last for one transaction, so two servers could share a file and neither would
//! notice. A [`FileLock`] is held for as long as the file is open: the advisory lock of a file
//! beside it, which the system lets go when its holder dies, however it dies.
//!
//! The lock file is never removed: between a removal and the next lock, two processes could hold
//! locks on two files of the same name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// A lock on a file that only one process may use. Dropping it lets the file go.
#[derive(Debug)]
pub struct FileLock {
    held: File,
}

/// Why the file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FileLockError {
    /// Somebody else has it.
    #[error("{}: {}", file.display(), self.detail())]
    Held {
        /// The file that the lock protects.
        file: PathBuf,
        /// Who has it, if the lock file says.
        pid: Option<u32>,
    },
    /// The lock file cannot be made or locked.
    #[error("{}: {}", file.display(), self.detail())]
    Io {
        /// The file that the lock was to protect.
        file: PathBuf,
        /// The lock file beside it.
        lock: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl FileLockError {
    /// What is wrong and what to do, for a message that names the file already.
    pub fn detail(&self) -> String {
        match self {
            Self::Held { pid, .. } => {
                let which = pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
                format!("in use by another process{which}; stop it first")
            }
            Self::Io { lock, cause, .. } => format!("cannot lock {}: {cause}", lock.display()),
        }
    }
}

impl FileLock {
    /// Takes the lock of `of`, which need not exist yet, without waiting.
    pub fn acquire(of: &Path) -> Result<Self, FileLockError> {
        let lock = beside(of);
        let broken = |cause| FileLockError::Io {
            file: of.to_owned(),
            lock: lock.clone(),
            cause,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(broken)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(FileLockError::Held {
                    file: of.to_owned(),
                    pid: read_pid(&mut file),
                });
            }
            Err(TryLockError::Error(cause)) => return Err(broken(cause)),
        }
        write_pid(&mut file);
        Ok(Self { held: file })
    }
}

impl Drop for FileLock {
    /// Closing the file would do, if no other process had it open: one that is being started has,
    /// until its own program begins.
    fn drop(&mut self) {
        if let Err(error) = self.held.unlock() {
            tracing::debug!(%error, "a lock lasts until its file is closed");
        }
    }
}

/// Two names of one file, one of them a link, must lead to one lock; a file that is not there yet has
/// the name that it is given.
fn beside(of: &Path) -> PathBuf {
    let real = of.canonicalize().unwrap_or_else(|_| of.to_owned());
    let mut name = real.into_os_string();
    name.push(".lock");
    PathBuf::from(name)
}

/// The number is a courtesy to whoever is refused, so a full disk must not stop the holder.
fn write_pid(file: &mut File) {
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    if let Err(error) = written {
        tracing::debug!(%error, "the lock file does not tell who holds it");
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
