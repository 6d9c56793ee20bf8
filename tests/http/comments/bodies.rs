//! Bodies of comments that cannot be taken, and the largest that can.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{commented, posted, write};

#[tokio::test]
async fn the_parent_is_absent_null_or_an_id() {
    let (yard, comments) = posted().await;
    let null = json!({"content": "x", "parent_id": null});
    let root = write(&yard, &comments, null).await;
    assert_eq!(
        (root.status, &root.json()["parent_id"]),
        (201, &Value::Null)
    );
    let bad = [
        json!(""),
        json!("0"),
        json!("07"),
        json!(" 7"),
        json!("x"),
        json!("9223372036854775808"),
        json!("root"),
        json!(7),
        json!(true),
        json!(["7"]),
        json!({}),
    ];
    for parent in bad {
        let body = json!({"content": "x", "parent_id": parent});
        let answer = write(&yard, &comments, body).await;
        assert_eq!(answer.problem(), "422 invalid-fields", "{parent}");
        assert_eq!(answer.json()["errors"][0]["field"], "parent_id");
    }
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    let (yard, _) = posted().await;
    let body = json!({"content": 7, "parent_id": 8, "title": "x"});
    let answer = write(&yard, "/v1/articles/7/comments", body).await;
    assert_snapshot!(answer.shown(), @r#"
    422
    {
      "detail": "the body has fields that break a rule; see errors",
      "errors": [
        {
          "detail": "must be a string",
          "field": "content"
        },
        {
          "detail": "must be a string or null",
          "field": "parent_id"
        },
        {
          "detail": "is not known here",
          "field": "title"
        }
      ],
      "instance": "/v1/articles/7/comments",
      "status": 422,
      "title": "Invalid fields",
      "type": "/problems/invalid-fields"
    }
    "#);
    let body = json!({"content": "x", "parent_id": "x"});
    let answer = write(&yard, "/v1/articles/7/comments", body).await;
    assert_snapshot!(answer.json()["errors"][0]["detail"].as_str().unwrap(), @"not an id: 1 to 19 digits without a leading zero, at most 2^63 - 1");
}

#[tokio::test]
async fn a_comment_keeps_the_rules_of_texts() {
    let (yard, made, path) = commented().await;
    let comments = format!("/v1/articles/{}/comments", made.id("article_id"));
    let long = |n: usize| Value::from("😀".repeat(n));
    for content in [
        Value::Null,
        json!(""),
        json!(" \r\n "),
        json!("a\u{0}"),
        json!("a\u{85}b"),
        json!(["x"]),
        long(32_001),
    ] {
        for (method, path) in [("POST", &comments), ("PUT", &path)] {
            let call = yard.call(method, path).by("kim");
            let answer = call.json(json!({ "content": content })).send().await;
            assert_eq!(answer.problem(), "422 invalid-fields", "{method}");
        }
    }
    let longest = write(&yard, &comments, json!({"content": long(32_000)})).await;
    assert_eq!(longest.status, 201);
}

#[tokio::test]
async fn an_edit_takes_the_content_and_nothing_else() {
    let (yard, made, path) = commented().await;
    let parent = json!({"content": "x", "parent_id": null});
    let call = yard.call("PUT", &path).by("kim").json(parent);
    assert_eq!(call.problem().await, "422 invalid-fields");
    let call = yard.call("PUT", &path).by("kim").json(json!({}));
    assert_eq!(call.problem().await, "422 invalid-fields");
    let same = yard.call("PUT", &path).by("kim");
    let same = same.json(json!({"content": "Me, too."})).send().await;
    assert_eq!(same.json(), made.json());
}

#[tokio::test]
async fn bodies_of_comments_are_bounded_json() {
    let (yard, made, path) = commented().await;
    let comments = format!("/v1/articles/{}/comments", made.id("article_id"));
    for (method, path) in [("POST", &comments), ("PUT", &path)] {
        let call = || yard.call(method, path).by("kim");
        let json = || call().header("content-type", "application/json");
        let large = vec![b' '; 512 * 1024 + 1];
        assert_eq!(json().body(large).problem().await, "413 body-too-large");
        assert_eq!(json().body("[]").problem().await, "400 malformed-body");
        assert_eq!(call().body("{}").problem().await, "415 not-json");
    }
}
