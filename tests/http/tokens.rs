//! Tokens, good and bad.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use madang::http::Role;
use serde_json::{Value, json};

use super::fixture::{KEY, NOW, Yard, token};

fn signed(algorithm: Algorithm, claims: &Value) -> String {
    let key = EncodingKey::from_secret(KEY.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
}

fn good() -> Value {
    json!({"sub": "kim", "exp": NOW / 1000 + 60, "roles": ["admin"]})
}

/// The status of an attempt to open a board, which shows who the caller is taken for.
async fn tried(yard: &Yard, authorization: &str) -> String {
    let call = yard
        .call("POST", "/v1/boards")
        .header("authorization", authorization);
    let answer = call.json(json!({"name": "x"})).send().await;
    match answer.status {
        201 => "201".to_owned(),
        _ => answer.problem(),
    }
}

async fn tried_with(yard: &Yard, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = good();
    change(&mut claims);
    let token = signed(Algorithm::HS256, &claims);
    tried(yard, &format!("Bearer {token}")).await
}

#[tokio::test]
async fn a_good_token_is_taken() {
    let yard = Yard::open().await;
    assert_eq!(tried_with(&yard, |_| {}).await, "201");
    assert_eq!(tried_with(&yard, |c| c["exp"] = json!(1e15)).await, "201");
    assert_eq!(tried_with(&yard, |c| c["name"] = json!(7)).await, "201");
    assert_eq!(
        tried_with(&yard, |c| c["nbf"] = json!(NOW / 1000)).await,
        "201"
    );
    let lower = format!("bearer {}", signed(Algorithm::HS256, &good()));
    assert_eq!(tried(&yard, &lower).await, "201");
}

#[tokio::test]
async fn unknown_roles_are_ignored() {
    let yard = Yard::open().await;
    let roles = json!(["king", 7, null, "admin"]);
    assert_eq!(tried_with(&yard, |c| c["roles"] = roles).await, "201");
    for roles in [
        json!("admin"),
        json!(["Admin"]),
        json!({"admin": true}),
        Value::Null,
    ] {
        assert_eq!(
            tried_with(&yard, |c| c["roles"] = roles).await,
            "403 role-missing"
        );
    }
}

#[tokio::test]
async fn bad_claims_are_refused() {
    let yard = Yard::open().await;
    for (claim, value) in [
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("x".repeat(65))),
        ("sub", json!("a\nb")),
        ("sub", json!("imported:1")),
        ("sub", json!("system:node-1")),
        ("exp", Value::Null),
        ("exp", json!("tomorrow")),
        ("exp", json!(-1)),
        ("nbf", json!(NOW / 1000 + 1)),
        ("nbf", json!("x")),
        ("aud", json!("others")),
    ] {
        let answer = tried_with(&yard, |claims| claims[claim] = value.clone()).await;
        assert_eq!(answer, "401 token-invalid", "{claim} {value}");
    }
}

#[tokio::test]
async fn a_token_expires_by_our_clock_to_the_millisecond() {
    let yard = Yard::open().await;
    yard.advance(59_999);
    assert_eq!(tried_with(&yard, |_| {}).await, "201");
    yard.advance(1);
    assert_eq!(tried_with(&yard, |_| {}).await, "401 token-expired");
}

#[tokio::test]
async fn only_our_algorithm_and_key_will_do() {
    let yard = Yard::open().await;
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let none = |alg: &str| format!("{}.{}.", encoded(&json!({"alg": alg})), encoded(&good()));
    let other = EncodingKey::from_secret(b"another key that is as long as ours");
    let foreign = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &good(), &other).unwrap();
    let mut critical = Header::new(Algorithm::HS256);
    critical.crit = Some(vec!["x".to_owned()]);
    let key = EncodingKey::from_secret(KEY.as_bytes());
    let critical = jsonwebtoken::encode(&critical, &good(), &key).unwrap();
    let long = signed(Algorithm::HS512, &good());
    for token in [
        none("none"),
        none("None"),
        none("HS256"),
        foreign,
        critical,
        long,
    ] {
        assert_eq!(
            tried(&yard, &format!("Bearer {token}")).await,
            "401 token-invalid",
            "{token}"
        );
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let yard = Yard::open().await;
    let good = signed(Algorithm::HS256, &good());
    for (header, problem) in [
        (String::new(), "401 token-malformed"),
        ("Bearer".to_owned(), "401 token-malformed"),
        (good.clone(), "401 token-malformed"),
        (format!("Basic {good}"), "401 token-malformed"),
        ("Bearer \u{fc}".to_owned(), "401 token-malformed"),
        ("Bearer ".to_owned(), "401 token-invalid"),
        ("Bearer a.b.c".to_owned(), "401 token-invalid"),
        ("Bearer ..".to_owned(), "401 token-invalid"),
        (format!("Bearer {good}x"), "401 token-invalid"),
        (format!("Bearer x{good}"), "401 token-invalid"),
        (format!("Bearer {good} {good}"), "401 token-invalid"),
    ] {
        assert_eq!(tried(&yard, &header).await, problem, "{header}");
    }
}

#[tokio::test]
async fn two_tokens_are_none() {
    let yard = Yard::open().await;
    let call = yard.call("GET", "/v1/boards").by("kim").by("kim");
    assert_eq!(call.problem().await, "401 token-malformed");
}

#[tokio::test]
async fn a_bad_token_is_refused_everywhere() {
    let yard = Yard::open().await;
    for (method, path) in [
        ("GET", "/v1/boards"),
        ("GET", "/v1/articles/7"),
        ("GET", "/nowhere"),
        ("BREW", "/v1/boards"),
        ("GET", "/health/live"),
        ("GET", "/v1/boards/x"),
    ] {
        let call = yard
            .call(method, path)
            .header("authorization", "Bearer x.y.z");
        assert_eq!(call.problem().await, "401 token-invalid", "{method} {path}");
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_shown_gives_way_to_the_user_id() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    for (name, shown) in [
        (json!("Kim Minsu"), "Kim Minsu"),
        (json!("x".repeat(101)), "kim"),
        (json!(" "), "kim"),
        (json!("a\nb"), "kim"),
        (Value::Null, "kim"),
        (json!(7), "kim"),
    ] {
        let claims = json!({"sub": "kim", "exp": NOW, "name": name});
        let token = format!("Bearer {}", signed(Algorithm::HS256, &claims));
        let call = yard.call("POST", &format!("/v1/boards/{board}/articles"));
        let call = call.header("authorization", &token);
        let made = call
            .json(json!({"title": "x", "content": "y"}))
            .send()
            .await;
        assert_eq!(made.json()["writer"], json!({"id": "kim", "name": shown}));
    }
}

#[tokio::test]
async fn a_minted_token_says_what_was_granted() {
    let minted = token("kim", &[Role::Moderator, Role::Auditor]);
    let claims = minted.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let (iat, exp) = (NOW / 1000, NOW / 1000 + 3600);
    let expected = json!({"sub": "kim", "roles": ["moderator", "auditor"], "iat": iat, "exp": exp});
    assert_eq!(claims, expected);
}
