//! What becomes of the records of others, and of events of our own.

use std::collections::HashMap;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use eventstore::{RecordedEvent, ResolvedEvent};
use uuid::Uuid;

use super::{in_stream, place, proposed, record};
use crate::domain::Timestamp;
use crate::event_store::{NewEvent, Position};

fn event(event_type: &str, stream: &str) -> RecordedEvent {
    RecordedEvent {
        stream_id: stream.to_owned(),
        id: Uuid::nil(),
        revision: 3,
        event_type: event_type.to_owned(),
        data: Bytes::from_static(b"{}"),
        metadata: HashMap::from([("created".to_owned(), "17000000001234567".to_owned())]),
        custom_metadata: Bytes::from_static(b"{}"),
        is_json: true,
        position: eventstore::Position {
            commit: 7,
            prepare: 6,
        },
        created: UNIX_EPOCH.into(),
    }
}

fn plain(event: RecordedEvent) -> ResolvedEvent {
    ResolvedEvent {
        event: Some(event),
        link: None,
        commit_position: None,
    }
}

#[test]
fn times_are_exact_to_the_millisecond() {
    let (_, found) = record(plain(event("Happened", "board-1"))).unwrap();
    assert_eq!(found.unwrap().recorded_at, Timestamp(1_700_000_000_123));
}

#[test]
fn a_time_that_cannot_be_read_is_the_client_s() {
    for broken in ["", "soon", "-", "99999999999999999999"] {
        let mut odd = event("Happened", "board-1");
        odd.metadata.insert("created".to_owned(), broken.to_owned());
        let (_, found) = record(plain(odd)).unwrap();
        assert_eq!(found.unwrap().recorded_at, Timestamp(0));
    }
}

#[test]
fn what_is_the_server_s_own_has_a_place_and_no_event() {
    let stands = Position::new(7, 6);
    for (event_type, stream) in [
        ("$metadata", "board-1"),
        ("Happened", "$$board-1"),
        ("$>", "$ce-board"),
    ] {
        let found = record(plain(event(event_type, stream)));
        assert_eq!(found, Some((stands, None)));
    }
}

#[test]
fn a_link_stands_where_it_stands_whatever_it_leads_to() {
    for target in [None, Some(event("Happened", "board-1"))] {
        let mut link = event("$>", "$ce-board");
        link.position.commit = 9;
        let resolved = ResolvedEvent {
            event: target,
            link: Some(link),
            commit_position: None,
        };
        assert_eq!(record(resolved), Some((Position::new(9, 6), None)));
    }
}

#[test]
fn in_a_stream_everything_is_an_event() {
    for (event_type, stream) in [("$own", "board-1"), ("$>", "$ce-board")] {
        let found = in_stream(plain(event(event_type, stream))).unwrap();
        assert_eq!(found.event_type, event_type);
        assert_eq!(found.position, Position::new(7, 6));
    }
}

#[test]
fn neither_event_nor_link_is_nothing() {
    let nothing = ResolvedEvent {
        event: None,
        link: None,
        commit_position: Some(7),
    };
    assert_eq!(record(nothing), None);
}

#[test]
fn bytes_that_are_no_text_are_shown_as_far_as_they_are() {
    let mut odd = event("Happened", "board-1");
    odd.data = Bytes::from_static(b"{\xff}");
    odd.custom_metadata = Bytes::new();
    let (_, found) = record(plain(odd)).unwrap();
    let found = found.unwrap();
    assert_eq!(
        (found.data.as_str(), found.metadata.as_str()),
        ("{\u{fffd}}", "")
    );
}

#[test]
fn positions_go_there_and_back() {
    let stands = Position::new(u64::MAX - 1, 5);
    assert_eq!(place(super::position(stands)), stands);
}

#[test]
fn data_is_sent_as_it_is_and_marked_as_json_if_it_is() {
    for (data, kind) in [
        (r#"{"a": 1.0, "a":2}"#, "application/json"),
        (r#" {"a":1}"#, "application/octet-stream"),
        ("{", "application/octet-stream"),
    ] {
        let sent = proposed(&NewEvent {
            event_id: Uuid::nil(),
            event_type: "Happened",
            data: data.to_owned(),
            metadata: "{}".to_owned(),
        });
        let shown = format!("{sent:?}");
        let bytes = format!("{:?}", Bytes::from(data));
        assert!(shown.contains(&bytes) && shown.contains(kind), "{shown}");
    }
}
