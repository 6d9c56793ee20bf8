//! A replay: the views folded anew from the first event on, into a file or a schema of their own that
//! takes the old one's place when it is complete. Until then the old views stay as they are, so a
//! replay may fail or be killed at any moment.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::warn;

use super::checkpoint::{self, CheckpointError, Identity};
use super::fold::{FoldError, OnUnfit, fold};
use super::parked;
use super::reader::{Reader, Reading};
use crate::calendar::Calendar;
use crate::event_store::{EventStore, Position, StoreError, identity};
use crate::file_lock::FileLock;
use crate::views::{Database, Views, ViewsError};

/// Why the views were not rebuilt. The old ones are untouched, unless it [is unsure](Self::is_unsure).
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The log failed.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// There is no log to rebuild from.
    #[error("the log is empty: there is nothing to rebuild the views from")]
    EmptyLog,
    /// The subscription ended before the end of the log.
    #[error("the log ended early, at position {0}")]
    Ended(Position),
    /// The new views failed.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// The new views cannot be asked.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An event cannot be folded, or the new views cannot be written.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// The new file cannot take the old one's place.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl RebuildError {
    /// Whether the new views may be in place all the same.
    pub fn is_unsure(&self) -> bool {
        matches!(self, Self::Views(ViewsError::Unsure { .. }))
    }
}

/// What a rebuild did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Events read.
    pub events: u64,
    /// Events of types that this release has never heard of, which were skipped.
    pub unknown: u64,
    /// Events that were parked.
    pub parked: u64,
    /// Where the new views stand.
    pub position: Position,
}

/// Folds the log from its beginning to its present end into new views in place of those in
/// `database`, by the days of `calendar`. `progress` hears the position after each batch. No projector
/// may be alive meanwhile: the lock of the old file is held, and on a server one is refused.
pub async fn rebuild(
    store: &dyn EventStore,
    (database, calendar): (&Database, &Calendar),
    on_unfit: OnUnfit,
    progress: impl FnMut(Position),
) -> Result<Rebuilt, RebuildError> {
    let identity = Identity {
        log_id: identity::read(store).await?.ok_or(RebuildError::EmptyLog)?,
        calendar: calendar.clone(),
    };
    match database {
        Database::File(path) => {
            let lock = Arc::new(FileLock::acquire(path).map_err(ViewsError::from)?);
            settle(path, Arc::clone(&lock)).await?;
            let new = with_suffix(path, ".replay");
            remove(&new)?;
            let views = Views::open_scratch(&new, lock).await?;
            let rebuilt = refold(store, (&views, &identity), on_unfit, progress).await?;
            views.close().await;
            replace(path, &new)?;
            Ok(rebuilt)
        }
        Database::Server(url) => {
            let shadow = Views::shadow(url).await?;
            let new = (shadow.views(), &identity);
            let rebuilt = refold(store, new, on_unfit, progress).await?;
            shadow.take_over().await?;
            Ok(rebuilt)
        }
    }
}

/// Folds the whole log into empty views.
async fn refold(
    store: &dyn EventStore,
    (views, identity): (&Views, &Identity),
    on_unfit: OnUnfit,
    mut progress: impl FnMut(Position),
) -> Result<Rebuilt, RebuildError> {
    let mut checkpoint = checkpoint::verified(views, store, identity).await?;
    let head = store.head().await?;
    let mut reader = Reader::of(store.subscribe_all(Position::START).await?, Position::START);
    let mut rebuilt = Rebuilt {
        events: 0,
        unknown: 0,
        parked: 0,
        position: Position::START,
    };
    while checkpoint.position < head {
        let ended = RebuildError::Ended(checkpoint.position);
        let Reading { batch, end, .. } = reader.next().await.ok_or(ended)?;
        let folded = fold(views, &checkpoint, &batch, on_unfit).await?;
        checkpoint = folded.checkpoint;
        rebuilt.events += batch.events.len() as u64;
        rebuilt.unknown += folded.unknown;
        progress(checkpoint.position);
        end.map_or(Ok(()), Err)?;
    }
    rebuilt.position = checkpoint.position;
    rebuilt.parked = parked::count(views).await.map_err(CheckpointError::from)?;
    Ok(rebuilt)
}

/// Folds the old file's write-ahead log into it, so that the file is whole without it. A damaged
/// file may stay damaged, it is about to be replaced; somebody else's database may not be.
async fn settle(path: &Path, lock: Arc<FileLock>) -> Result<(), ViewsError> {
    if !path.exists() {
        return Ok(());
    }
    match Views::open_locked(path, lock).await {
        Ok(old) => old.close().await,
        Err(error @ ViewsError::Foreign { .. }) => return Err(error),
        Err(error) => warn!(%error, "the old views cannot be opened"),
    }
    Ok(())
}

/// Puts the complete file `new` into the place of `old`. The old write-ahead log goes first: left
/// beside the new file it would be taken for the new file's own.
fn replace(old: &Path, new: &Path) -> Result<(), RebuildError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| RebuildError::File { path, source }
    };
    File::open(new)
        .and_then(|file| file.sync_all())
        .map_err(fail(new))?;
    for suffix in ["-wal", "-shm"] {
        let beside = with_suffix(old, suffix);
        absent_is_fine(fs::remove_file(&beside)).map_err(fail(&beside))?;
    }
    fs::rename(new, old).map_err(fail(old))?;
    let directory = old.parent().filter(|d| !d.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    File::open(directory)
        .and_then(|d| d.sync_all())
        .map_err(fail(directory))
}

fn remove(path: &Path) -> Result<(), RebuildError> {
    for suffix in ["", "-wal", "-shm"] {
        let path = with_suffix(path, suffix);
        absent_is_fine(fs::remove_file(&path))
            .map_err(|source| RebuildError::File { path, source })?;
    }
    Ok(())
}

fn absent_is_fine(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
