//! Which generation readers may use now. Known from asking twice a second, so that a read need not
//! ask; forgotten at once when Redis does not answer, so that readers waste no time on it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use redis::cmd;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use super::pointer::{Generation, Pointer};
use super::{Hot, HotError, Replication, info, values};
use crate::event_store::Position;

/// How often the pointer is read.
const EVERY: Duration = Duration::from_millis(500);
/// How far Redis may be behind SQL before readers leave it alone.
const PATIENCE: Duration = Duration::from_secs(2);

impl Hot {
    /// The generation that readers may use. None while Redis is away, belongs to another log, lost a
    /// master, or its projector is behind; then SQL answers.
    pub fn generation(&self) -> Option<Arc<Generation>> {
        self.last_resort().filter(|known| !known.doubtful)
    }

    /// The same, also while the projector of Redis waits for SQL, or Redis was too slow a moment ago:
    /// for when SQL does not answer. It was close behind SQL as long as that moved.
    pub fn last_resort(&self) -> Option<Arc<Generation>> {
        let known = self.known().borrow().clone();
        known.filter(|known| known.found.elapsed() <= self.0.good)
    }

    /// Keeps [`Hot::generation`] true, for ever. `sql` tells how far SQL is, of the log `log_id`.
    pub async fn follow(&self, log_id: Uuid, sql: watch::Receiver<Position>) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut behind = Behind::default();
        loop {
            ticks.tick().await;
            let wanted = *sql.borrow();
            let Ok(pointer) = self.find(log_id).await else {
                behind.lose_sight(wanted);
                self.doubt();
                continue;
            };
            if pointer.is_none() {
                behind.lose_sight(wanted);
            }
            let known = pointer.and_then(|pointer| {
                let doubtful = match behind.look((pointer.checkpoint, wanted), Instant::now()) {
                    Lag::Close => false,
                    Lag::Late => true,
                    Lag::Lost => return None,
                };
                Some(Arc::new(Generation {
                    doubtful,
                    ..Generation::of(&pointer)
                }))
            });
            self.known().send_replace(known);
        }
    }

    /// The pointer, if it is of this log and of the masters that are there now. A connection to a
    /// Cluster may know the masters of a while ago, so a new one decides whether they differ.
    async fn find(&self, log_id: Uuid) -> Result<Option<Pointer>, HotError> {
        let (mut pointer, mut masters) = self.seen().await?;
        let ours = |found: &Pointer| found.log_id == log_id;
        if pointer
            .as_ref()
            .is_some_and(|found| ours(found) && found.replication != masters)
        {
            self.quick().renew();
            (pointer, masters) = self.seen().await?;
        }
        Ok(pointer.filter(|found| ours(found) && found.replication == masters))
    }

    async fn seen(&self) -> Result<(Option<Pointer>, Replication), HotError> {
        self.quick().open().await?;
        let mut ask = cmd("HGETALL");
        ask.arg(self.keys().pointer());
        let pointer = values::pointer(self.quick().ask(ask).await?)?;
        Ok((pointer, info::digest(&self.quick().masters().await?)))
    }
}

/// Remembers how far SQL was, for as long as Redis may take.
#[derive(Debug, Default)]
struct Behind {
    /// What Redis must have reached by now. At first, and after Redis was out of sight, what SQL had
    /// when somebody began to look: nobody knows for how long it has had that.
    needed: Option<Position>,
    later: VecDeque<(Instant, Position)>,
    /// Where SQL was when Redis was found to be too far behind, while it is.
    left_at: Option<Position>,
}

/// How Redis follows SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lag {
    /// It has reached what SQL had a while ago.
    Close,
    /// It has not, and SQL has not moved since: perhaps neither can, as SQL is away.
    Late,
    /// It has not, and SQL went on without it.
    Lost,
}

impl Behind {
    fn look(&mut self, (redis, sql): (Position, Position), now: Instant) -> Lag {
        if !self.too_far((redis, sql), now) {
            self.left_at = None;
            return Lag::Close;
        }
        if *self.left_at.get_or_insert(sql) == sql {
            Lag::Late
        } else {
            Lag::Lost
        }
    }

    /// Redis cannot be seen while SQL is at `sql`. What it must have reached before it is read again is
    /// what SQL has then: what it had a while before may be as old as the outage.
    fn lose_sight(&mut self, sql: Position) {
        if sql != Position::START {
            self.left_at.get_or_insert(sql);
        }
        self.needed = None;
        self.later.clear();
    }

    /// Whether Redis has not reached what SQL had a while ago.
    fn too_far(&mut self, (redis, sql): (Position, Position), now: Instant) -> bool {
        let mut needed = *self.needed.get_or_insert(sql);
        self.later.push_back((now, sql));
        while let Some((since, position)) = self.later.front()
            && *since + PATIENCE <= now
        {
            needed = *position;
            self.later.pop_front();
        }
        self.needed = Some(needed);
        redis < needed
    }
}

#[cfg(test)]
mod tests;
