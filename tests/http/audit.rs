//! The audit over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use insta::assert_json_snapshot;
use madang::ambient::Clock;
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{Position, StoreError};
use serde_json::{Value, json};

use super::fixture::{Plan, Yard, redacted};
use crate::import::log::everything;
use crate::wayward::{Wayward, Whim};

async fn yard_with(articles: usize) -> (Yard, String) {
    filled(Yard::open().await, articles).await
}

/// On files: they record the time that the test's clock shows.
async fn timed_yard_with(articles: usize) -> (Yard, String) {
    filled(Yard::embedded().await, articles).await
}

async fn filled(yard: Yard, articles: usize) -> (Yard, String) {
    let board = yard.board().await;
    for n in 0..articles {
        yard.advance(1000);
        yard.post(&board, &format!("No. {n}")).await;
    }
    (yard, board)
}

async fn events(yard: &Yard, query: &str) -> Value {
    let answer = yard
        .call("GET", &format!("/v1/audit/{query}"))
        .auditor()
        .send()
        .await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.shown());
    answer.json()
}

/// Where the events of the log stand, in order.
async fn positions(yard: &Yard) -> Vec<String> {
    let log = everything(&**yard.store()).await;
    log.iter().map(|event| event.position.to_string()).collect()
}

/// The events of a list, by their numbers in the log: 1 is the log's own.
async fn walked(yard: &Yard, query: &str) -> Vec<u64> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    let positions = positions(yard).await;
    loop {
        let page = events(yard, &format!("{query}&size=2&cursor={cursor}")).await;
        let items = page["items"].as_array().unwrap().iter();
        let number = |item: &Value| positions.iter().position(|at| item["position"] == **at);
        seen.extend(items.map(|item| number(item).unwrap() as u64 + 1));
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn an_event_is_shown_as_it_was_recorded() {
    let (yard, board) = timed_yard_with(0).await;
    let mut list = events(&yard, &format!("streams/board-{board}")).await;
    let item = &mut list["items"][0];
    for id in ["$correlationId", "$causationId"] {
        assert!(item["metadata"][id].is_string());
        item["metadata"][id] = json!("[uuid]");
    }
    item["event_id"] = json!("[uuid]");
    let shown: Value = serde_json::from_str(&redacted(&list.to_string())).unwrap();
    assert_json_snapshot!(shown, @r#"
    {
      "items": [
        {
          "data": {
            "board_id": "[id]",
            "description": "",
            "max_comment_depth": 100,
            "name": "Plaza"
          },
          "event_id": "[uuid]",
          "metadata": {
            "$causationId": "[uuid]",
            "$correlationId": "[uuid]",
            "actor": "root",
            "occurred_at": 1795077000000,
            "schema_version": 1
          },
          "position": "[position]",
          "recorded_at": "2026-11-19T08:30:00.000Z",
          "revision": 0,
          "stream": "board-[id]",
          "type": "BoardCreated"
        }
      ],
      "next_cursor": null
    }
    "#);
}

#[tokio::test]
async fn the_whole_log_is_walked_both_ways() {
    let (yard, _) = yard_with(3).await;
    assert_eq!(walked(&yard, "events?x").await, [1, 2, 3, 4, 5]);
    assert_eq!(
        walked(&yard, "events?direction=backward").await,
        [5, 4, 3, 2, 1]
    );
    assert_eq!(
        walked(&yard, "events?direction=forward").await,
        [1, 2, 3, 4, 5]
    );
}

#[tokio::test]
async fn a_stream_is_walked_both_ways() {
    let (yard, board) = yard_with(0).await;
    let path = format!("/v1/boards/{board}");
    for name in ["a", "b", "c"] {
        yard.call("PUT", &path)
            .admin()
            .json(json!({"name": name}))
            .send()
            .await;
    }
    let stream = format!("streams/board-{board}?x");
    assert_eq!(walked(&yard, &stream).await, [2, 3, 4, 5]);
    let stream = format!("streams/board-{board}?direction=backward");
    assert_eq!(walked(&yard, &stream).await, [5, 4, 3, 2]);
}

#[tokio::test]
async fn filters_pick_types_and_actors() {
    let (yard, _) = yard_with(3).await;
    assert_eq!(walked(&yard, "events?type=ArticleCreated").await, [3, 4, 5]);
    assert_eq!(walked(&yard, "events?actor=root").await, [2]);
    assert_eq!(
        walked(&yard, "events?actor=kim&direction=backward").await,
        [5, 4, 3]
    );
    assert_eq!(
        walked(&yard, "events?actor=kim&type=BoardCreated").await,
        [0_u64; 0]
    );
    assert_eq!(walked(&yard, "events?type=&actor=").await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn ranges_include_both_ends_in_both_directions() {
    let (yard, board) = yard_with(3).await;
    let at = positions(&yard).await;
    let places = format!("from={}&to={}", at[1], at[3]);
    assert_eq!(walked(&yard, &format!("events?{places}")).await, [2, 3, 4]);
    assert_eq!(
        walked(&yard, &format!("events?{places}&direction=backward")).await,
        [4, 3, 2]
    );
    let stream = format!("streams/board-{board}?{places}");
    assert_eq!(walked(&yard, &stream).await, [2]);
}

#[tokio::test]
async fn ranges_of_time_include_both_ends_in_both_directions() {
    let (yard, _) = timed_yard_with(3).await;
    let times = "from=2026-11-19T08:30:01Z&to=2026-11-19T17:30:02%2B09:00";
    assert_eq!(walked(&yard, &format!("events?{times}")).await, [3, 4]);
    assert_eq!(
        walked(&yard, &format!("events?{times}&direction=backward")).await,
        [4, 3]
    );
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let (yard, board) = yard_with(1).await;
    for (query, problem) in [
        ("page=1", "no-pages"),
        ("size=0", "malformed-parameter"),
        ("direction=up", "malformed-parameter"),
        ("from=yesterday", "malformed-parameter"),
        ("to=2026-13-01T00:00:00Z", "malformed-parameter"),
        ("type=%ff", "malformed-parameter"),
        ("type=a&type=b", "repeated-parameter"),
        ("cursor=x", "malformed-cursor"),
    ] {
        for path in ["events".to_owned(), format!("streams/board-{board}")] {
            let call = yard.call("GET", &format!("/v1/audit/{path}?{query}"));
            assert_eq!(
                call.auditor().problem().await,
                format!("400 {problem}"),
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn a_cursor_knows_its_filters() {
    let (yard, _) = yard_with(3).await;
    let page = events(&yard, "events?size=1&actor=kim").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let call = yard.call(
        "GET",
        &format!("/v1/audit/events?actor=root&cursor={cursor}"),
    );
    assert_eq!(call.auditor().problem().await, "400 foreign-cursor");
}

#[tokio::test]
async fn unknown_and_malformed_streams_are_told_apart() {
    let (yard, _) = yard_with(0).await;
    let long = "x".repeat(513);
    for (stream, problem) in [
        ("nobody", "404 stream-not-found"),
        ("a%2Fb", "404 stream-not-found"),
        ("%ff", "400 malformed-stream"),
        ("a%0Ab", "400 malformed-stream"),
        (long.as_str(), "400 malformed-stream"),
    ] {
        let call = yard.call("GET", &format!("/v1/audit/streams/{stream}"));
        assert_eq!(call.auditor().problem().await, problem, "{stream}");
    }
}

#[tokio::test]
async fn ends_beyond_the_log_are_ends() {
    let (yard, board) = yard_with(0).await;
    let last = "f".repeat(32);
    for (query, seen) in [
        (format!("from={last}"), vec![]),
        (format!("to={last}"), vec![1, 2]),
        (format!("to={last}&direction=backward"), vec![2, 1]),
        ("from=9999-12-30T00:00:00Z".to_owned(), vec![]),
        (
            "to=-009999-01-03T00:00:00Z&direction=backward".to_owned(),
            vec![],
        ),
        (
            "to=9999-12-30T00:00:00Z&direction=backward".to_owned(),
            vec![2, 1],
        ),
    ] {
        assert_eq!(
            walked(&yard, &format!("events?{query}")).await,
            seen,
            "{query}"
        );
        let stream = format!("streams/board-{board}?{query}");
        let of_stream: Vec<_> = seen.into_iter().filter(|n| *n == 2).collect();
        assert_eq!(walked(&yard, &stream).await, of_stream, "{query}");
    }
}

/// A log in which not every number is a position.
struct Sparse;

#[async_trait]
impl Whim for Sparse {
    async fn reading(&self) -> Result<(), StoreError> {
        let position = Position::new(7, 7);
        Err(StoreError::NoSuchPosition { position })
    }
}

#[tokio::test]
async fn a_position_that_is_none_of_this_log_is_the_callers_mistake() {
    let directory = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(&directory.path().join("log.db"), Clock::system()).await;
    let plan = Plan {
        log: Some(Wayward::over(Arc::new(log.unwrap()), Sparse)),
        ..Plan::default()
    };
    let yard = Yard::planned(plan).await;
    let from = Position::new(7, 7);
    let call = yard.call("GET", &format!("/v1/audit/events?from={from}"));
    assert_eq!(call.auditor().problem().await, "400 no-such-position");
}
