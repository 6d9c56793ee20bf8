//! Taking a number, keeping it, and giving it back: each is one conditional change of its row.
//!
//! What must hold: whoever believes to hold a number has been told so by the server, or has read it
//! there. A change whose answer was lost is looked for before another one is tried; one that arrives late
//! finds the row changed and does nothing, since no state of a row comes twice while ids are made.

use std::sync::Arc;

use super::choice::choose;
use super::table::{NUMBERS, Number, State, Table};
use super::{LEASE, Untaken};
use crate::ambient::{Clock, new_command_id};
use crate::command::ids::Lease;
use crate::domain::Timestamp;
use crate::domain::snowflake::{END, EPOCH, Node};
use crate::event_store::{EventStore, Page, Position};
use crate::views::ViewsError;

/// How often in a row others may be faster.
const TRIES: usize = 8;

/// A number that is held.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) lease: Lease,
    /// How its row stands, as far as is known.
    state: State,
}

/// Takes numbers.
pub(super) struct Taker {
    pub(super) table: Table,
    /// Tells whether anything was ever written.
    pub(super) store: Arc<dyn EventStore>,
    /// The only one that will do, if there is one.
    pub(super) which: Option<Node>,
    pub(super) clock: Clock,
    /// Whether the table was there a moment ago.
    is_prepared: bool,
    /// Names this process until it has a number. Then it needs another name: if it loses the number, what
    /// it did before must not look as if done since.
    name: String,
    /// The number that it last went for, and where that one's ids go on.
    tried: Option<(Node, Timestamp)>,
}

impl Taker {
    pub(super) fn new(
        table: Table,
        store: Arc<dyn EventStore>,
        which: Option<Node>,
        clock: Clock,
    ) -> Self {
        Self {
            table,
            store,
            which,
            clock,
            is_prepared: false,
            name: name(),
            tried: None,
        }
    }

    /// Takes a number that nobody holds.
    pub(super) async fn take(&mut self) -> Result<Held, Untaken> {
        let taken = self.try_to_take().await;
        self.is_prepared = taken.is_ok();
        let held = taken?;
        self.name = name();
        self.tried = None;
        Ok(held)
    }

    async fn try_to_take(&mut self) -> Result<Held, Untaken> {
        let mut numbers = self.numbers().await?;
        for attempt in 0..TRIES {
            if let Some(held) = self.taken_before(&numbers) {
                return Ok(held);
            }
            let now = self.clock.now();
            if now >= END {
                return Err(Untaken::OutOfTime);
            }
            let chosen = choose(&numbers, now, attempt > 0);
            let chosen = chosen.ok_or_else(|| self.none_is_free(&numbers))?;
            let from = chosen.state.until;
            let state = State {
                holder: self.name.clone(),
                until: end(now.max(from)),
            };
            self.tried = Some((chosen.node, from));
            if self.table.swap(chosen.node, &chosen.state, &state).await? {
                return Ok(Held::new(chosen.node, from, state));
            }
            numbers = self.table.numbers(self.which).await?;
        }
        Err(Untaken::Crowd)
    }

    /// All numbers that would do. The table is made and filled if it is not.
    async fn numbers(&mut self) -> Result<Vec<Number>, Untaken> {
        if !self.is_prepared {
            self.table.0.prepare_leases().await?;
        }
        let numbers = self.table.numbers(self.which).await?;
        let enough = self.which.map_or(NUMBERS, |_| 1);
        if numbers.len() >= enough {
            return Ok(numbers);
        }
        // Nobody knows who held the missing ones. If it was somebody who still does, then for less than
        // a lease.
        let unused = self.is_log_new().await?;
        let from = if unused {
            Timestamp(0)
        } else {
            end(self.clock.now())
        };
        self.table.fill(from).await?;
        Ok(self.table.numbers(self.which).await?)
    }

    /// Whether nothing was written yet but what a log begins with, so that nobody has made an id.
    async fn is_log_new(&self) -> Result<bool, Untaken> {
        let first = self.store.read_all(Position::START, Page::forward(2));
        Ok(first.await?.len() < 2)
    }

    /// What an earlier attempt has taken whose answer was lost.
    fn taken_before(&self, numbers: &[Number]) -> Option<Held> {
        let (node, from) = self.tried?;
        let number = numbers.iter().find(|number| number.node == node)?;
        let is_ours = number.state.holder == self.name;
        is_ours.then(|| Held::new(node, from, number.state.clone()))
    }

    /// What was taken without hearing of it, if the server knows of such a thing.
    pub(super) async fn taken_unheard(&self) -> Option<Held> {
        let (node, _) = self.tried?;
        let numbers = self.table.numbers(Some(node)).await.ok()?;
        self.taken_before(&numbers)
    }

    fn none_is_free(&self, numbers: &[Number]) -> Untaken {
        match (self.which, numbers) {
            (Some(node), [number, ..]) => Untaken::Held {
                number: node.get(),
                seconds: (number.state.until.0 - self.clock.now().0) / 1000 + 1,
            },
            _ => Untaken::AllHeld,
        }
    }

    /// Moves the end of a lease on; `false` if somebody else has the number.
    pub(super) async fn renew(&self, held: &mut Held) -> Result<bool, ViewsError> {
        let until = end(self.clock.now()).max(held.lease.until);
        let holder = held.state.holder.clone();
        let renewed = self.change(held, State { holder, until }).await?;
        if renewed {
            held.lease.until = until;
        }
        Ok(renewed)
    }

    /// Lets a number go: all ids that were made with it lie before `end`. `false` if somebody else has
    /// it.
    pub(super) async fn release(
        &self,
        held: &mut Held,
        end: Timestamp,
    ) -> Result<bool, ViewsError> {
        let holder = String::new();
        self.change(held, State { holder, until: end }).await
    }

    /// Changes the row of a number that is held, which may stand otherwise than is known here: an earlier
    /// change may have been heard although nobody has heard the answer.
    async fn change(&self, held: &mut Held, after: State) -> Result<bool, ViewsError> {
        for _ in 0..TRIES {
            let node = held.lease.node;
            if self.table.swap(node, &held.state, &after).await? {
                held.state = after;
                return Ok(true);
            }
            let found = self.table.numbers(Some(node)).await?;
            match found.into_iter().next() {
                Some(number) if number.state.holder == held.state.holder => {
                    held.state = number.state;
                }
                _ => return Ok(false),
            }
        }
        Ok(false)
    }
}

impl Held {
    fn new(node: Node, from: Timestamp, state: State) -> Self {
        let until = state.until;
        let lease = Lease { node, from, until };
        Self { lease, state }
    }
}

/// The end of a lease that begins now. Ids know no time before their epoch, which a machine without a
/// battery may show when it starts.
fn end(now: Timestamp) -> Timestamp {
    Timestamp(now.max(EPOCH).0.saturating_add(LEASE))
}

fn name() -> String {
    new_command_id().to_string()
}
