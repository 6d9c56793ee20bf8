//! Subscribing to `$all`: what is after a position, then what comes, without what is filtered out.

use madang::ambient::new_command_id;
use tonic::Status;

use super::acting::{Acting, Item};
use super::grpc::Gone;
use super::log::{FakeLog, Record};
use super::read::start;
use super::wire::{Confirmation, Expression, Filter, Position, ReadOptions, ReadResp};

/// Records that are looked at in one go.
const PAGE: usize = 512;
/// What `exclude_system_events` sends.
const NO_SYSTEM_EVENTS: &str = r"^[^\$].*";
/// Records between two checkpoints, if the client does not say.
const WINDOW: u32 = 32;

/// A subscription as it was asked for.
pub(super) struct Wanted {
    /// The next record to look at.
    next: usize,
    /// Nothing up to here is of interest, even if it is written later.
    after: Option<u64>,
    /// None: everything.
    filter: Option<Passing>,
    /// Records between two checkpoints.
    interval: usize,
    /// Records since the last one.
    scanned: usize,
}

enum Passing {
    NoSystemEvents,
    TypesBeginningWith(Vec<String>),
}

impl Passing {
    fn of(filter: &Filter) -> Result<Self, Status> {
        match &filter.event_type {
            Some(Expression { regex, .. }) if regex == NO_SYSTEM_EVENTS => Ok(Self::NoSystemEvents),
            Some(Expression { regex, prefix }) if regex.is_empty() => {
                Ok(Self::TypesBeginningWith(prefix.clone()))
            }
            _ => Err(Status::unimplemented("this filter")),
        }
    }

    fn passes(&self, record: &Record) -> bool {
        match self {
            Self::NoSystemEvents => !record.event_type.starts_with('$'),
            Self::TypesBeginningWith(prefixes) => {
                let mut prefixes = prefixes.iter();
                prefixes.any(|prefix| record.event_type.starts_with(prefix))
            }
        }
    }
}

impl Wanted {
    /// After the position asked for; `Err` if there is no such position.
    pub(super) fn of(log: &FakeLog, options: &ReadOptions) -> Result<Self, Status> {
        let Some(all) = options.all else {
            return Err(Status::unimplemented("subscriptions to streams"));
        };
        if options.resolve_links {
            return Err(Status::unimplemented("links"));
        }
        let state = log.lock();
        let next = start(&state, all)?;
        let after = all.position.map(|position| position.commit);
        let filter = options.filter.as_ref();
        let window = filter.and_then(|filter| filter.max).unwrap_or(WINDOW);
        let times = filter.map_or(0, |filter| filter.multiplier);
        Ok(Self {
            next,
            after: after.filter(|position| *position > 0),
            filter: filter.map(Passing::of).transpose()?,
            interval: window.saturating_mul(times) as usize,
            scanned: 0,
        })
    }

    /// The next page, and whether that is all there is.
    fn page(&mut self, log: &FakeLog) -> (Vec<Item>, bool) {
        let state = log.lock();
        let mut items = Vec::new();
        for record in state.records.iter().skip(self.next).take(PAGE) {
            self.next += 1;
            if self.after.is_some_and(|after| record.position <= after) {
                continue;
            }
            if self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.passes(record))
            {
                items.push(Item::of(record));
            }
            self.scanned += 1;
            if self.interval > 0 && self.scanned >= self.interval {
                self.scanned = 0;
                items.push(checkpoint(record));
            }
        }
        (items, self.next >= state.records.len())
    }

    /// Says what there is and what comes, until nobody listens any more.
    pub(super) async fn run(mut self, log: FakeLog, mut acting: Acting) -> Result<(), Gone> {
        let mut grown = log.grown();
        let mut caught_up = false;
        acting.pass(vec![confirmation()]).await?;
        acting.act().await?;
        loop {
            grown.borrow_and_update();
            let (items, all) = self.page(&log);
            acting.pass(items).await?;
            if !all {
                continue;
            }
            if !caught_up {
                caught_up = true;
                acting.pass(vec![said_caught_up()]).await?;
            }
            tokio::select! {
                changed = grown.changed() => changed.map_err(|_| Gone)?,
                () = acting.gone() => return Err(Gone),
            }
        }
    }
}

fn confirmation() -> Item {
    let id = new_command_id().to_string();
    Item::of_message(&ReadResp {
        confirmation: Some(Confirmation { id }),
        ..ReadResp::default()
    })
}

fn checkpoint(record: &Record) -> Item {
    Item::of_message(&ReadResp {
        checkpoint: Some(Position::at(record.position)),
        ..ReadResp::default()
    })
}

fn said_caught_up() -> Item {
    Item::of_message(&ReadResp {
        caught_up: Some(()),
        ..ReadResp::default()
    })
}
