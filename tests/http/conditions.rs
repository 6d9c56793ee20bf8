//! `If-Match`, `If-None-Match` and `Madang-Wait-For`.

use serde_json::json;

use super::fixture::{Answer, Yard};

async fn posted() -> (Yard, Answer, String) {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let made = yard.post(&board, "First").await;
    let path = made.header("location").unwrap().to_owned();
    (yard, made, path)
}

#[tokio::test]
async fn a_change_is_made_at_the_revision_that_was_seen() {
    let (yard, _, path) = posted().await;
    let seen = [
        "\"0-deadbeef\"",
        "\"1\"",
        "2",
        "*",
        "W/\"4-00000000\"",
        "\"9\", \"5-0\"",
        "7,6",
    ];
    for (n, seen) in seen.into_iter().enumerate() {
        let body = json!({"title": format!("Title {n}"), "content": "x"});
        let call = yard.call("PUT", &path).by("kim").header("if-match", seen);
        let answer = call.json(body).send().await;
        assert_eq!(
            (answer.status, answer.json()["revision"].as_u64()),
            (200, Some(n as u64 + 1))
        );
    }
}

#[tokio::test]
async fn a_stale_change_is_refused() {
    let (yard, _, path) = posted().await;
    let body = json!({"title": "x", "content": "y"});
    let call = yard
        .call("PUT", &path)
        .by("kim")
        .header("if-match", "\"3-deadbeef\"");
    assert_eq!(call.json(body).problem().await, "412 stale-revision");
    let call = yard
        .call("DELETE", &path)
        .by("kim")
        .header("if-match", "1, 2");
    assert_eq!(call.problem().await, "412 stale-revision");
    let board = yard.board().await;
    let call = yard.call("PUT", &format!("/v1/boards/{board}")).admin();
    let call = call.header("if-match", "4").json(json!({"name": "x"}));
    assert_eq!(call.problem().await, "412 stale-revision");
}

#[tokio::test]
async fn an_owner_is_asked_for_before_the_revision() {
    let (yard, _, path) = posted().await;
    let call = yard.call("DELETE", &path).by("lee").header("if-match", "9");
    assert_eq!(call.problem().await, "403 not-the-writer");
    let call = yard
        .call("DELETE", "/v1/articles/7")
        .by("lee")
        .header("if-match", "9");
    assert_eq!(call.problem().await, "404 article-not-found");
}

#[tokio::test]
async fn a_malformed_condition_is_refused() {
    let (yard, _, path) = posted().await;
    for text in [
        "",
        "x",
        "\"\"",
        "\"-1\"",
        "-1",
        "+1",
        "\"1",
        "1,",
        "99999999999999999999",
        "\u{fc}",
    ] {
        let call = yard
            .call("DELETE", &path)
            .by("kim")
            .header("if-match", text);
        assert_eq!(call.problem().await, "400 malformed-header", "{text}");
    }
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again() {
    let (yard, made, path) = posted().await;
    let tag = made.header("etag").unwrap();
    for held in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let call = yard
            .call("GET", &path)
            .after(&made)
            .header("if-none-match", &held);
        let answer = call.send().await;
        assert_eq!((answer.status, answer.bytes.len()), (304, 0));
        assert_eq!(answer.header("etag"), Some(tag));
    }
    for other in ["\"0-00000000\"", "0", "garbage"] {
        let call = yard
            .call("GET", &path)
            .after(&made)
            .header("if-none-match", other);
        assert_eq!(call.send().await.status, 200);
    }
}

#[tokio::test]
async fn a_malformed_position_is_refused_by_every_read() {
    let (yard, made, path) = posted().await;
    let board = format!("/v1/boards/{}", made.id("board_id"));
    let list = format!("{board}/articles");
    let upper = "A".repeat(32);
    for path in [
        &path,
        &board,
        &list,
        "/v1/boards",
        "/v1/articles/1/comments",
        "/v1/articles/1/like",
        "/v1/comments/1",
        "/v1/popular",
        "/v1/popular/days",
        "/v1/projections",
        "/v1/audit/events",
    ] {
        for text in ["x", "1", &upper, "\u{fc}"] {
            let call = yard.call("GET", path).header("madang-wait-for", text);
            let call = if path.contains("audit") {
                call.auditor()
            } else {
                call.admin()
            };
            assert_eq!(
                call.problem().await,
                "400 malformed-header",
                "{path} {text}"
            );
        }
    }
}

#[tokio::test]
async fn waiting_for_the_beginning_is_not_waiting() {
    let yard = Yard::open().await;
    let answer = yard
        .call("GET", "/v1/boards")
        .header("madang-wait-for", "")
        .send()
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn every_read_of_views_waits() {
    let yard = Yard::open().await;
    // Five seconds pass as soon as everybody waits.
    tokio::time::pause();
    for path in [
        "/v1/boards",
        "/v1/boards/1",
        "/v1/boards/1/articles",
        "/v1/articles/1",
        "/v1/articles/1/comments",
        "/v1/articles/1/comments?parent=root",
        "/v1/articles/1/like",
        "/v1/comments/1",
        "/v1/popular",
        "/v1/popular/days",
        "/v1/projections",
    ] {
        let call = yard.call("GET", path).admin();
        let call = call.header("madang-wait-for", &"f".repeat(32));
        assert_eq!(call.problem().await, "503 views-behind", "{path}");
    }
}
