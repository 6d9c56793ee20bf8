//! Lifting old payloads, shown on versions that exist in this test only.

use madang::event_store::RecordedEvent;
use madang::event_store::codec::{self, Upcaster, lift};
use serde_json::{Value, json};

use super::golden;

const NAME: &str = "ArticleUpdated";

fn upcaster(from: u32, upcast: codec::Upcast) -> Upcaster {
    Upcaster {
        event_type: NAME,
        from,
        upcast,
    }
}

fn rename_subject(mut data: Value) -> Value {
    data["title"] = data["subject"].take();
    data
}

fn shout(mut data: Value) -> Value {
    data["title"] = json!(format!("{}!", data["title"].as_str().unwrap_or_default()));
    data
}

fn with_data(data: &Value) -> RecordedEvent {
    RecordedEvent {
        data: data.to_string(),
        ..golden::recorded("ArticleUpdated.v1.json")
    }
}

#[test]
fn a_chain_lifts_one_version_at_a_time_in_order() {
    let table = [upcaster(2, shout), upcaster(1, rename_subject)];
    let lifted = lift(&table, &with_data(&json!({"subject": "Hi"})), 1..3).unwrap();
    let lifted: Value = serde_json::from_str(&lifted).unwrap();
    assert_eq!(lifted["title"], "Hi!");
}

#[test]
fn a_chain_begins_at_the_payloads_own_version() {
    let table = [upcaster(1, rename_subject), upcaster(2, shout)];
    let lifted = lift(&table, &with_data(&json!({"title": "Hi"})), 2..3).unwrap();
    assert_eq!(lifted, r#"{"title":"Hi!"}"#);
}

#[test]
fn a_missing_step_fails_and_names_the_version() {
    let table = [upcaster(1, rename_subject), upcaster(3, shout)];
    let missing = lift(&table, &with_data(&json!({"subject": "Hi"})), 1..4);
    assert_eq!(missing.unwrap_err(), "no upcaster from schema version 2");
}

#[test]
fn another_events_upcaster_does_not_count() {
    let other = Upcaster {
        event_type: "BoardUpdated",
        ..upcaster(1, rename_subject)
    };
    assert!(lift(&[other], &with_data(&json!({})), 1..2).is_err());
}

#[test]
fn a_version_from_the_future_is_not_lifted() {
    let (theirs, ours) = (3, 2);
    let future = lift(&[], &with_data(&json!({})), theirs..ours);
    assert!(future.unwrap_err().ends_with("upgrade"));
}

#[test]
fn broken_json_is_not_lifted() {
    let mut event = with_data(&json!({}));
    event.data = "{".to_owned();
    let error = lift(&[upcaster(1, shout)], &event, 1..2).unwrap_err();
    assert!(error.starts_with("data: "), "{error}");
}

#[test]
fn decoding_lifts_by_the_table_that_it_is_given() {
    let mut event = golden::recorded("ArticleUpdated.v1.json");
    let today = codec::decode(&event, &[]).unwrap();
    event.data = event.data.replace("\"title\"", "\"subject\"");
    event.metadata = event
        .metadata
        .replace("\"schema_version\":1", "\"schema_version\":0");
    let lifted = codec::decode(&event, &[upcaster(0, rename_subject)]).unwrap();
    assert_eq!(lifted, today);
}
