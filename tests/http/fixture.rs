//! A whole node in a temporary directory, and short words for asking it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use madang::ambient::Clock;
use madang::command::Commands;
use madang::command::ids::Ids;
use madang::config::Roles as NodeRoles;
use madang::domain::{Timestamp, UserId};
use madang::event_store::{EventStore, Position, identity};
use madang::http::{AuthKey, Check, Grant, Limits, Readiness, Role, Site, Verifier, mint, router};
use madang::node::Node;
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::query::know;
use crate::stack::{Home, Stack};

/// 2026-11-19T08:30:00Z.
pub(super) const NOW: i64 = 1_795_077_000_000;
pub(super) const KEY: &str = "a key that is only good for testing";

pub(super) struct Yard {
    pub(super) router: Router,
    pub(super) hands: Arc<AtomicI64>,
    // Dropped with the yard: the projector ends with the runtime.
    node: Node,
    _home: Home,
}

/// What a test wants to be different.
pub(super) struct Plan {
    pub(super) limits: Limits,
    pub(super) roles: NodeRoles,
    pub(super) ready: bool,
    /// Whether the node has a number to make ids with.
    pub(super) numbered: bool,
    pub(super) stack: Stack,
    /// What auditors read instead of the node's log.
    pub(super) log: Option<Arc<dyn EventStore>>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            roles: NodeRoles::ALL,
            ready: true,
            numbered: true,
            stack: Stack::chosen(),
            log: None,
        }
    }
}

impl Yard {
    pub(super) async fn open() -> Self {
        Self::planned(Plan::default()).await
    }

    /// On files, whatever stack was chosen.
    pub(super) async fn embedded() -> Self {
        let stack = Stack::Embedded;
        Self::planned(Plan {
            stack,
            ..Plan::default()
        })
        .await
    }

    pub(super) async fn planned(plan: Plan) -> Self {
        let home = Home::on(plan.stack);
        let hands = Arc::new(AtomicI64::new(NOW));
        let clock = Clock::driven_by(hands.clone());
        let node = Node::start(&home.config().await, clock.clone()).await;
        let node = node.unwrap();
        let (roles, ready) = (plan.roles, plan.ready);
        let check = move || Check {
            name: "views",
            ok: ready,
            state: if ready { "live" } else { "catching-up" },
        };
        let commands = if plan.numbered {
            node.commands.clone()
        } else {
            let ids = Ids::leased(watch::channel(None).1, clock.clone());
            Commands::new(node.store.clone(), Arc::new(ids))
        };
        let router = router(Site {
            commands: roles.command.then_some(commands),
            viewing: roles.command.then(|| node.viewing.clone()),
            queries: roles.query.then(|| node.queries.clone()),
            log: plan.log.unwrap_or_else(|| node.store.clone()),
            verifier: Verifier::new(&AuthKey::from_text(KEY).unwrap(), clock.clone()),
            readiness: Readiness::new(move || vec![check()]),
            clock,
            limits: plan.limits,
        });
        Self {
            router,
            hands,
            node,
            _home: home,
        }
    }

    /// On servers, makes sure that an event that happened is read from Redis: a node looks there twice
    /// a second only, and until then would answer from SQL.
    async fn warm_up(&self, position: Position) {
        let Node {
            hot, status, store, ..
        } = &self.node;
        let (Some(hot), Some(_)) = (hot, status) else {
            return;
        };
        let log_id = identity::read(&**store).await.unwrap().unwrap();
        know(hot, log_id, position).await;
    }

    /// The log.
    pub(super) fn store(&self) -> &Arc<dyn EventStore> {
        &self.node.store
    }

    pub(super) fn advance(&self, milliseconds: i64) {
        self.hands.fetch_add(milliseconds, Ordering::Relaxed);
    }

    pub(super) fn call(&self, method: &str, path: &str) -> Call<'_> {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::empty()).unwrap();
        Call {
            yard: self,
            request,
            after: None,
        }
    }

    /// The id of a new board.
    pub(super) async fn board(&self) -> String {
        let call = self.call("POST", "/v1/boards").admin();
        let made = call.json(json!({"name": "Plaza"})).send().await;
        made.id("board_id")
    }

    /// The answer to a new article of Kim's.
    pub(super) async fn post(&self, board: &str, title: &str) -> Answer {
        let call = self.call("POST", &format!("/v1/boards/{board}/articles"));
        let body = json!({"title": title, "content": "Hello"});
        let made = call.by("kim").json(body).send().await;
        assert_eq!(made.status, 201, "{}", made.shown());
        made
    }
}

