//! One batch of events into the views, in one transaction.

use super::checkpoint::Checkpoint;
use super::parked;
use super::rows::Rows;
use crate::event_store::codec::{self, DecodeError, Decoded, UPCASTERS};
use crate::event_store::{Position, RecordedEvent, StreamName};
use crate::views::{Touched, Views};

/// What to do about an event that cannot be folded because of what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnfit {
    /// Park it and go on.
    Park,
    /// Stop: nothing of the batch is folded.
    Fail,
}

/// A batch that is in the views now.
#[derive(Clone, Debug)]
pub struct Folded {
    /// Where the views stand.
    pub checkpoint: Checkpoint,
    /// What changed.
    pub touched: Touched,
    /// Events that were parked.
    pub parked: u64,
    /// Events of types that this release has never heard of.
    pub unknown: u64,
}

/// Why a batch is not in the views.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// Another projector has moved the checkpoint: read it and go on from there.
    #[error("another projector is ahead")]
    Overtaken,
    /// The database failed; the batch can be tried again.
    #[error(transparent)]
    Views(#[from] sqlx::Error),
    /// An event cannot be folded, and the caller asked to stop at such a one.
    #[error("event {revision} of stream {stream} (position {position}): {reason}")]
    Unfit {
        /// Its place in the log.
        position: Position,
        /// Its stream.
        stream: StreamName,
        /// Its place in the stream.
        revision: u64,
        /// Why.
        reason: String,
    },
}

/// A recorded event with what the codec made of it.
pub struct Read {
    recorded: RecordedEvent,
    decoded: Result<Decoded, DecodeError>,
}

impl Read {
    /// Decodes an event and lets its JSON go: many of them wait at a time. What cannot be decoded is
    /// an outcome like any other here.
    pub fn new(mut recorded: RecordedEvent) -> Self {
        let decoded = codec::decode(&recorded, UPCASTERS);
        (recorded.data, recorded.metadata) = Default::default();
        Self { recorded, decoded }
    }

    /// The event as the log holds it, without data and metadata.
    pub fn recorded(&self) -> &RecordedEvent {
        &self.recorded
    }

    /// What the codec made of it.
    pub fn decoded(&self) -> Result<&Decoded, &DecodeError> {
        self.decoded.as_ref()
    }
}

/// Events to be folded together, and how far the log has been read with them.
#[derive(Default)]
pub struct Batch {
    /// The events, in position order.
    pub events: Vec<Read>,
    /// The log holds nothing else of interest up to here.
    pub end: Position,
}

impl Batch {
    /// A batch that follows `position`.
    pub fn after(position: Position) -> Self {
        Self {
            events: Vec::new(),
            end: position,
        }
    }

    /// Adds the next event of the log.
    pub fn push(&mut self, recorded: RecordedEvent) {
        self.end = recorded.position;
        self.events.push(Read::new(recorded));
    }

    /// Where its last event stands, if it has any.
    pub fn last(&self) -> Option<Position> {
        self.events.last().map(|read| read.recorded().position)
    }

    /// Notes that the log holds nothing of interest up to `position`.
    pub fn skip_to(&mut self, position: Position) {
        self.end = self.end.max(position);
    }
}

/// Folds `batch`, which follows `from` without a gap, and moves the checkpoint behind it.
pub async fn fold(
    views: &Views,
    from: &Checkpoint,
    batch: &Batch,
    on_unfit: OnUnfit,
) -> Result<Folded, FoldError> {
    let Batch { events: batch, end } = batch;
    let next = from.advanced(batch.last().map(Read::recorded), *end);
    let mut transaction = views.writer().begin().await?;
    if !from.advance(&mut transaction, &next).await? {
        return Err(FoldError::Overtaken);
    }
    let mut rows = Rows::load(&mut transaction, batch, &from.calendar).await?;
    let (mut parked, mut unknown) = (0, 0);
    for read in batch {
        let Err(reason) = rows.apply(read, &mut unknown) else {
            continue;
        };
        if on_unfit == OnUnfit::Fail {
            return Err(unfit(&read.recorded, reason));
        }
        parked::park(&mut transaction, &read.recorded, &reason).await?;
        parked += 1;
    }
    let folded = Folded {
        checkpoint: next,
        touched: rows.touched(),
        parked,
        unknown,
    };
    rows.write(&mut transaction).await?;
    transaction.commit().await?;
    Ok(folded)
}

fn unfit(recorded: &RecordedEvent, reason: String) -> FoldError {
    FoldError::Unfit {
        position: recorded.position,
        stream: recorded.stream.clone(),
        revision: recorded.revision.0,
        reason,
    }
}
