//! Comments.

mod bodies;
mod conditions;

use insta::assert_snapshot;
use madang::config::{Role as NodeRole, Roles as NodeRoles};
use madang::http::Role;
use serde_json::{Value, json};

use super::fixture::{Answer, Plan, Yard};

/// A yard with an article, and where its comments are.
async fn posted() -> (Yard, String) {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let article = yard.post(&board, "First").await;
    let comments = format!("/v1/articles/{}/comments", article.id("article_id"));
    (yard, comments)
}

/// A yard with a comment of Kim's, the answer to it and where it is.
async fn commented() -> (Yard, Answer, String) {
    let (yard, comments) = posted().await;
    let made = write(&yard, &comments, json!({"content": "Me, too."})).await;
    assert_eq!(made.status, 201, "{}", made.shown());
    let path = made.header("location").unwrap().to_owned();
    (yard, made, path)
}

async fn write(yard: &Yard, comments: &str, body: Value) -> Answer {
    let call = yard.call("POST", comments).by("kim");
    call.json(body).send().await
}

async fn edit(yard: &Yard, path: &str, user: &str) -> Answer {
    let call = yard.call("PUT", path).by(user);
    call.json(json!({"content": "Me!"})).send().await
}

async fn delete(yard: &Yard, path: &str) -> Answer {
    yard.call("DELETE", path).by("kim").send().await
}

