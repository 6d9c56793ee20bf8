//! Boards.

use insta::assert_snapshot;
use serde_json::json;

use super::fixture::Yard;

#[tokio::test]
async fn an_admin_opens_a_board() {
    let yard = Yard::open().await;
    let call = yard.call("POST", "/v1/boards").admin();
    let made = call
        .json(json!({"name": " Plaza ", "description": null}))
        .send()
        .await;
    assert_snapshot!(made.shown(), @r#"
    201
    location: /v1/boards/[id]
    etag: "0-[hash]"
    madang-position: [position]
    {
      "article_count": 0,
      "board_id": "[id]",
      "closed": false,
      "created_at": "2026-11-19T08:30:00.000Z",
      "description": "",
      "max_comment_depth": 100,
      "name": "Plaza",
      "revision": 0
    }
    "#);
}

#[tokio::test]
async fn a_board_is_read_where_the_answer_said() {
    let yard = Yard::open().await;
    let body = json!({"name": "Plaza", "description": "Talk\r\nhere", "max_comment_depth": 2});
    let made = yard
        .call("POST", "/v1/boards")
        .admin()
        .json(body)
        .send()
        .await;
    let path = made.header("location").unwrap();
    let read = yard.call("GET", path).after(&made).send().await;
    assert_eq!(read.json(), made.json());
    assert_eq!(read.header("etag"), made.header("etag"));
    assert_eq!(read.json()["description"], "Talk\nhere");
}

#[tokio::test]
async fn a_replaced_board_has_defaults_where_nothing_is_said() {
    let yard = Yard::open().await;
    let path = format!("/v1/boards/{}", yard.board().await);
    let full = json!({"name": "Yard", "description": "x", "max_comment_depth": 9});
    yard.call("PUT", &path).admin().json(full).send().await;
    let replaced = yard
        .call("PUT", &path)
        .admin()
        .json(json!({"name": "Yard"}))
        .send()
        .await;
    assert_snapshot!(replaced.shown(), @r#"
    200
    etag: "2-[hash]"
    madang-position: [position]
    {
      "article_count": 0,
      "board_id": "[id]",
      "closed": false,
      "created_at": "2026-11-19T08:30:00.000Z",
      "description": "",
      "max_comment_depth": 100,
      "name": "Yard",
      "revision": 2
    }
    "#);
}

#[tokio::test]
async fn a_change_that_changes_nothing_keeps_revision_and_position() {
    let yard = Yard::open().await;
    let path = format!("/v1/boards/{}", yard.board().await);
    let body = json!({"name": "Yard"});
    let first = yard
        .call("PUT", &path)
        .admin()
        .json(body.clone())
        .send()
        .await;
    let second = yard.call("PUT", &path).admin().json(body).send().await;
    assert_eq!(first.shown(), second.shown());
    assert_eq!(
        first.headers["madang-position"],
        second.headers["madang-position"]
    );
    assert_eq!(second.json()["revision"], 1);
}

#[tokio::test]
async fn closing_twice_is_closing_once() {
    let yard = Yard::open().await;
    let path = format!("/v1/boards/{}/close", yard.board().await);
    let first = yard.call("POST", &path).admin().send().await;
    let second = yard.call("POST", &path).admin().send().await;
    assert_eq!((first.status, first.shown()), (200, second.shown()));
    assert_eq!(second.json()["closed"], true);
}

#[tokio::test]
async fn the_answer_to_a_change_counts_the_articles() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let posted = yard.post(&board, "One").await;
    let path = format!("/v1/boards/{board}");
    let read = yard.call("GET", &path).after(&posted).send().await;
    assert_eq!(read.json()["article_count"], 1);
    let changed = yard
        .call("PUT", &path)
        .admin()
        .json(json!({"name": "Yard"}))
        .send()
        .await;
    assert_eq!(changed.json()["article_count"], 1);
}

#[tokio::test]
async fn boards_are_listed_oldest_first() {
    let yard = Yard::open().await;
    yard.board().await;
    let call = yard.call("POST", "/v1/boards").admin();
    let last = call.json(json!({"name": "Newer"})).send().await;
    let listed = yard.call("GET", "/v1/boards").after(&last).send().await;
    assert_snapshot!(listed.shown(), @r#"
    200
    {
      "items": [
        {
          "article_count": 0,
          "board_id": "[id]",
          "closed": false,
          "created_at": "2026-11-19T08:30:00.000Z",
          "description": "",
          "max_comment_depth": 100,
          "name": "Plaza",
          "revision": 0
        },
        {
          "article_count": 0,
          "board_id": "[id]",
          "closed": false,
          "created_at": "2026-11-19T08:30:00.000Z",
          "description": "",
          "max_comment_depth": 100,
          "name": "Newer",
          "revision": 0
        }
      ],
      "next_cursor": null
    }
    "#);
}

#[tokio::test]
async fn boards_that_never_were_are_not_found() {
    let yard = Yard::open().await;
    let body = json!({"name": "Yard"});
    for (method, path) in [("GET", "/v1/boards/7"), ("GET", "/v1/boards/7/articles")] {
        let problem = yard.call(method, path).problem().await;
        assert_eq!(problem, "404 board-not-found", "{method} {path}");
    }
    for (method, path) in [("PUT", "/v1/boards/7"), ("POST", "/v1/boards/7/close")] {
        let problem = yard
            .call(method, path)
            .admin()
            .json(body.clone())
            .problem()
            .await;
        assert_eq!(problem, "404 board-not-found", "{method} {path}");
    }
}
