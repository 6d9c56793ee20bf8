//! `If-Match` on comments.

use serde_json::json;

use super::{commented, edit};

#[tokio::test]
async fn a_change_is_made_at_the_revision_that_was_seen() {
    let (yard, made, path) = commented().await;
    let tag = made.header("etag").unwrap().to_owned();
    for (n, seen) in [&tag, "1", "*", "\"9\", W/\"3-00000000\""]
        .into_iter()
        .enumerate()
    {
        let call = yard.call("PUT", &path).by("kim").header("if-match", seen);
        let call = call.json(json!({"content": format!("Text {n}")}));
        let answer = call.send().await;
        let expected = (200, json!(n + 1));
        assert_eq!((answer.status, answer.json()["revision"].clone()), expected);
    }
    let call = yard.call("DELETE", &path).by("kim");
    assert_eq!(call.header("if-match", "4").send().await.status, 204);
}

#[tokio::test]
async fn a_stale_change_is_refused() {
    let (yard, _, path) = commented().await;
    let edited = edit(&yard, &path, "kim").await;
    for method in ["PUT", "DELETE"] {
        for (user, seen, problem) in [
            ("kim", "\"0-deadbeef\"", "412 stale-revision"),
            ("kim", "2, 3", "412 stale-revision"),
            ("lee", "9", "403 not-the-writer"),
            ("lee", "x", "400 malformed-header"),
        ] {
            let call = yard.call(method, &path).by(user).header("if-match", seen);
            let answer = call.json(json!({"content": "x"})).send().await;
            assert_eq!(answer.problem(), problem, "{method} {seen}");
            let read = answer.header("madang-position");
            let expected = edited.header("madang-position");
            assert_eq!(read, expected.filter(|_| seen != "x"));
        }
    }
}
