//! Paths and methods.

use insta::assert_snapshot;
use serde_json::json;

use super::fixture::Yard;

#[tokio::test]
async fn what_is_no_id_is_malformed() {
    let yard = Yard::open().await;
    for id in [
        "0",
        "01",
        "-1",
        "+1",
        "x",
        "1.0",
        "1e3",
        "12345678901234567890",
        "9223372036854775808",
        "%31%20",
        "%ff",
        "%zz",
        "%",
        "%00",
        "1%2F2",
        "%EC%9A%94",
    ] {
        for path in ["/v1/articles/", "/v1/boards/"] {
            let problem = yard.call("GET", &format!("{path}{id}")).problem().await;
            assert_eq!(problem, "400 malformed-id", "{path}{id}");
        }
        let call = yard
            .call("POST", &format!("/v1/boards/{id}/articles"))
            .by("kim");
        assert_eq!(call.json(json!({})).problem().await, "400 malformed-id");
        for (method, path) in [
            ("POST", format!("/v1/articles/{id}/comments")),
            ("PUT", format!("/v1/articles/{id}/like")),
            ("DELETE", format!("/v1/articles/{id}/like")),
            ("PUT", format!("/v1/comments/{id}")),
            ("DELETE", format!("/v1/comments/{id}")),
        ] {
            let call = yard.call(method, &path).by("kim").json(json!({}));
            assert_eq!(call.problem().await, "400 malformed-id", "{path}");
        }
    }
}

#[tokio::test]
async fn an_escaped_digit_is_a_digit() {
    let yard = Yard::open().await;
    let problem = yard.call("GET", "/v1/articles/%37").problem().await;
    assert_eq!(problem, "404 article-not-found");
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let yard = Yard::open().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/boards",
        "/v1/boards/",
        "/v1/boards/7/",
        "//v1/boards",
        "/v1/boards/7/close/x",
        "/V1/boards",
        "/v1/articles",
        "/v1/comments",
        "/v1/comments/7/like",
        "/v1/articles/7/likes",
        "/v1/articles/7/comments/7",
        "/%ff",
        "/health",
        "/v1/../v1/x",
    ] {
        assert_eq!(
            yard.call("GET", path).problem().await,
            "404 no-such-path",
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_problem_says_what_and_where() {
    let yard = Yard::open().await;
    assert_snapshot!(yard.call("GET", "/v1/nothing").send().await.shown(), @r#"
    404
    {
      "detail": "there is nothing at this path",
      "instance": "/v1/nothing",
      "status": 404,
      "title": "No such path",
      "type": "/problems/no-such-path"
    }
    "#);
}

#[tokio::test]
async fn unknown_methods_are_refused_with_those_there_are() {
    let yard = Yard::open().await;
    for (path, method, allow) in [
        ("/v1/boards", "DELETE", "GET,HEAD,POST"),
        ("/v1/boards/7", "POST", "GET,HEAD,PUT"),
        ("/v1/boards/7/close", "GET", "POST"),
        ("/v1/boards/x/articles", "PUT", "GET,HEAD,POST"),
        ("/v1/articles/7", "PATCH", "GET,HEAD,PUT,DELETE"),
        ("/v1/articles/7/comments", "DELETE", "GET,HEAD,POST"),
        ("/v1/articles/7/like", "POST", "GET,HEAD,PUT,DELETE"),
        ("/v1/comments/7", "PATCH", "GET,HEAD,PUT,DELETE"),
        ("/v1/popular", "POST", "GET,HEAD"),
        ("/v1/popular/days", "PUT", "GET,HEAD"),
        ("/v1/projections", "BREW", "GET,HEAD"),
        ("/v1/audit/events", "OPTIONS", "GET,HEAD"),
        ("/health/live", "POST", "GET,HEAD"),
    ] {
        let answer = yard.call(method, path).send().await;
        assert_eq!(
            answer.problem(),
            "405 method-not-allowed",
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
    }
}
