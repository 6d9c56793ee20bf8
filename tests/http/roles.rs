//! Who may do what, and on which node.

use madang::config::{Role as NodeRole, Roles as NodeRoles};
use madang::http::Role;
use serde_json::json;

use super::fixture::{Plan, Yard};

const ADMINS: [(&str, &str); 3] = [
    ("POST", "/v1/boards"),
    ("PUT", "/v1/boards/x"),
    ("POST", "/v1/boards/x/close"),
];
const COMMANDS: [(&str, &str); 9] = [
    ("POST", "/v1/boards/x/articles"),
    ("PUT", "/v1/articles/x"),
    ("DELETE", "/v1/articles/x"),
    ("POST", "/v1/articles/x/comments"),
    ("PUT", "/v1/comments/x"),
    ("DELETE", "/v1/comments/x"),
    ("PUT", "/v1/articles/x/like"),
    ("DELETE", "/v1/articles/x/like"),
    ("POST", "/v1/articles/x/views"),
];
const AUDITORS: [(&str, &str); 3] = [
    ("GET", "/v1/audit/events?size=x"),
    ("GET", "/v1/audit/streams/none"),
    ("GET", "/v1/projections"),
];

#[tokio::test]
async fn commands_and_the_audit_need_a_token_before_all_else() {
    let yard = Yard::open().await;
    for (method, path) in ADMINS.into_iter().chain(COMMANDS).chain(AUDITORS) {
        let answer = yard.call(method, path).body("garbage").send().await;
        assert_eq!(answer.problem(), "401 token-missing", "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test]
async fn roles_are_asked_for_before_ids_and_bodies() {
    let yard = Yard::open().await;
    for (method, path) in ADMINS.into_iter().chain(AUDITORS) {
        let call = yard.call(method, path).with("mo", Role::Moderator);
        let problem = call.body("garbage").problem().await;
        assert_eq!(problem, "403 role-missing", "{method} {path}");
    }
}

#[tokio::test]
async fn no_role_includes_another() {
    let yard = Yard::open().await;
    for (method, path) in ADMINS {
        let problem = yard.call(method, path).auditor().problem().await;
        assert_eq!(problem, "403 role-missing", "{method} {path}");
    }
    for path in ["/v1/audit/events", "/v1/audit/streams/x"] {
        assert_eq!(
            yard.call("GET", path).admin().problem().await,
            "403 role-missing"
        );
    }
}

#[tokio::test]
async fn admins_and_auditors_see_the_projections() {
    let yard = Yard::open().await;
    let admin = yard.call("GET", "/v1/projections").admin().send().await;
    let auditor = yard.call("GET", "/v1/projections").auditor().send().await;
    assert_eq!((admin.status, auditor.status), (200, 200));
    let items = admin.json()["items"].as_array().unwrap().clone();
    let names: Vec<_> = items[0].as_object().unwrap().keys().cloned().collect();
    let expected = [
        "error",
        "lag_events",
        "lag_ms",
        "name",
        "parked",
        "position",
        "state",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_node_sends_away_what_it_does_not_do() {
    let reader = Plan {
        roles: NodeRoles::of(&[NodeRole::Query]),
        ..Plan::default()
    };
    let yard = Yard::planned(reader).await;
    for (method, path) in ADMINS.into_iter().chain(COMMANDS) {
        let call = yard.call(method, path).admin();
        assert_eq!(
            call.body("garbage").problem().await,
            "421 misdirected",
            "{method} {path}"
        );
    }
    assert_eq!(yard.call("GET", "/v1/boards").send().await.status, 200);
}

#[tokio::test]
async fn a_node_of_commands_answers_no_queries() {
    let writer = Plan {
        roles: NodeRoles::of(&[NodeRole::Command]),
        ..Plan::default()
    };
    let yard = Yard::planned(writer).await;
    for path in [
        "/v1/boards",
        "/v1/boards/x",
        "/v1/articles/x",
        "/v1/boards/x/articles",
        "/v1/articles/x/comments?parent=y",
        "/v1/comments/x",
        "/v1/popular?date=x",
        "/v1/popular/days",
    ] {
        assert_eq!(
            yard.call("GET", path).problem().await,
            "421 misdirected",
            "{path}"
        );
    }
    for (method, path) in AUDITORS {
        let call = yard.call(method, path).auditor();
        assert_eq!(call.problem().await, "421 misdirected", "{path}");
    }
    let made = yard
        .call("POST", "/v1/boards")
        .admin()
        .json(json!({"name": "x"}))
        .send()
        .await;
    assert_eq!(
        (made.status, made.json()["article_count"].as_u64()),
        (201, Some(0))
    );
}
