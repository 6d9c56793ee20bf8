//! Whatever is asked, no answer blames the node.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, Uri};
use proptest::prelude::*;
use serde_json::json;
use tower::ServiceExt as _;

use super::fixture::{Yard, token};
use madang::http::Role;

/// What is there to ask for: a board, an article on it and a comment under that, each with a twin
/// that is not.
async fn things(yard: &Yard) -> Vec<String> {
    let board = yard.board().await;
    let article = yard.post(&board, "First").await.id("article_id");
    let call = yard.call("POST", &format!("/v1/articles/{article}/comments"));
    let call = call.by("kim").json(json!({"content": "Me, too."}));
    let comment = call.send().await.id("comment_id");
    let mut paths = Vec::new();
    for [board, article, comment] in [[&board, &article, &comment].map(String::as_str), ["1"; 3]] {
        paths.extend([
            format!("/v1/boards/{board}"),
            format!("/v1/boards/{board}/close"),
            format!("/v1/boards/{board}/articles"),
            format!("/v1/articles/{article}"),
            format!("/v1/articles/{article}/comments"),
            format!("/v1/articles/{article}/like"),
            format!("/v1/articles/{article}/views"),
            format!("/v1/comments/{comment}"),
        ]);
    }
    let alone = [
        "boards",
        "projections",
        "audit/events",
        "audit/streams/x",
        "popular",
        "popular/days",
    ];
    paths.extend(alone.map(|path| format!("/v1/{path}")));
    paths
}

fn paths(known: Vec<String>) -> impl Strategy<Value = String> {
    let known = prop::sample::select(known);
    let query =
        "(\\?(size|page|cursor|parent|date|from|to|type|direction)=[0-9a-zA-Z%+&=-]{0,12}){0,2}";
    prop_oneof![
        (known, query).prop_map(|(path, query)| format!("{path}{query}")),
        "/(v1/)?(boards|articles|comments|popular|audit/streams)/[!-~]{0,24}",
        "/[!-~]{0,40}",
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let name = prop::sample::select(vec![
        "if-match",
        "if-none-match",
        "content-length",
        "accept",
        "expect",
        "x-other",
        "content-encoding",
        "transfer-encoding",
        "range",
    ]);
    prop::collection::vec((name, prop::collection::vec(0x20..0x7f_u8, 0..24)), 0..4)
}

fn methods() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "BREW",
    ])
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        "\\{(\"(name|title|content|parent_id|x)\": ?(\"[ -~]{0,8}\"|[0-9]{1,3}|null|\\[\\]),?){0,3}\\}"
            .prop_map(String::into_bytes),
    ]
}

#[test]
fn no_question_breaks_a_node() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let yard = runtime.block_on(Yard::open());
    let token = format!("Bearer {}", token("kim", &Role::ALL));
    let known = runtime.block_on(things(&yard));
    let question = (methods(), paths(known), headers(), bodies(), any::<bool>());
    proptest!(|((method, path, headers, body, known) in question)| {
        let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        *request.uri_mut() = uri;
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(&value).unwrap();
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
        if known {
            let value = HeaderValue::from_str(&token).unwrap();
            request.headers_mut().insert("authorization", value);
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert("content-type", json);
        }
        let answer = runtime.block_on(yard.router.clone().oneshot(request)).unwrap();
        let (status, headers) = (answer.status(), answer.headers());
        prop_assert!(!status.is_server_error(), "{status}");
        let fine = status.is_success() || status.as_u16() == 304;
        prop_assert!(fine || headers["content-type"] == "application/problem+json");
    });
}
