//! Goes through the log page by page, within bounds, and picks what a filter wants.

use super::bound::Bound;
use super::filter::{Filter, Verdict};
use super::{MAX_EXAMINED, MAX_FOUND};
use crate::domain::{Revision, Timestamp};
use crate::event_store::{
    Direction, EventStore, Page, Position, RecordedEvent, StoreError, StreamName,
};

/// How much is read at once when not everything is wanted.
const CHUNK: usize = 512;

/// What a call found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<K> {
    /// The events, in the order of reading.
    pub events: Vec<RecordedEvent>,
    /// Where to go on: behind this. `None` at the end.
    pub next: Option<K>,
}

/// Up to `size` wanted events of the whole log, behind `after` (from the filter's own end without
/// one).
pub async fn events(
    store: &dyn EventStore,
    filter: &Filter,
    (after, size): (Option<Position>, usize),
) -> Result<Found<Position>, StoreError> {
    let key = |event: &RecordedEvent| event.position;
    let mut scan = Scan::new((filter, store.skew()), size, key);
    let mut from = match after {
        Some(position) => position,
        None => begin(store, filter, &mut scan).await?,
    };
    while let Some(page) = scan.wants() {
        let read = store.read_all(from, page).await?;
        from = read.last().map_or(from, |last| last.position);
        scan.take(read, page.max);
    }
    Ok(scan.found())
}

/// Up to `size` wanted events of a stream, behind `after`; `None` if there is no such stream.
pub async fn stream(
    store: &dyn EventStore,
    name: &StreamName,
    filter: &Filter,
    (after, size): (Option<Revision>, usize),
) -> Result<Option<Found<Revision>>, StoreError> {
    let first = store.read_stream(name, Revision::FIRST, Page::forward(1));
    if first.await?.is_empty() {
        return Ok(None);
    }
    let key = |event: &RecordedEvent| event.revision;
    let mut scan = Scan::new((filter, store.skew()), size, key);
    let mut from = match after {
        None => Some(opening(filter.direction)),
        Some(revision) => behind(revision, filter.direction),
    };
    while let (Some(revision), Some(page)) = (from, scan.wants()) {
        let read = store.read_stream(name, revision, page).await?;
        from = read
            .last()
            .and_then(|last| behind(last.revision, filter.direction));
        scan.take(read, page.max);
    }
    if from.is_none() {
        scan.end();
    }
    Ok(Some(scan.found()))
}

fn opening(direction: Direction) -> Revision {
    match direction {
        Direction::Forward => Revision::FIRST,
        // Past the end of any stream, and still a number that every store can hold.
        Direction::Backward => Revision(i64::MAX.unsigned_abs()),
    }
}

fn behind(revision: Revision, direction: Direction) -> Option<Revision> {
    match direction {
        Direction::Forward => Some(revision.next()),
        Direction::Backward => revision.0.checked_sub(1).map(Revision),
    }
}

/// Finds where to begin a scan of the whole log. The port reads *behind* a position, so an event
/// that stands exactly at the end of the range is taken here.
async fn begin<K>(
    store: &dyn EventStore,
    filter: &Filter,
    scan: &mut Scan<'_, K>,
) -> Result<Position, StoreError> {
    let (near, everything) = match filter.direction {
        Direction::Forward => (filter.from, Position::START),
        Direction::Backward => (filter.to, Position::END),
    };
    match (near, filter.direction) {
        (None, _) => Ok(everything),
        (Some(Bound::Position(position)), _) => {
            let at = store.event_at(position).await?;
            scan.take(Vec::from_iter(at), 0);
            Ok(position)
        }
        (Some(Bound::RecordedAt(time)), Direction::Forward) => store.position_before(time).await,
        (Some(Bound::RecordedAt(time)), Direction::Backward) => first_after(store, time).await,
    }
}

/// The position of the first event behind which all were recorded after `time`, or as near to it as a
/// bounded search comes; never a smaller one.
async fn first_after(store: &dyn EventStore, time: Timestamp) -> Result<Position, StoreError> {
    let time = Timestamp(time.0.saturating_add(store.skew()));
    let later = Timestamp(time.0.saturating_add(1));
    let mut from = store.position_before(later).await?;
    for _ in 0..MAX_EXAMINED / CHUNK {
        let read = store.read_all(from, Page::forward(CHUNK)).await?;
        if let Some(event) = read.iter().find(|event| event.recorded_at > time) {
            return Ok(event.position);
        }
        match read.last() {
            Some(last) => from = last.position,
            None => break,
        }
    }
    Ok(Position::END)
}

struct Scan<'a, K> {
    filter: &'a Filter,
    skew: i64,
    size: usize,
    key: fn(&RecordedEvent) -> K,
    events: Vec<RecordedEvent>,
    examined: usize,
    /// Whether there was something that was not wanted.
    passed: bool,
    last: Option<K>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    // There is at least one more, which was not taken.
    Full,
    End,
}

impl<'a, K> Scan<'a, K> {
    fn new((filter, skew): (&'a Filter, i64), size: usize, key: fn(&RecordedEvent) -> K) -> Self {
        Self {
            filter,
            skew,
            size: size.min(MAX_FOUND),
            key,
            events: Vec::new(),
            examined: 0,
            passed: false,
            last: None,
            state: State::Reading,
        }
    }

    /// The page to read next, if one is needed.
    fn wants(&self) -> Option<Page> {
        let left = MAX_EXAMINED.saturating_sub(self.examined);
        if self.state != State::Reading || left == 0 {
            return None;
        }
        // One more than is given tells whether there is more.
        let max = if self.filter.wants_all() && !self.passed {
            self.size + 1 - self.events.len()
        } else {
            CHUNK
        };
        Some(Page {
            direction: self.filter.direction,
            max: max.min(left),
        })
    }

    /// Looks at what was read; less than `asked` means that there is no more.
    fn take(&mut self, read: Vec<RecordedEvent>, asked: usize) {
        let short = read.len() < asked;
        for event in read {
            self.examined += 1;
            match self.filter.judge(&event, self.skew) {
                Verdict::End => self.state = State::End,
                Verdict::Wanted if self.events.len() == self.size => self.state = State::Full,
                Verdict::Wanted => {
                    self.last = Some((self.key)(&event));
                    self.events.push(event);
                }
                Verdict::Passed => {
                    self.passed = true;
                    self.last = Some((self.key)(&event));
                }
            }
            if self.state != State::Reading {
                return;
            }
        }
        if short {
            self.end();
        }
    }

    /// There is nothing behind what was looked at.
    fn end(&mut self) {
        if self.state == State::Reading {
            self.state = State::End;
        }
    }

    fn found(self) -> Found<K> {
        let ended = self.state == State::End;
        Found {
            events: self.events,
            next: self.last.filter(|_| !ended),
        }
    }
}
