//! Bodies that cannot be taken. None of them writes anything.

use axum::body::Body;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::fixture::{Answer, Yard};

async fn post(yard: &Yard, body: impl Into<Body>) -> Answer {
    let call = yard.call("POST", "/v1/boards/7/articles").by("kim");
    let call = call.header("content-type", "application/json");
    call.body(body).send().await
}

#[tokio::test]
async fn what_is_no_json_object_is_malformed() {
    let yard = Yard::open().await;
    let deep = "[".repeat(100_000);
    let deep_field = format!(r#"{{"title":{}"#, "[".repeat(1_000));
    for body in [
        "",
        " ",
        "{",
        "}",
        "[]",
        "null",
        "1",
        "\"x\"",
        "nope",
        "{}{}",
        "{} x",
        "{\"a\":1,}",
        r#"{"title": "\ud800", "content": "x"}"#,
        r#"{"title": "\udc00\ud800", "content": "x"}"#,
        r#"{"title": "a", "title": "b", "content": "x"}"#,
        r#"{"title": 1e999, "content": "x"}"#,
        "{\"title\": \"a\u{0}b\", \"content\": \"x\"}",
        &deep,
        &deep_field,
    ] {
        let problem = post(&yard, body.to_owned()).await.problem();
        let start: String = body.chars().take(40).collect();
        assert_eq!(problem, "400 malformed-body", "{start}");
    }
}

#[tokio::test]
async fn invalid_utf_8_is_malformed() {
    let yard = Yard::open().await;
    let body = b"{\"title\": \"\xff\xfe\", \"content\": \"x\"}";
    assert_eq!(post(&yard, &body[..]).await.problem(), "400 malformed-body");
    let surrogate = b"{\"title\": \"\xed\xa0\x80\", \"content\": \"x\"}";
    assert_eq!(
        post(&yard, &surrogate[..]).await.problem(),
        "400 malformed-body"
    );
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    let yard = Yard::open().await;
    let body = json!({"title": "a\nb", "content": 7, "titel": "x"});
    let answer = post(&yard, body.to_string()).await;
    assert_eq!(answer.problem(), "422 invalid-fields");
    assert_snapshot!(answer.shown(), @r#"
    422
    {
      "detail": "the body has fields that break a rule; see errors",
      "errors": [
        {
          "detail": "must not contain control characters",
          "field": "title"
        },
        {
          "detail": "must be a string",
          "field": "content"
        },
        {
          "detail": "is not known here",
          "field": "titel"
        }
      ],
      "instance": "/v1/boards/7/articles",
      "status": 422,
      "title": "Invalid fields",
      "type": "/problems/invalid-fields"
    }
    "#);
}

#[tokio::test]
async fn texts_keep_their_rules() {
    let yard = Yard::open().await;
    let fine = || Value::from("x");
    let long = |n: usize| Value::from("ü".repeat(n));
    for (title, content) in [
        (Value::Null, fine()),
        (" \r\n ".into(), fine()),
        (long(301), fine()),
        ("a\tb".into(), fine()),
        ("a\u{7f}".into(), fine()),
        ("a\u{85}b".into(), fine()),
        (fine(), "".into()),
        (fine(), long(32_001)),
        (fine(), "a\u{0}".into()),
        (fine(), json!(["x"])),
        (fine(), json!({})),
        (true.into(), fine()),
    ] {
        let body = json!({"title": title, "content": content});
        let problem = post(&yard, body.to_string()).await.problem();
        assert_eq!(problem, "422 invalid-fields", "{}", &body.to_string()[..30]);
    }
}

#[tokio::test]
async fn the_longest_texts_are_taken() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let body = json!({"title": "😀".repeat(300), "content": "😀".repeat(32_000)});
    let call = yard.call("POST", &format!("/v1/boards/{board}/articles"));
    assert_eq!(call.by("kim").json(body).send().await.status, 201);
}

#[tokio::test]
async fn a_board_keeps_its_rules() {
    let yard = Yard::open().await;
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(101))),
        ("name", json!("a\nb")),
        ("name", Value::Null),
        ("description", json!("x".repeat(501))),
        ("description", json!(1)),
        ("max_comment_depth", json!(1)),
        ("max_comment_depth", json!(101)),
        ("max_comment_depth", json!(-2)),
        ("max_comment_depth", json!(2.5)),
        ("max_comment_depth", json!("9")),
        ("board_id", json!("7")),
    ] {
        let mut body = json!({"name": "Plaza"});
        body[field] = value;
        let answer = yard
            .call("POST", "/v1/boards")
            .admin()
            .json(body)
            .send()
            .await;
        assert_eq!(answer.problem(), "422 invalid-fields", "{field}");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn a_thousand_unknown_fields_make_a_short_answer() {
    let yard = Yard::open().await;
    let fields = (0..1_000).map(|n| (format!("{n}{}", "x".repeat(400)), Value::Null));
    let body = Value::Object(fields.collect());
    let answer = post(&yard, body.to_string()).await;
    assert_eq!(answer.problem(), "422 invalid-fields");
    assert!(answer.bytes.len() < 4_000);
}

#[tokio::test]
async fn only_json_is_read() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let path = format!("/v1/boards/{board}/articles");
    let body = json!({"title": "x", "content": "y"}).to_string();
    for (kind, taken) in [
        ("application/json", true),
        ("application/json; charset=utf-8", true),
        ("Application/JSON", true),
        ("application/merge-patch+json", true),
        ("text/json", false),
        ("application/jsonx", false),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
        ("", false),
        ("\u{fc}", false),
    ] {
        let call = yard
            .call("POST", &path)
            .by("kim")
            .header("content-type", kind);
        let answer = call.body(body.clone()).send().await;
        assert_eq!(answer.status, if taken { 201 } else { 415 }, "{kind}");
    }
    let bare = yard
        .call("POST", &path)
        .by("kim")
        .body(body)
        .problem()
        .await;
    assert_eq!(bare, "415 not-json");
}

#[tokio::test]
async fn large_bodies_are_refused_with_and_without_a_length() {
    let yard = Yard::open().await;
    let large = vec![b' '; 512 * 1024 + 1];
    let known = post(&yard, large.clone()).await;
    assert_eq!(known.problem(), "413 body-too-large");
    let frames = large
        .chunks(64 * 1024)
        .map(<[u8]>::to_vec)
        .collect::<Vec<_>>();
    let unknown = post(&yard, Body::new(super::limits::Frames::of(frames))).await;
    assert_eq!(unknown.problem(), "413 body-too-large");
}

#[tokio::test]
async fn nothing_is_written_for_a_bad_body() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let path = format!("/v1/boards/{board}/articles");
    let call = yard.call("POST", &path).by("kim");
    assert_eq!(call.json(json!({"title": "x"})).send().await.status, 422);
    let events = yard.call("GET", "/v1/audit/events").auditor().send().await;
    assert_eq!(events.json()["items"].as_array().unwrap().len(), 2);
}
