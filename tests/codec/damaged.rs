//! Events of ours that cannot be read: the error names the stream and the revision, so that
//! somebody can go and look.

use madang::event_store::RecordedEvent;
use madang::event_store::codec::{self, DecodeError, UPCASTERS};

use super::golden;

fn article() -> RecordedEvent {
    golden::recorded("ArticleCreated.v1.json")
}

#[track_caller]
fn assert_unreadable(event: &RecordedEvent, because: &str) {
    let DecodeError {
        stream,
        revision,
        reason,
    } = codec::decode(event, UPCASTERS).expect_err("it decodes");
    assert_eq!((stream.as_str(), revision), ("article-40", 3));
    assert!(reason.contains(because), "{reason}");
}

#[test]
fn the_message_names_stream_and_revision() {
    let mut event = article();
    event.data = "{".to_owned();
    let error = codec::decode(&event, UPCASTERS).unwrap_err().to_string();
    assert!(
        error.starts_with("event 3 of stream article-40: data: "),
        "{error}"
    );
}

#[test]
fn unknown_extra_fields_are_tolerated() {
    let mut event = article();
    let plain = codec::decode(&event, UPCASTERS);
    event.data = event.data.replacen('{', r#"{"mood":{"x":[1]},"#, 1);
    event.metadata = event.metadata.replacen('{', r#"{"$later":null,"#, 1);
    assert_eq!(codec::decode(&event, UPCASTERS), plain);
}

#[test]
fn broken_data_is_an_error() {
    for broken in ["", "{", "null", "[]", "\"x\"", "{}{}", "\u{0}"] {
        let mut event = article();
        event.data = broken.to_owned();
        assert_unreadable(&event, "data: ");
    }
}

#[test]
fn broken_metadata_is_an_error() {
    for broken in ["", "{}", "null", "{\"actor\":"] {
        let mut event = article();
        event.metadata = broken.to_owned();
        assert_unreadable(&event, "metadata: ");
    }
}

#[test]
fn a_missing_field_is_an_error_that_names_it() {
    for field in ["article_id", "board_id", "title", "content", "writer_name"] {
        let mut event = article();
        event.data = event.data.replace(field, "other");
        assert_unreadable(&event, field);
    }
}

#[test]
fn a_missing_field_of_the_metadata_is_an_error_that_names_it() {
    for field in [
        "$correlationId",
        "$causationId",
        "actor",
        "occurred_at",
        "schema_version",
    ] {
        let mut event = article();
        event.metadata = event.metadata.replace(field, "other");
        assert_unreadable(&event, field);
    }
}

#[test]
fn a_bad_id_is_an_error_that_names_its_field() {
    for id in [
        "\"0\"",
        "\"-1\"",
        "\"029360128\"",
        "\"9223372036854775808\"",
        "\"\"",
    ] {
        let mut event = article();
        event.data = event.data.replace("\"29360128\"", id);
        assert_unreadable(&event, "board_id is not an id");
    }
}

#[test]
fn an_id_as_a_number_is_an_error() {
    let mut event = article();
    event.data = event.data.replace("\"29360128\"", "29360128");
    assert_unreadable(&event, "data: ");
}

#[test]
fn a_bad_id_in_a_plan_is_an_error() {
    let mut event = golden::recorded("ImportPlanned.v1.json");
    event.data = event.data.replace("29360128", "1x");
    assert_unreadable(&event, "an id in ids is not an id");
}

#[test]
fn every_field_of_every_event_is_needed() {
    for (name, version) in codec::WIRE_NAMES {
        let whole = golden::recorded(&format!("{name}.v{version}.json"));
        let data: serde_json::Value = serde_json::from_str(&whole.data).unwrap();
        for field in data.as_object().unwrap().keys() {
            let mut event = whole.clone();
            let field = format!("\"{field}\":");
            event.data = event.data.replacen(&field, "\"other\":", 1);
            assert_unreadable(&event, field.trim_matches(['"', ':']));
        }
    }
}

#[test]
fn a_bad_id_among_a_comments_ancestors_is_an_error() {
    for id in ["\"0\"", "\"x\"", "\"\"", "\"-29360131\""] {
        let mut event = golden::recorded("CommentCreated.v1.json");
        event.data = event.data.replace("\"29360131\"", id);
        assert_unreadable(&event, "ancestors is not an id");
    }
}

#[test]
fn a_count_of_views_that_is_no_count_is_an_error() {
    for count in ["-1", "1.5", "18446744073709551616", "\"3\"", "null"] {
        let mut event = golden::recorded("ArticlesViewed.v1.json");
        event.data = event
            .data
            .replacen("\"count\":3", &format!("\"count\":{count}"), 1);
        assert_unreadable(&event, "data: ");
    }
}

#[test]
fn a_newer_schema_version_asks_for_an_upgrade() {
    let mut event = article();
    event.metadata = event
        .metadata
        .replace("\"schema_version\":1", "\"schema_version\":2");
    assert_unreadable(
        &event,
        "schema version 2, but this release knows only 1: upgrade",
    );
}

#[test]
fn a_schema_version_that_never_was_is_an_error() {
    let mut event = article();
    event.metadata = event
        .metadata
        .replace("\"schema_version\":1", "\"schema_version\":0");
    assert_unreadable(&event, "no upcaster from schema version 0");
}
