//! What a server may say in between, besides what it should.

use hyper::body::Bytes;
use madang::ambient::new_command_id;

use super::grpc::framed;
use super::wire::{Position, ReadEvent, ReadResp, Recorded, StreamId, StreamNotFound, Uuid};

/// A message of a kind that the client does not know.
pub(crate) fn unheard_of() -> Bytes {
    framed(&ReadResp {
        unheard_of: Some(()),
        ..ReadResp::default()
    })
}

/// A checkpoint.
pub(crate) fn checkpoint(position: u64) -> Bytes {
    framed(&ReadResp {
        checkpoint: Some(Position::at(position)),
        ..ReadResp::default()
    })
}

/// That all has been said.
pub(crate) fn caught_up() -> Bytes {
    framed(&ReadResp {
        caught_up: Some(()),
        ..ReadResp::default()
    })
}

/// That more is written than can be said.
pub(crate) fn fell_behind() -> Bytes {
    framed(&ReadResp {
        fell_behind: Some(()),
        ..ReadResp::default()
    })
}

/// That there is no such stream.
pub(crate) fn stream_not_found() -> Bytes {
    framed(&ReadResp {
        stream_not_found: Some(StreamNotFound { stream: None }),
        ..ReadResp::default()
    })
}

/// An event without an id and a stream.
pub(crate) fn event_without_fields(position: u64) -> Bytes {
    event(Some(recorded(position, None)), None)
}

/// An event that is neither there nor linked to.
pub(crate) fn nothing_of_an_event() -> Bytes {
    event(None, None)
}

/// A link that was resolved, to an event that is gone.
pub(crate) fn link_to_nowhere(position: u64) -> Bytes {
    event(None, Some(recorded(position, Some("$streams"))))
}

fn event(event: Option<Recorded>, link: Option<Recorded>) -> Bytes {
    framed(&ReadResp {
        event: Some(ReadEvent {
            event,
            link,
            ..ReadEvent::default()
        }),
        ..ReadResp::default()
    })
}

fn recorded(position: u64, stream: Option<&'static str>) -> Recorded {
    let link = ("type".to_owned(), "$>".to_owned());
    let name = |name: &'static str| StreamId {
        name: Bytes::from_static(name.as_bytes()),
    };
    Recorded {
        id: stream.map(|_| Uuid::from(new_command_id())),
        stream: stream.map(name),
        prepare: position,
        commit: position,
        metadata: [link].into(),
        ..Recorded::default()
    }
}
