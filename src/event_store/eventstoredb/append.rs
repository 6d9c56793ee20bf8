//! Appending. The client tries once, which is right: what may have been done is repeated by whoever
//! decided it, with the same ids and the same expectation.

use eventstore::{AppendToStreamOptions, CurrentRevision, Error, EventData, ExpectedRevision};

use super::connection::{Connection, Tries};
use super::event::{place, proposed};
use super::fault::{Class, Fault};
use super::read;
use crate::domain::Revision;
use crate::event_store::{
    AppendError, Appended, Expected, NewEvent, Page, Position, StoreError, StreamName, append_size,
};

/// Appends, and tries again what surely did not arrive.
pub(super) async fn append(
    connection: &Connection,
    (stream, expected): (&StreamName, Expected),
    events: &[NewEvent],
) -> Result<Appended, AppendError> {
    append_size(events)?;
    let url = &connection.url;
    let Some(version) = version(expected) else {
        // No stream is as long as that.
        return Err(wrong(newest(connection, stream).await?));
    };
    let options = url.authenticated(AppendToStreamOptions::default().expected_revision(version));
    let last = events.last().map(|event| event.event_id);
    let mut tries = Tries::of(connection);
    let written = loop {
        match once(connection, (stream, &options), events).await {
            Ok(written) => break written,
            Err(Fault::Said(Error::WrongExpectedVersion { current, .. })) => {
                return Err(wrong(match current {
                    CurrentRevision::Current(revision) => Some(Revision(revision)),
                    CurrentRevision::NoStream => None,
                }));
            }
            Err(fault) if is_undone(&fault) && tries.again(&fault).await => {}
            Err(fault) => return Err(fault.of_append(url)),
        }
    };
    let revision = Revision(written.next_expected_version);
    let position = match place(written.position) {
        Position::START => read_back(connection, (stream, revision), last).await?,
        position => position,
    };
    connection.acknowledge(position);
    Ok(Appended { revision, position })
}

async fn once(
    connection: &Connection,
    (stream, options): (&StreamName, &AppendToStreamOptions),
    events: &[NewEvent],
) -> Result<eventstore::WriteResult, Fault> {
    let turn = connection.turn().await?;
    let proposed: Vec<EventData> = events.iter().map(proposed).collect();
    let append = turn
        .client
        .append_to_stream(stream.as_str(), options, proposed);
    // It is large, and every layer around it would have to hold it.
    turn.open(Box::pin(append)).await
}

/// Whether the append surely did not arrive.
fn is_undone(fault: &Fault) -> bool {
    matches!(fault.class(), Class::Dead | Class::NotLeader)
}

/// `None` for a revision that the server's numbers cannot reach.
fn version(expected: Expected) -> Option<ExpectedRevision> {
    match expected {
        Expected::NoStream => Some(ExpectedRevision::NoStream),
        Expected::Revision(Revision(revision)) => {
            i64::try_from(revision).ok()?;
            Some(ExpectedRevision::Exact(revision))
        }
    }
}

fn wrong(current: Option<Revision>) -> AppendError {
    AppendError::WrongExpectedRevision { current }
}

async fn newest(
    connection: &Connection,
    stream: &StreamName,
) -> Result<Option<Revision>, StoreError> {
    let newest = read::stream(connection, (stream, Revision(u64::MAX)), Page::backward(1)).await?;
    Ok(newest.first().map(|event| event.revision))
}

/// A success may carry no position, and one that repeats an old append need not have a good one. What
/// stands at its revision tells.
async fn read_back(
    connection: &Connection,
    (stream, revision): (&StreamName, Revision),
    id: Option<uuid::Uuid>,
) -> Result<Position, StoreError> {
    let unknown = |detail| StoreError::OutcomeUnknown {
        store: connection.url.to_string(),
        detail,
    };
    let read = read::stream(connection, (stream, revision), Page::forward(1)).await;
    let read = read
        .map_err(|error| unknown(format!("it was taken, but could not be read back: {error}")))?;
    match read.first() {
        Some(event) if Some(event.event_id) == id && event.revision == revision => {
            Ok(event.position)
        }
        _ => Err(unknown(format!(
            "it was taken, but is not at revision {revision} of {stream}"
        ))),
    }
}
