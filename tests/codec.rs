//! The codec: what was once written reads for ever, and what is written now is spelled exactly so.

mod damaged;
mod golden;
mod upcast;

use madang::domain::{Event, Fact, Revision, Timestamp, UserId};
use madang::event_store::codec::{self, Decoded, Metadata, UPCASTERS};
use madang::event_store::{NewEvent, Position, RecordedEvent, StreamName};
use proptest::option;
use proptest::prelude::*;
use uuid::{Uuid, uuid};

use crate::domain::any;

const COMMAND: Uuid = uuid!("019350d7-7000-7000-8000-000000000001");

/// What the log gives back for an event that it was given.
fn recorded(event: NewEvent) -> RecordedEvent {
    RecordedEvent {
        position: Position::new(0, 1),
        stream: StreamName::recorded("article-40".to_owned()),
        revision: Revision(3),
        event_id: event.event_id,
        event_type: event.event_type.to_owned(),
        data: event.data,
        metadata: event.metadata,
        recorded_at: Timestamp(0),
    }
}

fn known(event: Event, actor: UserId, occurred_at: Timestamp) -> Decoded {
    Decoded::Known(Box::new(Fact {
        event,
        actor,
        occurred_at,
    }))
}

#[test]
fn event_ids_follow_from_the_command_and_the_place_in_its_append() {
    let first = uuid!("af1fae72-b64e-5c8c-8052-458314a5cf95");
    assert_eq!(codec::event_id(COMMAND, 0), first);
    assert_eq!(first.get_version_num(), 5);
    assert_ne!(codec::event_id(COMMAND, 1), first);
    assert_eq!(codec::event_id(COMMAND, 10), Uuid::new_v5(&COMMAND, b"10"));
}

#[test]
fn an_event_never_heard_of_is_unknown_whatever_it_holds() {
    let mut event = golden::recorded("ArticleCreated.v1.json");
    event.event_type = "ArticlePraised".to_owned();
    event.data = "not even JSON".to_owned();
    event.metadata = String::new();
    assert_eq!(codec::decode(&event, UPCASTERS), Ok(Decoded::Unknown));
}

#[test]
fn wire_names_are_compared_bytewise() {
    let mut event = golden::recorded("ArticleCreated.v1.json");
    event.event_type = "articlecreated".to_owned();
    assert_eq!(codec::decode(&event, UPCASTERS), Ok(Decoded::Unknown));
}

fn any_metadata() -> impl Strategy<Value = Metadata> {
    let ids = (any::uuid(), any::uuid());
    let rest = (option::of("[0-9a-f]{32}"), option::of("[a-z\"가]{1,8}"));
    (ids, any::actor(), proptest::arbitrary::any::<i64>(), rest).prop_map(
        |((correlation_id, causation_id), actor, at, (trace_id, import))| Metadata {
            correlation_id,
            causation_id,
            actor,
            occurred_at: Timestamp(at),
            trace_id,
            import,
        },
    )
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_as_itself(event in any::event(), metadata in any_metadata()) {
        let encoded = codec::encode(event.clone(), COMMAND, &metadata);
        let decoded = codec::decode(&recorded(encoded), UPCASTERS);
        prop_assert_eq!(decoded, Ok(known(event, metadata.actor, metadata.occurred_at)));
    }

    /// Damaged, it may still read as something, but never as an event of somebody else's.
    #[test]
    fn a_damaged_payload_is_read_or_refused_and_never_skipped(
        which in 0..codec::WIRE_NAMES.len(),
        (from, length) in (0..200_usize, 0..20_usize),
        instead in "[{}\\[\\]\",:0-9a-z_\\\\가]{0,6}",
    ) {
        let mut event = golden::recorded(&format!("{}.v1.json", codec::WIRE_NAMES[which].0));
        let mut data: Vec<char> = event.data.chars().collect();
        let from = from.min(data.len());
        let to = (from + length).min(data.len());
        data.splice(from..to, instead.chars());
        event.data = data.into_iter().collect();
        prop_assert_ne!(codec::decode(&event, UPCASTERS), Ok(Decoded::Unknown));
    }

    #[test]
    fn no_text_makes_the_decoder_panic(
        which in 0..codec::WIRE_NAMES.len(),
        data in "[{}\\[\\]\",:0-9a-z_]{0,40}",
        metadata in "[{}\",:0-9a-z_$]{0,40}",
    ) {
        let mut event = golden::recorded("LogCreated.v1.json");
        event.event_type = codec::WIRE_NAMES[which].0.to_owned();
        event.data = data;
        prop_assert!(codec::decode(&event, UPCASTERS).is_err());
        event.metadata = metadata;
        prop_assert!(codec::decode(&event, UPCASTERS).is_err());
    }
}
