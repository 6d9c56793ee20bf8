//! Articles.

use insta::assert_snapshot;
use madang::http::Role;
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
async fn a_user_posts_an_article() {
    let (_, made, _) = posted().await;
    assert_snapshot!(made.shown(), @r#"
    201
    location: /v1/articles/[id]
    etag: "0-[hash]"
    madang-position: [position]
    {
      "article_id": "[id]",
      "board_id": "[id]",
      "comment_count": 0,
      "content": "Hello",
      "created_at": "2026-11-19T08:30:00.000Z",
      "like_count": 0,
      "modified_at": null,
      "revision": 0,
      "title": "First",
      "view_count": 0,
      "writer": {
        "id": "kim",
        "name": "kim"
      }
    }
    "#);
}

#[tokio::test]
async fn an_article_is_read_where_the_answer_said() {
    let (yard, made, path) = posted().await;
    let read = yard.call("GET", &path).after(&made).send().await;
    assert_eq!(read.json(), made.json());
    assert_eq!(read.header("etag"), made.header("etag"));
    assert_eq!(read.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_head_is_a_get_without_the_body() {
    let (yard, made, path) = posted().await;
    let head = yard.call("HEAD", &path).after(&made).send().await;
    let length = made.bytes.len().to_string();
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    let lost = yard.call("HEAD", "/v1/articles/7").send().await;
    assert_eq!((lost.status, lost.bytes.len()), (404, 0));
}

#[tokio::test]
async fn its_writer_edits_an_article() {
    let (yard, _, path) = posted().await;
    yard.advance(60_000);
    let body = json!({"title": "First", "content": "Edited"});
    let edited = yard.call("PUT", &path).by("kim").json(body).send().await;
    assert_snapshot!(edited.shown(), @r#"
    200
    etag: "1-[hash]"
    madang-position: [position]
    {
      "article_id": "[id]",
      "board_id": "[id]",
      "comment_count": 0,
      "content": "Edited",
      "created_at": "2026-11-19T08:30:00.000Z",
      "like_count": 0,
      "modified_at": "2026-11-19T08:31:00.000Z",
      "revision": 1,
      "title": "First",
      "view_count": 0,
      "writer": {
        "id": "kim",
        "name": "kim"
      }
    }
    "#);
}

#[tokio::test]
async fn its_writer_deletes_an_article_for_good() {
    let (yard, _, path) = posted().await;
    let deleted = yard.call("DELETE", &path).by("kim").send().await;
    assert_eq!((deleted.status, deleted.bytes.len()), (204, 0));
    let read = yard.call("GET", &path).after(&deleted).problem().await;
    assert_eq!(read, "410 article-deleted");
    let body = json!({"title": "x", "content": "y"});
    let edit = yard.call("PUT", &path).by("kim").json(body).send().await;
    assert_eq!(edit.problem(), "410 article-deleted");
    assert_eq!(
        edit.headers["madang-position"],
        deleted.headers["madang-position"]
    );
    let again = yard.call("DELETE", &path).by("kim").problem().await;
    assert_eq!(again, "410 article-deleted");
}

#[tokio::test]
async fn others_do_not_touch_an_article() {
    let (yard, _, path) = posted().await;
    let body = json!({"title": "x", "content": "y"});
    let edit = yard
        .call("PUT", &path)
        .by("Kim")
        .json(body.clone())
        .problem()
        .await;
    let deletion = yard.call("DELETE", &path).by("kim ").problem().await;
    let moderator = yard.call("PUT", &path).with("mo", Role::Moderator);
    assert_eq!(edit, "403 not-the-writer");
    assert_eq!(deletion, "403 not-the-writer");
    assert_eq!(moderator.json(body).problem().await, "403 not-the-writer");
    let admin = yard.call("DELETE", &path).admin().problem().await;
    assert_eq!(admin, "403 not-the-writer");
}

#[tokio::test]
async fn a_moderator_deletes_what_others_wrote() {
    let (yard, _, path) = posted().await;
    let deleted = yard
        .call("DELETE", &path)
        .with("mo", Role::Moderator)
        .send()
        .await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn closed_and_missing_boards_take_no_article() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    yard.call("POST", &format!("/v1/boards/{board}/close"))
        .admin()
        .send()
        .await;
    let body = json!({"title": "x", "content": "y"});
    for (board, problem) in [
        (board.as_str(), "409 board-closed"),
        ("7", "404 board-not-found"),
    ] {
        let call = yard.call("POST", &format!("/v1/boards/{board}/articles"));
        assert_eq!(call.by("kim").json(body.clone()).problem().await, problem);
    }
}

#[tokio::test]
async fn articles_that_never_were_are_not_found() {
    let yard = Yard::open().await;
    let body = json!({"title": "x", "content": "y"});
    for method in ["GET", "PUT", "DELETE"] {
        let call = yard.call(method, "/v1/articles/7").by("kim");
        let problem = call.json(body.clone()).problem().await;
        assert_eq!(problem, "404 article-not-found", "{method}");
    }
}

#[tokio::test]
async fn the_name_in_the_token_is_shown_as_it_was() {
    let (yard, made, path) = posted().await;
    assert_eq!(made.json()["writer"], json!({"id": "kim", "name": "kim"}));
    let read = yard.call("GET", &path).after(&made).send().await;
    assert_eq!(read.json()["writer"], made.json()["writer"]);
}
