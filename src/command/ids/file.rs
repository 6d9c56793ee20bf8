//! The embedded lease: a file in the data directory that says up to which millisecond ids may have
//! been made. It moves ahead in steps of [`LEASE_STEP`]; a process starts where the file ends, so its
//! first ids may run up to one step ahead of the clock, and nobody waits at start. What must hold: the
//! file on disk is never behind an id that was given out.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::IdError;
use crate::ambient::Clock;
use crate::domain::Timestamp;
use crate::domain::snowflake::{NoId, Node, Snowflake, Snowflakes};
use crate::file_lock::{FileLock, FileLockError};

/// How far ahead of the newest id a lease is written, in milliseconds.
pub const LEASE_STEP: i64 = 10_000;

#[derive(Debug)]
pub(super) struct LeaseFile {
    path: PathBuf,
    node: Node,
    // Held while the lease is written, so that a burst of commands leads to one write; and held by
    // the write itself, since whoever asked for it may give up on it while it goes on.
    snowflakes: Arc<Mutex<Snowflakes>>,
    _lock: FileLock,
}

impl LeaseFile {
    pub(super) fn open(path: &Path, node: Node) -> Result<Self, IdError> {
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
            path: path.to_owned(),
            node,
            snowflakes,
            _lock: lock,
        })
    }

    pub(super) fn node(&self) -> Node {
        self.node
    }

    pub(super) async fn next(&self, clock: &Clock) -> Result<Snowflake, IdError> {
        let mut snowflakes = Arc::clone(&self.snowflakes).lock_owned().await;
        loop {
            let now = clock.now();
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
