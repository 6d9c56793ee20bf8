//! Reading: what of the log answers a request. Forward it begins *at* the position asked for,
//! backward *before* it; a stream is read from the revision asked for either way.

use std::ops::Range;

use hyper::body::Bytes;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use super::acting::Item;
use super::grpc::framed;
use super::log::{Deleted, FakeLog, Record, State, Stream};
use super::wire::{
    AllOptions, Position, ReadOptions, ReadResp, StreamId, StreamNotFound, StreamOptions,
};

/// Numbers above this are none to the server.
const LARGEST: u64 = i64::MAX.cast_unsigned();

/// What a read is answered with.
pub(super) fn read(log: &FakeLog, options: &ReadOptions) -> Result<Vec<Item>, Status> {
    let state = log.lock();
    let backwards = options.backwards == 1;
    let count = options.count.unwrap_or(u64::MAX);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if options.resolve_links || options.filter.is_some() {
        return Err(Status::unimplemented("links and filters of a read"));
    }
    match (&options.stream, &options.all) {
        (Some(stream), _) => read_stream(&state, stream, (backwards, count)),
        (None, Some(all)) => read_all(&state, *all, (backwards, count)),
        (None, None) => Err(Status::invalid_argument("neither a stream nor $all")),
    }
}

fn read_stream(
    state: &State,
    options: &StreamOptions,
    (backwards, count): (bool, usize),
) -> Result<Vec<Item>, Status> {
    let name = options.stream.as_ref().map(|stream| &stream.name);
    let name = name.ok_or_else(|| Status::invalid_argument("a stream without a name"))?;
    let stream = match state.streams.get(name) {
        Some(stream) if stream.deleted == Deleted::Hard => return Err(stream_deleted(name)),
        Some(stream) if stream.deleted == Deleted::No && !stream.records.is_empty() => stream,
        _ => return Ok(vec![missing(name)]),
    };
    if options.revision.is_some_and(|revision| revision > LARGEST) {
        return Err(Status::invalid_argument("not a revision"));
    }
    let range = revisions(stream, options, backwards);
    let records = stream.records[range].iter();
    let records = records.map(|record| &state.records[*record]);
    let mut items: Vec<_> = if backwards {
        records.rev().take(count).map(Item::of).collect()
    } else {
        records.take(count).map(Item::of).collect()
    };
    let last = stream.records.len().saturating_sub(1) as u64;
    items.push(Item::of_message(&ReadResp {
        last_stream_position: Some(last),
        ..ReadResp::default()
    }));
    Ok(items)
}

/// The revisions that are looked at: all that are shown, from the one asked for.
fn revisions(stream: &Stream, options: &StreamOptions, backwards: bool) -> Range<usize> {
    let end = stream.records.len();
    let first = stream.first.min(end);
    let from = match options.revision {
        Some(revision) => usize::try_from(revision).unwrap_or(usize::MAX),
        None if options.end.is_some() => usize::MAX,
        None => 0,
    };
    if backwards {
        first..from.saturating_add(1).clamp(first, end)
    } else {
        from.clamp(first, end)..end
    }
}

fn read_all(
    state: &State,
    options: AllOptions,
    (backwards, count): (bool, usize),
) -> Result<Vec<Item>, Status> {
    // A read does not explain itself, as a subscription does.
    let from = start(state, options)
        .map_err(|_| Status::unknown("Unexpected ReadAllResult: InvalidPosition"))?;
    Ok(if backwards {
        let before = state.records[..from].iter().rev();
        before.take(count).map(Item::of).collect()
    } else {
        let after = state.records[from..].iter();
        after.take(count).map(Item::of).collect()
    })
}

/// The first record at or after the position asked for, which must be one of a record, or the very
/// beginning, or past the end.
pub(super) fn start(state: &State, options: AllOptions) -> Result<usize, Status> {
    let records = &state.records;
    let Some(asked) = options.position else {
        let end = options.end.map_or(0, |()| records.len());
        return Ok(end);
    };
    let Position { commit, prepare } = asked;
    let index = records.partition_point(|record| record.position < commit);
    let stands = match records.get(index) {
        Some(record) => record.position == commit || commit == 0,
        None => commit <= LARGEST,
    };
    if stands && commit == prepare {
        Ok(index)
    } else {
        Err(Status::invalid_argument("Invalid position"))
    }
}

impl Item {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            framed: record.framed.clone(),
            event: Some(record.position),
        }
    }

    pub(super) fn of_message(message: &ReadResp) -> Self {
        Self {
            framed: framed(message),
            event: None,
        }
    }
}

fn missing(name: &Bytes) -> Item {
    let stream = Some(StreamId { name: name.clone() });
    Item::of_message(&ReadResp {
        stream_not_found: Some(StreamNotFound { stream }),
        ..ReadResp::default()
    })
}

/// What the server says of a stream that was deleted for ever.
pub(super) fn stream_deleted(name: &Bytes) -> Status {
    let name = String::from_utf8_lossy(name);
    let text = format!("Event stream '{name}' is deleted.");
    let mut status = Status::new(Code::FailedPrecondition, text);
    let exception = MetadataValue::from_static("stream-deleted");
    status.metadata_mut().insert("exception", exception);
    status
}
