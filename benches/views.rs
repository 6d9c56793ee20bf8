//! Views: distinct (user, article) over many connections against a bare axum handler that takes the
//! same requests. Server and generator share the machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use futures_util::StreamExt;
use madang::ambient::Clock;
use madang::command::Origin;
use madang::command::article::Draft;
use madang::config::Settings;
use madang::domain::article::Text;
use madang::domain::text::{Content, Title, WriterName};
use madang::domain::{ArticleId, Timestamp, UserId};
use madang::http::{AuthKey, Grant, Limits, Readiness, Site, Verifier, mint};
use madang::node::Node;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::{client, support};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Each is a user of its own.
const CONNECTIONS: usize = 512;
/// No user comes to the end of them: that would take 500,000 views a second.
const ARTICLES: usize = 10_000;
const KEY: &str = "a key for benchmarks, of thirty-two bytes or more";

/// Starts a node and holds it against the bare handler.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async {
        let directory = support::directory();
        let settings = Settings {
            data_dir: Some(directory.path().to_owned()),
            auth_key: Some(KEY.to_owned()),
            ..Settings::default()
        };
        let config = settings.resolve().expect("settings");
        let clock = Clock::system();
        let node = Node::start(&config, clock.clone()).await.expect("a node");
        let articles = articles(&node, &clock).await;
        let ours = serve(&node, clock.clone()).await;
        let bare = bare().await;
        let requests = Arc::new(Requests::new(articles, &clock));
        compare(ours, bare, &requests).await;
        node.stop().await;
    });
}

async fn compare(ours: SocketAddr, bare: SocketAddr, requests: &Arc<Requests>) {
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let next = |requests: &Arc<Requests>| {
            let requests = Arc::clone(requests);
            move |connection| requests.next(connection)
        };
        let bare = client::rate_of(bare, CONNECTIONS, ROUND, next(requests)).await;
        let ours = client::rate_of(ours, CONNECTIONS, ROUND, next(requests)).await;
        rates.push(ours);
        ratios.push(ours / bare);
    }
    println!(
        "views over {CONNECTIONS} connections: {:.0}/s, {:.2} x a bare POST handler (median of \
         {ROUNDS} rounds)",
        support::median(&mut rates),
        support::median(&mut ratios),
    );
}

/// Requests that never name the same user and article twice.
struct Requests {
    articles: Vec<ArticleId>,
    tokens: Vec<String>,
    sent: Vec<AtomicUsize>,
}

impl Requests {
    fn new(articles: Vec<ArticleId>, clock: &Clock) -> Self {
        let key = AuthKey::from_text(KEY).expect("a key");
        let token = |n: usize| {
            let grant = Grant {
                user: UserId::recorded(format!("user {n}")),
                name: None,
                roles: std::iter::empty().collect(),
                issued_at: clock.now(),
                expires_at: Timestamp::MAX,
            };
            mint(&key, &grant).expect("a token")
        };
        Self {
            articles,
            tokens: (0..CONNECTIONS).map(token).collect(),
            sent: (0..CONNECTIONS).map(|_| AtomicUsize::new(0)).collect(),
        }
    }

    /// The next request of a connection's user. Users begin at different articles.
    fn next(&self, connection: usize) -> String {
        let number = self.sent[connection].fetch_add(1, Ordering::Relaxed);
        let article = self.articles[(connection * 19 + number) % self.articles.len()];
        let token = &self.tokens[connection];
        format!(
            "POST /v1/articles/{article}/views HTTP/1.1\r\nhost: yard\r\nauthorization: Bearer \
             {token}\r\ncontent-length: 0\r\n\r\n"
        )
    }
}

async fn articles(node: &Node, clock: &Clock) -> Vec<ArticleId> {
    let by = |name: &str| Origin::now(UserId::recorded(name.to_owned()), clock);
    let board = node
        .commands
        .create_board(&by("root"), support::settings(1))
        .await;
    let board_id = board.expect("a board").state.id;
    let post = |number: usize| {
        let draft = Draft {
            board_id,
            text: Text {
                title: Title::recorded(format!("The {number}th thing that I wanted to say")),
                content: Content::recorded("It rained in the village yard. ".repeat(8)),
            },
            writer_name: WriterName::recorded("Kim".to_owned()),
        };
        let origin = by("kim");
        async move {
            let posted = node.commands.create_article(&origin, draft).await;
            posted.expect("an article").state.id
        }
    };
    let posts = futures_util::stream::iter((0..ARTICLES).map(post));
    posts.buffer_unordered(500).collect().await
}

async fn serve(node: &Node, clock: Clock) -> SocketAddr {
    let key = AuthKey::from_text(KEY).expect("a key");
    let router = madang::http::router(Site {
        commands: Some(node.commands.clone()),
        viewing: Some(node.viewing.clone()),
        queries: Some(node.queries.clone()),
        log: node.store.clone(),
        verifier: Verifier::new(&key, clock.clone()),
        readiness: Readiness::new(Vec::new),
        clock,
        limits: Limits::default(),
    });
    listen(router).await
}

/// A server that takes the same requests and answers with bytes of the same kind.
async fn bare() -> SocketAddr {
    const BODY: &str = r#"{"counted":true,"view_count":17}"#;
    let handler = || async { ([(CONTENT_TYPE, "application/json")], BODY) };
    let path = "/v1/articles/{article_id}/views";
    listen(Router::new().route(path, post(handler))).await
}

async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(madang::http::run(listener, router, std::future::pending()));
    address
}
