//! Streams that hold what nobody can decide on.

use madang::ambient::new_command_id;
use madang::command::CommandError;
use madang::domain::Revision;
use madang::event_store::{EventStore as _, Expected, NewEvent, StoreError, StreamName};

use super::{Square, by, draft, settings};

const METADATA: &str = r#"{"$correlationId":"019a9e7d-7c00-7000-8000-000000000001",
    "$causationId":"019a9e7d-7c00-7000-8000-000000000001",
    "actor":"kim","occurred_at":1800000000000,"schema_version":1}"#;

/// What a command met.
fn corrupt<A: std::fmt::Debug, R: std::fmt::Debug>(
    outcome: Result<A, CommandError<R>>,
) -> (String, String) {
    match outcome.unwrap_err() {
        CommandError::Store(StoreError::Corrupt { place, detail, .. }) => (place, detail),
        other => panic!("{other:?}"),
    }
}

async fn append(square: &Square, stream: &StreamName, event: (&'static str, &str, &str)) {
    let (event_type, data, metadata) = event;
    let event = NewEvent {
        event_id: new_command_id(),
        event_type,
        data: data.to_owned(),
        metadata: metadata.to_owned(),
    };
    let expected = Expected::Revision(Revision(0));
    square
        .yard
        .log
        .append(stream, expected, vec![event])
        .await
        .unwrap();
}

#[tokio::test]
async fn nothing_is_decided_on_a_stream_that_cannot_be_read() {
    let deleted = r#"{"article_id":"1","board_id":"2","created_at":0}"#;
    let unreadable = [
        ("ArticleUpdated", "{", METADATA, "data"),
        ("ArticleUpdated", r#"{"title":"x"}"#, METADATA, "data"),
        ("ArticleDeleted", deleted, "{}", "metadata"),
        ("ArticleDeleted", deleted, "", "metadata"),
        ("ArticlePainted", "{}", METADATA, "ArticlePainted"),
        (
            "BoardClosed",
            r#"{"board_id":"2"}"#,
            METADATA,
            "BoardClosed",
        ),
    ];
    for (event_type, data, metadata, what) in unreadable {
        let square = Square::open().await;
        let stream = StreamName::article(square.article);
        append(&square, &stream, (event_type, data, metadata)).await;
        let (place, detail) = corrupt(square.retitle(&square.commands, "Mine").await);
        assert_eq!(place, format!("stream {stream} revision 1"));
        assert!(detail.contains(what), "{event_type}: {detail}");
        assert_eq!(square.head().await, 3, "{event_type}");
    }
}

#[tokio::test]
async fn nothing_is_posted_on_a_board_that_cannot_be_read() {
    let square = Square::open().await;
    let stream = StreamName::board(square.board);
    append(&square, &stream, ("BoardPainted", "{}", METADATA)).await;
    let commands = &square.commands;
    let posted = commands
        .create_article(&by("kim"), draft(square.board))
        .await;
    let place = format!("stream {stream} revision 1");
    assert_eq!(corrupt(posted).0, place);
    let closed = commands.close_board(&by("root"), square.board).await;
    assert_eq!(corrupt(closed).0, place);
    let again = commands
        .create_board_as(&by("root"), square.board, settings("Plaza"))
        .await;
    assert_eq!(corrupt(again).0, place);
    assert_eq!(square.head().await, 3);
}
