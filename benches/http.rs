//! The edge: hot reads against a bare axum handler that returns the same bytes, and posts of
//! articles against one insert and one commit at a time. Server and generator share the machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use madang::ambient::Clock;
use madang::command::Origin;
use madang::config::{Config, Settings};
use madang::domain::article::Text;
use madang::domain::text::{Content, Title, WriterName};
use madang::domain::{ArticleId, BoardId, Timestamp, UserId};
use madang::http::{AuthKey, Grant, Limits, Readiness, Site, Verifier, mint};
use madang::node::Node;
use madang::query::Queries;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::{append, client, support};

pub(crate) const ROUNDS: usize = 5;
pub(crate) const ROUND: Duration = if cfg!(debug_assertions) {
    Duration::from_millis(200)
} else {
    Duration::from_secs(2)
};
const CONNECTIONS: usize = 64;
pub(crate) const KEY: &str = "a key for benchmarks, of thirty-two bytes or more";

/// Starts a node and holds it against the bare parts.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async {
        let directory = support::directory();
        let settings = Settings {
            data_dir: Some(directory.path().to_owned()),
            auth_key: Some(KEY.to_owned()),
            ..Settings::default()
        };
        let config = settings.resolve().expect("settings");
        let yard = Yard::open(&config).await;
        yard.reads().await;
        yard.posts(&directory.path().join("alone.db")).await;
        yard.node.stop().await;
    });
}

/// A node with a board, and its HTTP.
pub(crate) struct Yard {
    pub(crate) node: Node,
    address: SocketAddr,
    board_id: BoardId,
    token: String,
}

impl Yard {
    pub(crate) async fn open(config: &Config) -> Self {
        let clock = Clock::system();
        let node = Node::start(config, clock.clone()).await.expect("a node");
        let key = AuthKey::from_text(KEY).expect("a key");
        let address = serve(&node, node.queries.clone()).await;
        let user = UserId::parse("kim").expect("a user");
        let origin = Origin::now(user.clone(), &clock);
        let board = node
            .commands
            .create_board(&origin, support::settings(1))
            .await;
        let grant = Grant {
            user,
            name: None,
            roles: std::iter::empty().collect(),
            issued_at: clock.now(),
            expires_at: Timestamp::MAX,
        };
        let token = mint(&key, &grant).expect("a token");
        let board_id = board.expect("a board").state.id;
        Self {
            node,
            address,
            board_id,
            token,
        }
    }

    async fn reads(&self) {
        let hot = format!("/v1/articles/{}", self.post(100).await);
        self.against_bare("hot article", &hot).await;
        let page = format!("/v1/boards/{}/articles?size=30", self.board_id);
        self.against_bare("a board's first page of 30", &page).await;
    }

    /// Posts so many articles, and waits until they are in the views; answers with the last.
    pub(crate) async fn post(&self, count: usize) -> ArticleId {
        let mut last = None;
        for number in 0..count {
            let origin = Origin::now(UserId::recorded("kim".to_owned()), &Clock::system());
            let draft = madang::command::article::Draft {
                board_id: self.board_id,
                text: Text {
                    title: Title::recorded(format!("The {number}th thing that I wanted to say")),
                    content: Content::recorded("It rained in the village yard. ".repeat(8)),
                },
                writer_name: WriterName::recorded("Kim".to_owned()),
            };
            last = self.node.commands.create_article(&origin, draft).await.ok();
        }
        let last = last.expect("an article");
        let mut status = self.node.status.clone().expect("a projector");
        status
            .wait_for(|status| status.position >= last.position)
            .await
            .expect("level views");
        last.state.id
    }

    /// Holds an answer against a handler that has its bytes at hand.
    pub(crate) async fn against_bare(&self, what: &str, path: &str) {
        let body = client::get(self.address, path).await;
        let what = format!("{what} ({} bytes)", body.len());
        let bare = bare(body).await;
        against((&what, "a bare handler"), (self.address, path), bare).await;
    }

    async fn posts(&self, alone: &std::path::Path) {
        let body = r#"{"title":"Hello","content":"It rained in the village yard."}"#;
        let request: Arc<str> = Arc::from(format!(
            "POST /v1/boards/{}/articles HTTP/1.1\r\nhost: yard\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.board_id,
            self.token,
            body.len(),
        ));
        let mut single = append::Alone::open(alone).await;
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let alone = single.rate(ROUND).await;
            let ours = client::rate(self.address, CONNECTIONS, ROUND, &request).await;
            rates.push(ours);
            ratios.push(ours / alone);
        }
        println!(
            "posts over {CONNECTIONS} connections: {:.0}/s, {:.1} x one insert, one commit (median \
             of {ROUNDS} rounds)",
            support::median(&mut rates),
            support::median(&mut ratios),
        );
        let begun = Instant::now();
        let head = self.node.store.head().await.expect("a head");
        let mut status = self.node.status.clone().expect("a projector");
        status
            .wait_for(|status| status.position >= head)
            .await
            .expect("level views");
        println!(
            "the views were level {:.0?} after the last post",
            begun.elapsed()
        );
    }
}

/// Asks one server for a path and another one for anything, in turn, and tells how they compare.
pub(crate) async fn against(
    (what, whom): (&str, &str),
    (ours, path): (SocketAddr, &str),
    theirs: SocketAddr,
) {
    let request = |path: &str| Arc::from(format!("GET {path} HTTP/1.1\r\nhost: yard\r\n\r\n"));
    let (wanted, anything): (Arc<str>, Arc<str>) = (request(path), request("/"));
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let theirs = client::rate(theirs, CONNECTIONS, ROUND, &anything).await;
        let ours = client::rate(ours, CONNECTIONS, ROUND, &wanted).await;
        rates.push(ours);
        ratios.push(ours / theirs);
    }
    println!(
        "{what}: {:.0}/s, {:.2} x {whom} (median of {ROUNDS} rounds)",
        support::median(&mut rates),
        support::median(&mut ratios),
    );
}

/// The HTTP of a node, with these queries in place of its own.
pub(crate) async fn serve(node: &Node, queries: Queries) -> SocketAddr {
    let key = AuthKey::from_text(KEY).expect("a key");
    let clock = Clock::system();
    listen(madang::http::router(Site {
        commands: Some(node.commands.clone()),
        viewing: Some(node.viewing.clone()),
        queries: Some(queries),
        log: node.store.clone(),
        verifier: Verifier::new(&key, clock.clone()),
        readiness: Readiness::new(Vec::new),
        clock,
        limits: Limits::default(),
    }))
    .await
}

/// A server that does nothing but answer with these bytes.
async fn bare(body: Bytes) -> SocketAddr {
    let handler = move || async move { ([(CONTENT_TYPE, "application/json")], body) };
    listen(Router::new().route("/", get(handler))).await
}

/// Runs a server on a free port.
pub(crate) async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(madang::http::run(listener, router, std::future::pending()));
    address
}
