//! What readers do without a word. Views of distinct (user, article) over many connections against a
//! bare axum handler that takes the same requests; likes of distinct articles against one insert
//! and one commit at a time. Server and generator share the machine.

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
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::{append, client, support};

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Connections that send views; each is a user of its own.
const VIEWERS: usize = 512;
/// Connections that send likes; each is a user of its own.
const LIKERS: usize = 64;
/// No user comes to the end of them: that would take 60,000 likes a second.
const ARTICLES: usize = 10_000;
const KEY: &str = "a key for benchmarks, of thirty-two bytes or more";

/// Starts a node and holds its views against the bare handler.
pub(crate) fn run_views(runtime: &Runtime) {
    runtime.block_on(async {
        let yard = Yard::open().await;
        let bare = bare().await;
        let next = Requests::of(("POST", "views"), yard.articles.clone(), VIEWERS);
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let bare = client::rate_of(bare, VIEWERS, ROUND, next.clone()).await;
            let ours = client::rate_of(yard.address, VIEWERS, ROUND, next.clone()).await;
            rates.push(ours);
            ratios.push(ours / bare);
        }
        println!(
            "views over {VIEWERS} connections: {:.0}/s, {:.2} x a bare POST handler (median of \
             {ROUNDS} rounds)",
            support::median(&mut rates),
            support::median(&mut ratios),
        );
        yard.node.stop().await;
    });
}

/// Starts a node and holds its likes against single commits.
pub(crate) fn run_likes(runtime: &Runtime) {
    runtime.block_on(async {
        let yard = Yard::open().await;
        let mut single = append::Alone::open(&yard.directory.path().join("alone.db")).await;
        let next = Requests::of(("PUT", "like"), yard.articles.clone(), LIKERS);
        let (mut rates, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let alone = single.rate(ROUND).await;
            let ours = client::rate_of(yard.address, LIKERS, ROUND, next.clone()).await;
            rates.push(ours);
            ratios.push(ours / alone);
        }
        println!(
            "likes over {LIKERS} connections: {:.0}/s, {:.1} x one insert, one commit (median of \
             {ROUNDS} rounds)",
            support::median(&mut rates),
            support::median(&mut ratios),
        );
        yard.node.stop().await;
    });
}

struct Yard {
    node: Node,
    address: SocketAddr,
    articles: Vec<ArticleId>,
    directory: TempDir,
}

impl Yard {
    async fn open() -> Self {
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
        Self {
            address: serve(&node, clock).await,
            node,
            articles,
            directory,
        }
    }
}

/// Requests that never name the same user and article twice.
struct Requests {
    what: (&'static str, &'static str),
    articles: Vec<ArticleId>,
    tokens: Vec<String>,
    sent: Vec<AtomicUsize>,
}

impl Requests {
    /// What `users` connections send, each as a user of its own: a method, and what stands behind
    /// the article in the path.
    fn of(
        what: (&'static str, &'static str),
        articles: Vec<ArticleId>,
        users: usize,
    ) -> impl Fn(usize) -> String + Clone + Send + 'static {
        let requests = Arc::new(Self {
            what,
            articles,
            tokens: (0..users).map(token).collect(),
            sent: (0..users).map(|_| AtomicUsize::new(0)).collect(),
        });
        move |connection| requests.next(connection)
    }

    /// The next request of a connection's user. Users begin at different articles.
    fn next(&self, connection: usize) -> String {
        let number = self.sent[connection].fetch_add(1, Ordering::Relaxed);
        let apart = self.articles.len() / self.tokens.len();
        let article = self.articles[(connection * apart + number) % self.articles.len()];
        let token = &self.tokens[connection];
        let (method, at) = self.what;
        format!(
            "{method} /v1/articles/{article}/{at} HTTP/1.1\r\nhost: yard\r\nauthorization: Bearer \
             {token}\r\ncontent-length: 0\r\n\r\n"
        )
    }
}

fn token(user: usize) -> String {
    let grant = Grant {
        user: UserId::recorded(format!("user {user}")),
        name: None,
        roles: std::iter::empty().collect(),
        issued_at: Clock::system().now(),
        expires_at: Timestamp::MAX,
    };
    let key = AuthKey::from_text(KEY).expect("a key");
    mint(&key, &grant).expect("a token")
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
