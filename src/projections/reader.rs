//! Reads the log ahead of the fold: takes what a subscription reports, decodes it and makes batches
//! of it, on a task of its own, while the batch before is being written.
//!
//! A batch that nobody can fold yet goes on growing, to at most [`MAX_BATCH`] events and about
//! [`MAX_BATCH_BYTES`]; at most one that is full waits beside it, so a slow database costs no memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::fold::Batch;
use crate::event_store::{Position, Reported, StoreError, Subscription};

/// The most events that are folded in one transaction.
pub const MAX_BATCH: usize = 16_000;
/// How many bytes of events a batch may have before it takes no more.
pub const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Batches that wait to be folded.
const AHEAD: usize = 1;
/// Reports taken at once. Few, since only then their sizes are known: a batch that was almost full may
/// go over by so many of the longest events.
const TAKEN: usize = 16;

/// What was read since the last call.
pub struct Reading {
    /// The events, decoded.
    pub batch: Batch,
    /// Whether all that was in the log when the subscription began has now been read.
    pub level: bool,
    /// Why nothing follows, if nothing does.
    pub end: Option<StoreError>,
}

/// Reads ahead. Dropping it ends the subscription.
pub struct Reader {
    readings: mpsc::Receiver<Reading>,
    known: Arc<AtomicU64>,
}

impl Reader {
    /// Reads `subscription`, which began after `position`.
    pub fn of(subscription: Subscription, position: Position) -> Self {
        let (sender, readings) = mpsc::channel(AHEAD);
        let known = Arc::new(AtomicU64::new(0));
        tokio::spawn(read(subscription, position, sender, Arc::clone(&known)));
        Self { readings, known }
    }

    /// What comes next; `None` when the subscription is over. Safe to cancel: nothing is lost.
    pub async fn next(&mut self) -> Option<Reading> {
        self.readings.recv().await
    }

    /// Counts the events that the subscription has brought since it began, folded or not.
    pub fn known(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.known)
    }
}

async fn read(
    mut subscription: Subscription,
    position: Position,
    sender: mpsc::Sender<Reading>,
    known: Arc<AtomicU64>,
) {
    let mut taken_in_all = 0;
    let mut reports = Vec::with_capacity(TAKEN);
    let (mut position, mut level) = (position, false);
    loop {
        let taken = tokio::select! {
            taken = subscription.next_batch(&mut reports, TAKEN) => taken,
            () = sender.closed() => 0,
        };
        if taken == 0 {
            return;
        }
        let mut reading = Reading {
            batch: Batch::after(position),
            level,
            end: None,
        };
        let mut bytes = reading.take(&mut reports);
        let place = loop {
            while subscription.waiting() > 0 && reading.has_room(bytes) {
                subscription.next_batch(&mut reports, TAKEN).await;
                bytes += reading.take(&mut reports);
            }
            let in_all = taken_in_all + reading.batch.events.len() + subscription.waiting();
            known.store(in_all as u64, Ordering::Relaxed);
            // While the fold is busy, more comes into the same batch: rows that it changes twice are
            // written once.
            tokio::select! {
                biased;
                place = sender.reserve() => break place,
                taken = subscription.next_batch(&mut reports, TAKEN), if reading.has_room(bytes) => {
                    bytes += reading.take(&mut reports);
                    if taken == 0 {
                        break sender.reserve().await;
                    }
                }
            }
        };
        taken_in_all += reading.batch.events.len();
        (position, level) = (reading.batch.end, reading.level);
        let over = reading.end.is_some();
        let Ok(place) = place else { return };
        place.send(reading);
        if over {
            return;
        }
    }
}

impl Reading {
    /// Adds what was reported; answers with its size in bytes.
    fn take(&mut self, reports: &mut Vec<Result<Reported, StoreError>>) -> usize {
        let mut bytes = 0;
        for report in reports.drain(..) {
            match report {
                Ok(Reported::Event(event)) => {
                    bytes += event.data.len() + event.metadata.len();
                    self.batch.push(event);
                }
                Ok(Reported::Checkpoint(position)) => self.batch.skip_to(position),
                Ok(Reported::CaughtUp) => self.level = true,
                Err(error) => self.end = Some(error),
            }
        }
        bytes
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.end.is_none()
            && bytes < MAX_BATCH_BYTES
            && self.batch.events.len() + TAKEN <= MAX_BATCH
    }
}
