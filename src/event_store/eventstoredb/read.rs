//! Reading a stream, and the whole log.
//!
//! A stream is read as it is, even if somebody has put into it what does not belong there: a page that
//! is not full is its end. The server's `$all` holds records that are not ours: its own, and links. The client cannot leave
//! them out, so they are skipped here, and further pages are read until the page that was asked for
//! is full or the log ends. It reads forward *at* a position where the port reads *after* it.

use eventstore::{ReadAllOptions, ReadStream, ReadStreamOptions, ResolvedEvent, StreamPosition};

use super::connection::{Connection, Tries};
use super::event::{in_stream, position, record};
use super::fault::{Class, Fault};
use crate::domain::Revision;
use crate::event_store::{
    Direction, MAX_READ_EVENTS, Page, Position, RecordedEvent, StoreError, StreamName,
};

/// How many records are taken before the time that the server may be silent begins anew.
const PART: usize = 256;
/// The fewest records that are asked for when a page before was not enough.
const FURTHER: usize = 256;

type Records = Vec<ResolvedEvent>;

/// A page of a stream; none of one that is not there, or was deleted.
pub(super) async fn stream(
    connection: &Connection,
    (stream, from): (&StreamName, Revision),
    page: Page,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let max = page.max.min(MAX_READ_EVENTS);
    // The server counts with signed numbers: what is past them is past every end.
    let past = i64::try_from(from.0).is_err() || from.0 == i64::MAX.unsigned_abs();
    if max == 0 || (past && page.direction == Direction::Forward) {
        return Ok(Vec::new());
    }
    let at = if past {
        StreamPosition::End
    } else {
        StreamPosition::Position(from.0)
    };
    let events = page_of_stream(connection, (stream, at), (page.direction, max)).await?;
    let Some(events) = events else {
        return Ok(Vec::new());
    };
    if !events.is_empty() || past || page.direction == Direction::Forward {
        return Ok(events);
    }
    // From past the end a server may find nothing.
    let newest = (stream, StreamPosition::End);
    let newest = page_of_stream(connection, newest, (page.direction, max)).await?;
    let mut events = newest.unwrap_or_default();
    events.retain(|event| event.revision <= from);
    Ok(events)
}

/// `None` if there is no such stream.
async fn page_of_stream(
    connection: &Connection,
    (stream, at): (&StreamName, StreamPosition<u64>),
    (direction, max): (Direction, usize),
) -> Result<Option<Vec<RecordedEvent>>, StoreError> {
    let options = ReadStreamOptions::default().position(at).max_count(max);
    let options = match direction {
        Direction::Forward => options.forwards(),
        Direction::Backward => options.backwards(),
    };
    let options = connection.url.authenticated(options);
    let mut tries = Tries::of(connection);
    loop {
        match once_of_stream(connection, (stream, &options), max).await {
            Ok(events) => return Ok(events),
            Err(fault) if tries.again(&fault).await => {}
            Err(fault) => return Err(fault.of_read(&connection.url)),
        }
    }
}

