//! Views, as callers see them.

use serde_json::json;

use super::fixture::{Answer, Plan, Yard};

const TEN_MINUTES: i64 = 10 * 60 * 1000;

/// The path of an article's views.
async fn views(yard: &Yard) -> String {
    let board = yard.board().await;
    let id = yard.post(&board, "Hello").await.id("article_id");
    format!("/v1/articles/{id}/views")
}

fn counted(answer: &Answer) -> bool {
    assert_eq!(answer.status, 200, "{}", answer.shown());
    assert!(answer.json()["view_count"].is_u64());
    assert!(answer.header("madang-position").is_some());
    answer.json()["counted"].as_bool().unwrap()
}

#[tokio::test]
async fn a_user_counts_once() {
    let yard = Yard::open().await;
    let views = views(&yard).await;
    let view = async |user| counted(&yard.call("POST", &views).by(user).send().await);
    assert!(view("kim").await);
    assert!(!view("kim").await);
    assert!(view("Kim").await, "somebody else");
}

/// On files: Redis goes by a clock of its own, which no test can drive.
#[tokio::test]
async fn a_user_counts_again_after_ten_minutes() {
    let yard = Yard::embedded().await;
    let views = views(&yard).await;
    let view = async |user| counted(&yard.call("POST", &views).by(user).send().await);
    assert!(view("kim").await);
    yard.advance(TEN_MINUTES - 1);
    assert!(!view("kim").await);
    yard.advance(1);
    assert!(view("kim").await);
}

#[tokio::test]
async fn the_answer_has_two_fields() {
    let yard = Yard::open().await;
    let views = views(&yard).await;
    let answer = yard.call("POST", &views).by("kim").send().await.json();
    let fields: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["counted", "view_count"]);
}

#[tokio::test]
async fn what_is_sent_with_a_view_is_ignored() {
    let yard = Yard::open().await;
    let views = views(&yard).await;
    let sent = yard
        .call("POST", &views)
        .by("kim")
        .json(json!({"user": "lee"}));
    assert!(counted(&sent.send().await));
    let sent = yard.call("POST", &views).by("lee").body("nonsense");
    assert!(counted(&sent.send().await));
}

#[tokio::test]
async fn a_view_needs_a_token_and_an_article() {
    let yard = Yard::open().await;
    let views = views(&yard).await;
    let post = |path: &str| yard.call("POST", path);
    assert_eq!(post(&views).problem().await, "401 token-missing");
    let missing = post("/v1/articles/17/views").by("kim").problem().await;
    assert_eq!(missing, "404 article-not-found");
    let malformed = post("/v1/articles/x17/views").by("kim").problem().await;
    assert_eq!(malformed, "400 malformed-id");
    let got = yard.call("GET", &views).by("kim").problem().await;
    assert_eq!(got, "405 method-not-allowed");
}

#[tokio::test]
async fn a_deleted_article_is_not_viewed_any_more() {
    let yard = Yard::open().await;
    let views = views(&yard).await;
    assert!(counted(&yard.call("POST", &views).by("lee").send().await));
    let article = views.strip_suffix("/views").unwrap();
    let gone = yard.call("DELETE", article).by("kim").send().await;
    let refused = yard.call("POST", &views).by("park").send().await;
    assert_eq!(refused.problem(), "410 article-deleted");
    let position = refused.header("madang-position");
    assert_eq!(position, gone.header("madang-position"));
}

#[tokio::test]
async fn a_node_that_takes_no_commands_counts_no_views() {
    let plan = Plan {
        roles: madang::config::Roles::of(&[madang::config::Role::Query]),
        ..Plan::default()
    };
    let yard = Yard::planned(plan).await;
    let view = yard.call("POST", "/v1/articles/17/views").by("kim");
    assert_eq!(view.problem().await, "421 misdirected");
}

#[tokio::test]
async fn views_stand_in_the_log_of_auditors_as_the_nodes_own() {
    let yard = Yard::open().await;
    let views = views(&yard).await;
    yard.call("POST", &views).by("kim").send().await;
    let stream = "/v1/audit/streams/view-0-20261119";
    let found = yard.call("GET", stream).auditor().send().await.json();
    let event = &found["items"][0];
    assert_eq!(event["type"], "ArticlesViewed");
    assert_eq!(event["metadata"]["actor"], "system:node-0");
    let article = views.split('/').nth(3).unwrap();
    let data = json!({"views": [{"article_id": article, "count": 1}]});
    assert_eq!(event["data"], data);
}
