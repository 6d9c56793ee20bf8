//! The entries in Redis as what the log is folded into.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::timeout;
use tracing::info;
use uuid::Uuid;

use super::changes::Changes;
use super::{Parts, shown};
use crate::event_store::Position;
use crate::event_store::codec::Decoded;
use crate::hot::{Advanced, At, HotError, Pointer, Replication};
use crate::projections::fold::{Batch, Read};
use crate::projections::runner::{Interruption, Target};
use crate::projections::{HOT, checkpoint, parked};
use crate::views::Touched;

/// How long applying some events and moving the checkpoint may take; after it the checkpoint is read
/// again. Less than what a floor lives, so that no event is forgotten before it is covered.
const WRITE: Duration = Duration::from_secs(20);
/// How many changes are applied before the checkpoint moves. An event may bring more of its own.
const MAX_CHANGES: usize = 20_000;

/// The entries in Redis.
pub struct Redis {
    pub(super) parts: Parts,
    /// Where this projector left the pointer.
    pub(super) pointer: Option<Pointer>,
    /// Whether it is known to have been there since: nothing has failed.
    pub(super) sure: bool,
}

impl Target for Redis {
    const NAME: &'static str = HOT;
    const ELSEWHERE: bool = true;

    async fn resume(&mut self) -> Result<(Position, u64), Interruption> {
        let Parts {
            hot,
            identity,
            views,
            ..
        } = &self.parts;
        let shown = shown::position(views, identity).await?;
        // Before the pointer: if the masters change in between, the next look will tell.
        let mut masters = hot.replication().await?;
        let mut seen = hot.pointer().await?;
        if seen
            .as_ref()
            .is_some_and(|seen| seen.replication != masters)
        {
            // Perhaps only this connection knows others, and the generation is good.
            masters = hot.replication_anew().await?;
            seen = hot.pointer().await?;
        }
        let pointer = match seen {
            Some(pointer) if pointer.log_id != identity.log_id => {
                return Err(foreign(pointer.log_id));
            }
            // Without a position of ours the SQL views are new: other events may be parked in them.
            Some(pointer)
                if shown > Position::START && self.goes_on(&pointer, &masters).await? =>
            {
                pointer
            }
            seen => self.begin(seen.as_ref(), masters).await?,
        };
        let position = pointer.checkpoint;
        (self.pointer, self.sure) = (Some(pointer), true);
        shown::set(&self.parts.views, position).await?;
        Ok((position, 0))
    }

    async fn ready(&self, last: Position) {
        let mut sql = self.parts.sql.clone();
        if last > self.checkpoint() && sql.wait_for(|at| *at >= last).await.is_err() {
            // The projector of the views is gone, and the node will soon be, too.
            std::future::pending::<()>().await;
        }
    }

    async fn fold(&mut self, batch: &Batch) -> Result<u64, Interruption> {
        if !self.sure {
            self.check().await?;
        }
        let from = self.checkpoint();
        let parked = parked::between(&self.parts.views, (from, batch.end)).await?;
        let done = batch
            .events
            .partition_point(|read| read.recorded().position <= from);
        let mut rest = &batch.events[done..];
        while !rest.is_empty() {
            let (written, later) = self.cut(rest, &parked);
            // Whatever happens in between, the pointer has to be looked at.
            self.sure = false;
            let write = timeout(WRITE, self.write(&written));
            write.await.unwrap_or_else(|_| Err(too_slow()))?;
            self.sure = true;
            (self.parts.on_commit)(&written.touched);
            rest = later;
        }
        let sql = *self.parts.sql.borrow();
        self.skip_to(batch.end.min(sql)).await?;
        Ok(0)
    }

    async fn check(&mut self) -> Result<(), Interruption> {
        let Some(ours) = &self.pointer else {
            return Ok(());
        };
        let masters = self.parts.hot.replication().await?;
        let stands = self.parts.hot.pointer().await?;
        if masters != ours.replication || !stands.is_some_and(|stands| follows(&stands, ours)) {
            return Err(Interruption::Overtaken);
        }
        self.sure = true;
        self.follow_sql().await
    }
}

/// Changes that are applied together, and what is known of them.
struct Written {
    changes: crate::hot::Batch,
    touched: Touched,
    /// The last event.
    end: (Position, Uuid),
}

impl Redis {
    /// How far the entries have got.
    fn checkpoint(&self) -> Position {
        self.pointer
            .as_ref()
            .map_or(Position::START, |pointer| pointer.checkpoint)
    }

    /// Whether the entries under `pointer` hold what it says.
    async fn goes_on(
        &self,
        pointer: &Pointer,
        masters: &Replication,
    ) -> Result<bool, Interruption> {
        let went_back = self
            .pointer
            .as_ref()
            .is_some_and(|ours| ours.generation == pointer.generation && !follows(pointer, ours));
        if went_back || pointer.replication != *masters {
            return Ok(false);
        }
        let Some(last) = pointer.last else {
            return Ok(true);
        };
        // A log that was restored from a backup holds other events there, or has yet to get there.
        let Parts { store, views, .. } = &self.parts;
        if let Some(standing) = store.event_at(pointer.checkpoint).await? {
            return Ok(standing.event_id == last);
        }
        // What the log skips may lie behind its newest event; there SQL has been, too.
        let sql = checkpoint::read(views).await?;
        let sql = sql.map_or(Position::START, |sql| sql.position);
        Ok(pointer.checkpoint <= store.head().await?.max(sql))
    }