/// A token that is good for an hour.
pub(super) fn token(user: &str, roles: &[Role]) -> String {
    token_until(NOW + 3_600_000, user, roles)
}

/// A token that is good until then.
pub(super) fn token_until(expires_at: i64, user: &str, roles: &[Role]) -> String {
    let grant = Grant {
        user: UserId::parse(user).unwrap(),
        name: None,
        roles: roles.iter().copied().collect(),
        issued_at: Timestamp(NOW),
        expires_at: Timestamp(expires_at),
    };
    mint(&AuthKey::from_text(KEY).unwrap(), &grant).unwrap()
}

pub(super) struct Call<'a> {
    yard: &'a Yard,
    request: Request<Body>,
    /// Where the event stands that the caller waits for, if it happened.
    after: Option<Position>,
}

impl Call<'_> {
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.request.headers_mut().append(name, value);
        self
    }

    pub(super) fn with(self, user: &str, role: Role) -> Self {
        let token = token(user, &[role]);
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn by(self, user: &str) -> Self {
        let token = token(user, &[]);
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn admin(self) -> Self {
        self.with("root", Role::Admin)
    }

    pub(super) fn auditor(self) -> Self {
        self.with("olga", Role::Auditor)
    }

    pub(super) fn after(mut self, command: &Answer) -> Self {
        let position = command.header("madang-position").unwrap().to_owned();
        self.after = Some(position.parse().unwrap());
        self.header("madang-wait-for", &position)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "every caller makes one for the call"
    )]
    pub(super) fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    pub(super) fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    pub(super) async fn send(self) -> Answer {
        if let Some(position) = self.after {
            self.yard.warm_up(position).await;
        }
        let path = self.request.uri().path().to_owned();
        let router = self.yard.router.clone();
        let (parts, body) = router.oneshot(self.request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            path,
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes: bytes.to_vec(),
        }
    }

    /// The status and the name of the problem that this leads to.
    pub(super) async fn problem(self) -> String {
        self.send().await.problem()
    }
}

#[derive(Debug)]
pub(super) struct Answer {
    path: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn id(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap().to_owned()
    }

    /// Status and name of a problem, after a look at what every problem must have.
    pub(super) fn problem(&self) -> String {
        let document = self.json();
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(document["status"], self.status);
        assert_eq!(document["instance"], self.path);
        assert!(document["title"].is_string() && document["detail"].is_string());
        let waits = matches!(self.status, 429 | 503);
        assert_eq!(waits, self.header("retry-after").is_some());
        let challenged = self.status == 401;
        assert_eq!(challenged, self.header("www-authenticate").is_some());
        let kind = document["type"].as_str().unwrap();
        let name = kind.strip_prefix("/problems/").unwrap();
        format!("{} {name}", self.status)
    }

    /// All of it, but for ids, positions and hashes, which vary.
    pub(super) fn shown(&self) -> String {
        let mut text = format!("{}\n", self.status);
        for name in [
            "location",
            "etag",
            "madang-position",
            "allow",
            "retry-after",
        ] {
            if let Some(value) = self.header(name) {
                text.extend([name, ": ", value, "\n"]);
            }
        }
        if let Ok(body) = serde_json::from_slice::<Value>(&self.bytes) {
            text += &serde_json::to_string_pretty(&body).unwrap();
        }
        redacted(&text)
    }
}

pub(super) fn redacted(text: &str) -> String {
    let mut shown = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() {
            run.push(c);
            continue;
        }
        let digits = run.bytes().all(|b| b.is_ascii_digit());
        let hex = run.bytes().all(|b| b.is_ascii_hexdigit());
        shown += match run.len() {
            32 if hex => "[position]",
            17..=19 if digits => "[id]",
            8 if hex => "[hash]",
            _ => &run,
        };
        run.clear();
        shown.push(c);
    }
    shown
}