#[tokio::test]
async fn a_user_comments_on_an_article() {
    let (_, made, path) = commented().await;
    assert_eq!(path, format!("/v1/comments/{}", made.id("comment_id")));
    assert_snapshot!(made.shown(), @r#"
    201
    location: /v1/comments/[id]
    etag: "0-[hash]"
    madang-position: [position]
    {
      "article_id": "[id]",
      "comment_id": "[id]",
      "content": "Me, too.",
      "created_at": "2026-11-19T08:30:00.000Z",
      "deleted": false,
      "depth": 1,
      "modified_at": null,
      "parent_id": null,
      "reply_count": 0,
      "revision": 0,
      "writer": {
        "id": "kim",
        "name": "kim"
      }
    }
    "#);
}

#[tokio::test]
async fn a_user_replies_to_a_comment() {
    let (yard, root, _) = commented().await;
    let comments = format!("/v1/articles/{}/comments", root.id("article_id"));
    let body = json!({"content": " I \r\ndo not.\n", "parent_id": root.id("comment_id")});
    let reply = write(&yard, &comments, body).await;
    assert_eq!(reply.json()["parent_id"], root.json()["comment_id"]);
    assert_snapshot!(reply.shown(), @r#"
    201
    location: /v1/comments/[id]
    etag: "0-[hash]"
    madang-position: [position]
    {
      "article_id": "[id]",
      "comment_id": "[id]",
      "content": "I \ndo not.",
      "created_at": "2026-11-19T08:30:00.000Z",
      "deleted": false,
      "depth": 2,
      "modified_at": null,
      "parent_id": "[id]",
      "reply_count": 0,
      "revision": 0,
      "writer": {
        "id": "kim",
        "name": "kim"
      }
    }
    "#);
}

#[tokio::test]
async fn its_writer_edits_a_comment() {
    let (yard, _, path) = commented().await;
    yard.advance(60_000);
    assert_snapshot!(edit(&yard, &path, "kim").await.shown(), @r#"
    200
    etag: "1-[hash]"
    madang-position: [position]
    {
      "article_id": "[id]",
      "comment_id": "[id]",
      "content": "Me!",
      "created_at": "2026-11-19T08:30:00.000Z",
      "deleted": false,
      "depth": 1,
      "modified_at": "2026-11-19T08:31:00.000Z",
      "parent_id": null,
      "reply_count": 0,
      "revision": 1,
      "writer": {
        "id": "kim",
        "name": "kim"
      }
    }
    "#);
}

#[tokio::test]
async fn an_edit_that_changes_nothing_keeps_the_revision() {
    let (yard, made, path) = commented().await;
    let call = yard.call("PUT", &path).by("kim");
    let same = call.json(json!({"content": "Me, too.\r\n"})).send().await;
    assert_eq!((same.status, same.json()), (200, made.json()));
    for header in ["etag", "madang-position"] {
        assert_eq!(same.header(header), made.header(header));
    }
}

#[tokio::test]
async fn its_writer_deletes_a_comment_for_good() {
    let (yard, made, path) = commented().await;
    let deleted = delete(&yard, &path).await;
    assert_eq!((deleted.status, deleted.bytes.len()), (204, 0));
    let position = deleted.header("madang-position");
    assert_ne!(position, made.header("madang-position"));
    let edited = edit(&yard, &path, "kim").await;
    assert_eq!(edited.problem(), "410 comment-deleted");
    assert_eq!(edited.header("madang-position"), position);
    assert_eq!(delete(&yard, &path).await.problem(), "410 comment-deleted");
}

/// A placeholder, which readers see as long as it has a reply to show.
#[tokio::test]
async fn nobody_edits_or_replies_to_a_deleted_comment() {
    let (yard, root, path) = commented().await;
    let comments = format!("/v1/articles/{}/comments", root.id("article_id"));
    let body = json!({"content": "x", "parent_id": root.id("comment_id")});
    let reply = write(&yard, &comments, body.clone()).await;
    delete(&yard, &path).await;
    assert_eq!(
        edit(&yard, &path, "kim").await.problem(),
        "410 comment-deleted"
    );
    let late = write(&yard, &comments, body).await;
    assert_eq!(late.problem(), "410 parent-deleted");
    let body = json!({"content": "x", "parent_id": reply.id("comment_id")});
    assert_eq!(write(&yard, &comments, body).await.status, 201);
}

#[tokio::test]
async fn others_do_not_touch_a_comment() {
    let (yard, _, path) = commented().await;
    assert_eq!(
        edit(&yard, &path, "Kim").await.problem(),
        "403 not-the-writer"
    );
    let body = json!({"content": "x"});
    let moderator = yard.call("PUT", &path).with("mo", Role::Moderator);
    assert_eq!(moderator.json(body).problem().await, "403 not-the-writer");
    for call in [
        yard.call("DELETE", &path).by("kim "),
        yard.call("DELETE", &path).admin(),
    ] {
        assert_eq!(call.problem().await, "403 not-the-writer");
    }
}

#[tokio::test]
async fn a_moderator_deletes_what_others_wrote() {
    let (yard, _, path) = commented().await;
    let call = yard.call("DELETE", &path).with("mo", Role::Moderator);
    assert_eq!(call.send().await.status, 204);
}

#[tokio::test]
async fn a_comment_is_written_under_an_article_that_is_there() {
    let (yard, comments) = posted().await;
    let body = json!({"content": "x"});
    let lost = write(&yard, "/v1/articles/7/comments", body.clone()).await;
    assert_eq!(lost.problem(), "404 article-not-found");
    let written = write(&yard, &comments, body.clone()).await;
    let path = written.header("location").unwrap();
    let article = comments.strip_suffix("/comments").unwrap();
    delete(&yard, article).await;
    let late = write(&yard, &comments, body).await;
    assert_eq!(late.problem(), "410 article-deleted");
    assert!(late.header("madang-position").is_some());
    assert_eq!(
        edit(&yard, path, "lee").await.problem(),
        "410 article-deleted"
    );
    assert_eq!(delete(&yard, path).await.problem(), "410 article-deleted");
}

#[tokio::test]
async fn a_reply_has_a_parent_under_the_same_article() {
    let (yard, root, _) = commented().await;
    let article = root.id("article_id");
    let board = yard.board().await;
    let other = yard.post(&board, "Other").await.id("article_id");
    let body = |parent: &str| json!({"content": "x", "parent_id": parent});
    let comments = format!("/v1/articles/{article}/comments");
    for parent in ["7", &article, "9223372036854775807"] {
        let reply = write(&yard, &comments, body(parent)).await;
        assert_eq!(reply.problem(), "404 parent-not-found", "{parent}");
    }
    let comments = format!("/v1/articles/{other}/comments");
    let reply = write(&yard, &comments, body(&root.id("comment_id"))).await;
    assert_eq!(reply.problem(), "422 parent-elsewhere");
    assert_snapshot!(reply.json()["detail"].as_str().unwrap(), @"the comment to reply to is under another article");
}

#[tokio::test]
async fn a_board_says_how_deep_threads_may_grow() {
    let yard = Yard::open().await;
    let call = yard.call("POST", "/v1/boards").admin();
    let two_levels = json!({"name": "Classic", "max_comment_depth": 2});
    let board = call.json(two_levels).send().await.id("board_id");
    let article = yard.post(&board, "First").await.id("article_id");
    let comments = format!("/v1/articles/{article}/comments");
    let mut parent = Value::Null;
    for depth in 1..=2 {
        let reply = write(
            &yard,
            &comments,
            json!({"content": "x", "parent_id": parent}),
        )
        .await;
        assert_eq!((reply.status, &reply.json()["depth"]), (201, &json!(depth)));
        parent = reply.json()["comment_id"].clone();
    }
    let body = json!({"content": "x", "parent_id": parent});
    let reply = write(&yard, &comments, body).await;
    assert_snapshot!(told(&reply), @"422 too-deep: the board allows threads of depth 2");
}

/// What a problem says, but for its path, which varies.
fn told(answer: &Answer) -> String {
    let problem = answer.problem();
    format!("{problem}: {}", answer.json()["detail"].as_str().unwrap())
}

#[tokio::test]
async fn a_closed_board_still_takes_comments() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let article = yard.post(&board, "First").await;
    let close = yard.call("POST", &format!("/v1/boards/{board}/close"));
    assert_eq!(close.admin().send().await.status, 200);
    let comments = format!("{}/comments", article.header("location").unwrap());
    let written = write(&yard, &comments, json!({"content": "x"})).await;
    assert_eq!(written.status, 201);
}

/// There is nobody to say how many replies can be seen, and the command stands all the same.
#[tokio::test]
async fn a_node_of_commands_takes_comments_too() {
    let yard = Yard::planned(Plan {
        roles: NodeRoles::of(&[NodeRole::Command]),
        ..Plan::default()
    })
    .await;
    let board = yard.board().await;
    let article = yard.post(&board, "First").await;
    let comments = format!("{}/comments", article.header("location").unwrap());
    let made = write(&yard, &comments, json!({"content": "x"})).await;
    let edited = edit(&yard, made.header("location").unwrap(), "kim").await;
    let replies = edited.json()["reply_count"].clone();
    assert_eq!((edited.status, replies), (200, json!(0)));
}

#[tokio::test]
async fn comments_that_never_were_are_not_found() {
    let yard = Yard::open().await;
    for method in ["PUT", "DELETE"] {
        let call = yard.call(method, "/v1/comments/7").by("kim");
        let call = call.header("if-match", "9").json(json!({"content": "x"}));
        assert_eq!(call.problem().await, "404 comment-not-found", "{method}");
    }
}

#[tokio::test]
async fn nothing_is_written_for_what_is_refused() {
    let (yard, made, path) = commented().await;
    let comments = format!("/v1/articles/{}/comments", made.id("article_id"));
    write(&yard, &comments, json!({"content": "x", "parent_id": "7"})).await;
    write(&yard, &comments, json!({"content": "x", "parent_id": 7})).await;
    edit(&yard, &path, "lee").await;
    yard.call("DELETE", &path).by("lee").send().await;
    let events = yard.call("GET", "/v1/audit/events").auditor().send().await;
    assert_eq!(events.json()["items"].as_array().unwrap().len(), 4);
}
