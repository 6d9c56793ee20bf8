//! Which generation readers may use now. Known from asking twice a second, so that a read need not
//! ask; forgotten at once when Redis does not answer, so that readers waste no time on it.

use std::sync::Arc;
use std::time::Duration;

use redis::cmd;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use super::pointer::{Generation, Pointer};
use super::{Hot, HotError, info, values};
use crate::event_store::Position;

/// How often the pointer is read.
const EVERY: Duration = Duration::from_millis(500);
/// How far Redis may be behind SQL before readers leave it alone.
const PATIENCE: Duration = Duration::from_secs(2);

impl Hot {
    /// The generation that readers may use. None while Redis is away, belongs to another log, lost a
    /// master, or its projector is behind; then SQL answers.
    pub fn generation(&self) -> Option<Arc<Generation>> {
        self.last_resort().filter(|known| !known.late)
    }

    /// The same, also while the projector of Redis waits for SQL: for when SQL does not answer. It was
    /// close behind SQL as long as that moved.
    pub fn last_resort(&self) -> Option<Arc<Generation>> {
        let known = self.known().borrow().clone();
        known.filter(|known| known.found.elapsed() <= Generation::GOOD)
    }

    /// Keeps [`Hot::generation`] true, for ever. `sql` tells how far SQL is, of the log `log_id`.
    pub async fn follow(&self, log_id: Uuid, sql: watch::Receiver<Position>) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut behind = Behind::default();
        loop {
            ticks.tick().await;
            let wanted = *sql.borrow();
            let found = self.find(log_id).await;
            let known = found.ok().flatten().and_then(|pointer| {
                let late = match behind.look((pointer.checkpoint, wanted), Instant::now()) {
                    Lag::Close => false,
                    Lag::Late => true,
                    Lag::Lost => return None,
                };
                Some(Arc::new(Generation {
                    late,
                    ..Generation::of(&pointer)
                }))
            });
            self.known().send_replace(known);
        }
    }

    /// The pointer, if it is of this log and of the masters that are there now.
    async fn find(&self, log_id: Uuid) -> Result<Option<Pointer>, HotError> {
        self.quick().open().await?;
        let mut ask = cmd("HGETALL");
        ask.arg(self.keys().pointer());
        let pointer = values::pointer(self.quick().ask(ask).await?)?;
        let masters = info::digest(&self.quick().masters().await?);
        Ok(pointer.filter(|found| found.log_id == log_id && found.replication == masters))
    }
}

/// Remembers a position of SQL until Redis has reached it.
#[derive(Debug, Default)]
struct Behind {
    target: Option<(Position, Instant)>,
    /// Where SQL is, and since when.
    sql: Option<(Position, Instant)>,
}

/// How Redis follows SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lag {
    /// It has reached what SQL had a while ago.
    Close,
    /// It has not, but SQL did not go on for long either: perhaps both cannot, as SQL is away.
    Late,
    /// SQL went on without it.
    Lost,
}

impl Behind {
    fn look(&mut self, (redis, sql): (Position, Position), now: Instant) -> Lag {
        if self.sql.is_none_or(|(known, _)| known != sql) {
            self.sql = Some((sql, now));
        }
        if self.target.is_none_or(|(target, _)| redis >= target) {
            self.target = (redis < sql).then_some((sql, now));
        }
        let (Some((_, since)), Some((_, moved))) = (self.target, self.sql) else {
            return Lag::Close;
        };
        if moved.saturating_duration_since(since) > PATIENCE {
            Lag::Lost
        } else if now - since > PATIENCE {
            Lag::Late
        } else {
            Lag::Close
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Behind, Lag};
    use crate::event_store::Position;

    fn at(number: u64) -> Position {
        Position::new(0, number)
    }

    /// What is found, looking each second: where Redis is, and where SQL is.
    fn looked(places: &[(u64, u64)]) -> Lag {
        let (mut behind, mut now, mut lag) = (Behind::default(), Instant::now(), Lag::Close);
        for (redis, sql) in places {
            lag = behind.look((at(*redis), at(*sql)), now);
            now += Duration::from_secs(1);
        }
        lag
    }

    #[test]
    fn a_redis_that_follows_is_close() {
        assert_eq!(
            looked(&[(1, 2), (2, 3), (3, 4), (4, 5), (5, 6)]),
            Lag::Close
        );
        assert_eq!(looked(&[(1, 1); 9]), Lag::Close);
    }

    #[test]
    fn a_redis_that_stands_still_with_sql_is_late() {
        assert_eq!(looked(&[(1, 2), (1, 2), (1, 2)]), Lag::Close);
        assert_eq!(looked(&[(1, 2); 9]), Lag::Late);
    }

    #[test]
    fn a_redis_that_sql_left_behind_is_lost() {
        assert_eq!(looked(&[(1, 2), (1, 3), (1, 4), (1, 5)]), Lag::Lost);
        assert_eq!(
            looked(&[(1, 2), (1, 3), (1, 4), (1, 5), (5, 5)]),
            Lag::Close
        );
    }
}