async fn once_of_stream(
    connection: &Connection,
    (stream, options): (&StreamName, &ReadStreamOptions),
    max: usize,
) -> Result<Option<Vec<RecordedEvent>>, Fault> {
    let turn = connection.turn().await?;
    let opened = turn
        .open(turn.client.read_stream(stream.as_str(), options))
        .await;
    let mut open = match opened {
        Ok(open) => open,
        Err(fault) if fault.class() == Class::Deleted => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let mut records = Records::new();
    loop {
        match turn
            .run(part(&mut open, max.saturating_sub(records.len())))
            .await
        {
            Ok((mut more, end)) => {
                records.append(&mut more);
                if end {
                    break;
                }
            }
            Err(fault) if matches!(fault.class(), Class::Missing | Class::Deleted) => {
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(Some(records.into_iter().filter_map(in_stream).collect()))
}

/// Up to [`PART`] records, at most `max`, and whether there are no more to take.
async fn part(open: &mut ReadStream, max: usize) -> eventstore::Result<(Records, bool)> {
    let wanted = max.min(PART);
    let mut records = Records::with_capacity(wanted);
    while records.len() < wanted {
        match open.next().await? {
            Some(record) => records.push(record),
            None => return Ok((records, true)),
        }
    }
    Ok((records, wanted == max))
}

/// A page of the whole log, without what is the server's own.
pub(super) async fn all(
    connection: &Connection,
    from: Position,
    page: Page,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let max = page.max.min(MAX_READ_EVENTS);
    let mut events = Vec::new();
    let mut at = from;
    // One more, because reading forward begins with what stands at the position.
    let mut asked = max + 1;
    while events.len() < max {
        let Some(start) = start(at, page.direction) else {
            break;
        };
        let records = records(connection, (start, page.direction), asked)
            .await
            .map_err(|fault| fault.of_read_all(&connection.url, from))?;
        let read = records.len();
        let behind = |place| match page.direction {
            Direction::Forward => place > at,
            Direction::Backward => place < at,
        };
        let mut last = at;
        for (place, event) in records.into_iter().filter_map(record) {
            if behind(place) {
                last = place;
                events.extend(event);
            }
        }
        if read < asked || last == at {
            break;
        }
        at = last;
        asked = (max - events.len().min(max) + 1).max(FURTHER);
    }
    events.truncate(max);
    Ok(events)
}

/// `None` if nothing can stand there.
fn start(at: Position, direction: Direction) -> Option<StreamPosition<eventstore::Position>> {
    match (at, direction) {
        (Position::START, Direction::Forward) => Some(StreamPosition::Start),
        (Position::END, Direction::Backward) => Some(StreamPosition::End),
        (Position::START, Direction::Backward) | (Position::END, Direction::Forward) => None,
        _ => Some(StreamPosition::Position(position(at))),
    }
}

/// Up to `max` records of `$all`, whatever they are.
async fn records(
    connection: &Connection,
    (start, direction): (StreamPosition<eventstore::Position>, Direction),
    max: usize,
) -> Result<Records, Fault> {
    let options = ReadAllOptions::default().position(start).max_count(max);
    let options = match direction {
        Direction::Forward => options.forwards(),
        Direction::Backward => options.backwards(),
    };
    let options = connection.url.authenticated(options);
    let mut tries = Tries::of(connection);
    loop {
        match once(connection, &options, max).await {
            Err(fault) if tries.again(&fault).await => {}
            outcome => return outcome,
        }
    }
}

async fn once(
    connection: &Connection,
    options: &ReadAllOptions,
    max: usize,
) -> Result<Records, Fault> {
    let turn = connection.turn().await?;
    let mut open = turn.open(turn.client.read_all(options)).await?;
    let mut records = Records::new();
    loop {
        let rest = max.saturating_sub(records.len());
        let (mut more, end) = turn.run(part(&mut open, rest)).await?;
        records.append(&mut more);
        if end {
            return Ok(records);
        }
    }
}

/// The event that stands exactly at `place`, if one does and it is not the server's own.
pub(super) async fn at(
    connection: &Connection,
    place: Position,
) -> Result<Option<RecordedEvent>, StoreError> {
    if place == Position::START || place == Position::END {
        return Ok(None);
    }
    let start = StreamPosition::Position(position(place));
    match records(connection, (start, Direction::Forward), 1).await {
        Ok(found) => {
            let found = found.into_iter().next().and_then(record);
            Ok(found
                .filter(|(stands, _)| *stands == place)
                .and_then(|(_, event)| event))
        }
        Err(fault) if fault.class() == Class::Invalid => Ok(None),
        Err(fault) => Err(fault.of_read_all(&connection.url, place)),
    }
}

/// The position of the newest event that is not the server's own.
pub(super) async fn head(connection: &Connection) -> Result<Position, StoreError> {
    let newest = all(connection, Position::END, Page::backward(1)).await?;
    Ok(newest
        .first()
        .map_or(Position::START, |event| event.position))
}

/// The position of the newest record of all.
pub(super) async fn end(connection: &Connection) -> Result<Position, StoreError> {
    let newest = records(connection, (StreamPosition::End, Direction::Backward), 1)
        .await
        .map_err(|fault| fault.of_read_all(&connection.url, Position::END))?;
    let newest = newest.into_iter().find_map(record);
    Ok(newest.map_or(Position::START, |(place, _)| place))
}
