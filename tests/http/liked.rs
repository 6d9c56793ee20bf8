//! Whether the caller likes an article.

use insta::assert_snapshot;

use super::fixture::{Answer, Plan, Yard};
use madang::config::Roles;

/// An article, and where it is.
async fn posted() -> (Yard, Answer, String) {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let made = yard.post(&board, "First").await;
    let path = made.header("location").unwrap().to_owned();
    (yard, made, path)
}

#[tokio::test]
async fn a_user_sees_whether_they_like_an_article() {
    let (yard, made, path) = posted().await;
    let path = format!("{path}/like");
    let not_yet = yard.call("GET", &path).by("kim").after(&made).send().await;
    assert_snapshot!(not_yet.json(), @r#"{"liked":false,"liked_at":null}"#);
    yard.advance(1000);
    let liked = yard.call("PUT", &path).by("kim").send().await;
    let now = yard.call("GET", &path).by("kim").after(&liked).send().await;
    assert_snapshot!(now.json(), @r#"{"liked":true,"liked_at":"2026-11-19T08:30:01.000Z"}"#);
    let unliked = yard.call("DELETE", &path).by("kim").send().await;
    let after = yard.call("GET", &path).by("kim").after(&unliked);
    assert_eq!(after.send().await.json(), not_yet.json());
}

#[tokio::test]
async fn kim_and_kim_in_capitals_are_two_people() {
    let (yard, _, path) = posted().await;
    let like = format!("{path}/like");
    let liked = yard.call("PUT", &like).by("Kim").send().await;
    let kim = yard.call("GET", &like).by("kim").after(&liked).send().await;
    assert_eq!(kim.json()["liked"], false);
    let both = yard.call("PUT", &like).by("kim").send().await;
    let article = yard.call("GET", &path).after(&both).send().await;
    assert_eq!(article.json()["like_count"], 2);
}

#[tokio::test]
async fn one_needs_a_token_a_node_that_answers_and_an_article() {
    let (yard, made, path) = posted().await;
    let like = format!("{path}/like");
    let nobody = yard.call("GET", &like).problem().await;
    assert_eq!(nobody, "401 token-missing");
    let get = |path: &str| yard.call("GET", path).by("kim");
    let none = get("/v1/articles/x/like").problem().await;
    assert_eq!(none, "400 malformed-id");
    let never = get("/v1/articles/7/like").after(&made).problem().await;
    assert_eq!(never, "404 article-not-found");
    let gone = yard.call("DELETE", &path).by("kim").send().await;
    let gone = get(&like).after(&gone).problem().await;
    assert_eq!(gone, "410 article-deleted");
}

#[tokio::test]
async fn a_node_that_only_takes_commands_does_not_say() {
    let roles = Roles {
        query: false,
        ..Roles::ALL
    };
    let plan = Plan {
        roles,
        ..Plan::default()
    };
    let yard = Yard::planned(plan).await;
    let call = yard.call("GET", "/v1/articles/x/like");
    assert_eq!(call.problem().await, "401 token-missing");
    let call = yard.call("GET", "/v1/articles/x/like").by("kim");
    assert_eq!(call.problem().await, "421 misdirected");
}
