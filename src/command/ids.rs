//! New ids, under a lease that is on disk before it is used.
//!
//! The embedded lease is a file in the data directory that says up to which millisecond ids may
//! have been made. It moves ahead in steps of [`LEASE_STEP`]; a process starts where the file ends,
//! so its first ids may run up to one step ahead of the clock, and nobody waits at start. What must
//! hold: the file on disk is never behind an id that was given out.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::ambient::Clock;
use crate::domain::Timestamp;
use crate::domain::snowflake::{NoId, Node, Snowflake, Snowflakes};
use crate::file_lock::{FileLock, FileLockError};

/// How far ahead of the newest id a lease is written, in milliseconds.
pub const LEASE_STEP: i64 = 10_000;

/// Why there is no new id. The text is for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The lease file cannot be read or written, so no id would be safe.
    #[error("{}: {detail}", path.display())]
    Lease {
        /// The lease file.
        path: PathBuf,
        /// What is wrong, with the remedy if there is one.
        detail: String,
    },
    /// The clock is past the last id's time.
    #[error(transparent)]
    OutOfTime(NoId),
}

/// Makes the ids of this process.
#[derive(Debug)]
pub struct Ids {
    clock: Clock,
    path: PathBuf,
    // Held while the lease is written, so that a burst of commands leads to one write; and held by
    // the write itself, since whoever asked for it may give up on it while it goes on.
    snowflakes: Arc<Mutex<Snowflakes>>,
    _lock: FileLock,
}

impl Ids {
    /// Takes up the lease in the file at `path`, or begins one if there is no file.
    pub fn open(path: &Path, node: Node, clock: Clock) -> Result<Self, IdError> {
        let detail = |error: FileLockError| IdError::Lease {
            path: path.to_owned(),
            detail: error.detail(),
        };
        let lock = FileLock::acquire(path).map_err(detail)?;
        let floor = read(path)
            .map_err(|detail| IdError::Lease {
                path: path.to_owned(),
                detail,
            })?
            .unwrap_or(Timestamp(0));
        let snowflakes = Arc::new(Mutex::new(Snowflakes::starting_at(node, floor)));
        Ok(Self {
            clock,
            path: path.to_owned(),
            snowflakes,
            _lock: lock,
        })
    }

    /// A new id. Writes the lease ahead when the present one has ended: one durable write for each
    /// [`LEASE_STEP`] in which ids are made, none while nobody asks.
    pub async fn next(&self) -> Result<Snowflake, IdError> {
        let mut snowflakes = Arc::clone(&self.snowflakes).lock_owned().await;
        loop {
            let now = self.clock.now();
            match snowflakes.next(now) {
                Ok(id) => return Ok(id),
                Err(error @ NoId::OutOfTime) => return Err(IdError::OutOfTime(error)),
                Err(NoId::LeaseEnded) => {
                    let until = Timestamp(snowflakes.next_at(now).0.saturating_add(LEASE_STEP));
                    snowflakes = self.renewed(snowflakes, until).await?;
                }
            }
        }
    }

    async fn renewed(
        &self,
        mut snowflakes: OwnedMutexGuard<Snowflakes>,
        until: Timestamp,
    ) -> Result<OwnedMutexGuard<Snowflakes>, IdError> {
        let path = self.path.clone();
        let renewed = tokio::task::spawn_blocking(move || {
            write(&path, until)?;
            snowflakes.renew(until);
            Ok::<_, io::Error>(snowflakes)
        });
        let detail = match renewed.await {
            Ok(Ok(snowflakes)) => return Ok(snowflakes),
            Ok(Err(error)) => error.to_string(),
            Err(panicked) => panicked.to_string(),
        };
        Err(IdError::Lease {
            path: self.path.clone(),
            detail,
        })
    }
}

fn read(path: &Path) -> Result<Option<Timestamp>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let until = text.trim().parse().map_err(|_| {
        "not a lease: it should hold one number, the milliseconds since 1970 up to which ids may \
         have been made; write a number past every id's time into it"
            .to_owned()
    })?;
    Ok(Some(Timestamp(until)))
}

/// Replaces the file as a whole, so that a crash leaves the old or the new lease, never a part.
fn write(path: &Path, until: Timestamp) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    writeln!(file, "{}", until.0)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let directory = path.parent().filter(|d| !d.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}