    /// Begins a generation where SQL is.
    async fn begin(
        &self,
        seen: Option<&Pointer>,
        masters: Replication,
    ) -> Result<Pointer, Interruption> {
        let Parts { hot, views, .. } = &self.parts;
        // Before its first event SQL shows no position for anybody to go on from: it is asked again.
        let sql = checkpoint::read(views).await?;
        let sql = sql.filter(|sql| sql.position > Position::START);
        let sql = sql.ok_or(Interruption::Overtaken)?;
        let at = At {
            log_id: sql.log_id,
            checkpoint: sql.position,
            last: sql.last.map(|(_, event_id)| event_id),
            replication: masters,
        };
        let pointer = hot.begin(seen, &at).await?;
        if (pointer.log_id, &pointer.replication) != (at.log_id, &at.replication) {
            // Somebody was faster, with something else in mind.
            return Err(Interruption::Overtaken);
        }
        info!(generation = %pointer.generation, position = %pointer.checkpoint, "what is hot begins anew");
        Ok(pointer)
    }

    /// What the first of `events` change, as many as are applied together; and the others.
    fn cut<'e>(&self, events: &'e [Read], parked: &BTreeSet<Position>) -> (Written, &'e [Read]) {
        let mut changes = Changes::new(&self.parts.identity.calendar);
        let mut taken = 0;
        let mut end = (Position::START, Uuid::nil());
        for read in events {
            if changes.len() >= MAX_CHANGES {
                break;
            }
            let recorded = read.recorded();
            match read.decoded() {
                Ok(Decoded::Known(fact)) if !parked.contains(&recorded.position) => {
                    changes.add(fact, recorded);
                }
                // What is parked counts nowhere; what does not decode is.
                Ok(_) | Err(_) => {}
            }
            taken += 1;
            end = (recorded.position, recorded.event_id);
        }
        let (changes, touched) = changes.done();
        let written = Written {
            changes,
            touched,
            end,
        };
        (written, &events[taken..])
    }

    /// Applies changes and moves the checkpoint behind them.
    async fn write(&mut self, written: &Written) -> Result<(), Interruption> {
        let from = self.pointer.as_ref().ok_or(Interruption::Overtaken)?;
        let hot = &self.parts.hot;
        hot.apply(&from.generation, &written.changes).await?;
        // Masters that changed may have lost what the ones before them were told.
        if hot.replication().await? != from.replication {
            return Err(Interruption::Overtaken);
        }
        self.advance(written.end).await
    }

    /// Moves the checkpoint to `end`, up to where everything is applied. Another projector of the
    /// same generation may have moved it, too: then from there, unless it is beyond.
    async fn advance(&mut self, end: (Position, Uuid)) -> Result<(), Interruption> {
        let mut from = self.pointer.clone().ok_or(Interruption::Overtaken)?;
        while from.checkpoint < end.0 {
            from = match self.parts.hot.advance(&from, end).await? {
                Advanced::Moved(pointer) => pointer,
                Advanced::Elsewhere(Some(pointer))
                    if follows(&pointer, &from) && pointer.checkpoint > from.checkpoint =>
                {
                    pointer
                }
                Advanced::Elsewhere(_) => return Err(Interruption::Overtaken),
            };
        }
        self.pointer = Some(from);
        Ok(())
    }

    /// Moves the checkpoint over what SQL has skipped. Each subscription is told in other places that
    /// there is nothing of interest; readers would take us for late if we stayed behind.
    async fn follow_sql(&mut self) -> Result<(), Interruption> {
        let last = self.pointer.as_ref().and_then(|pointer| pointer.last);
        if *self.parts.sql.borrow() <= self.checkpoint() {
            return Ok(());
        }
        match checkpoint::read(&self.parts.views).await? {
            // The last event of both is the same, so there is none in between.
            Some(sql) if sql.last.map(|(_, event_id)| event_id) == last => {
                self.skip_to(sql.position).await
            }
            _ => Ok(()),
        }
    }

    /// Moves the checkpoint over what the log skips.
    async fn skip_to(&mut self, end: Position) -> Result<(), Interruption> {
        let last = self.pointer.as_ref().and_then(|pointer| pointer.last);
        match last {
            Some(last) if end > self.checkpoint() => {
                self.sure = false;
                self.advance((end, last)).await?;
                self.sure = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Whether `later` is what `earlier` became by moving on.
fn follows(later: &Pointer, earlier: &Pointer) -> bool {
    later.generation == earlier.generation
        && later.log_id == earlier.log_id
        && later.replication == earlier.replication
        && later.checkpoint >= earlier.checkpoint
}

fn foreign(log_id: Uuid) -> Interruption {
    Interruption::Target {
        class: "redis-foreign-log",
        text: format!("what is under this redis_prefix is of another log, {log_id}"),
    }
}

fn too_slow() -> Interruption {
    Interruption::Target {
        class: "redis",
        text: "a batch took too long".to_owned(),
    }
}

impl From<HotError> for Interruption {
    fn from(error: HotError) -> Self {
        Self::Target {
            class: "redis",
            text: error.to_string(),
        }
    }
}
