//! Nodes with a Redis: what they make hot, and what they do if it is away or not theirs.

use madang::ambient::Clock;
use madang::command::article::Draft;
use madang::config::Config;
use madang::domain::text::WriterName;
use madang::domain::{ArticleId, BoardId};
use madang::event_store::Position;
use madang::hot::{HotPrefix, HotUrl};
use madang::node::Node;
use madang::query::{Document, Lookup};
use serde_json::json;
use tokio::task::yield_now;

use super::server::Server;
use super::{new_board, origin, refusal};
use crate::cli::madang::Place;
use crate::projections::yard::text;
use crate::servers::certificates::Authority;
use crate::servers::process::free_port;
use crate::servers::redis::Redis;
use crate::stack::Home;

async fn config(home: &Home, url: &str) -> Config {
    Config {
        redis: Some((HotUrl::parse(url).unwrap(), HotPrefix::default())),
        ..home.config().await
    }
}

async fn start(config: &Config) -> Node {
    Node::start(config, Clock::system()).await.unwrap()
}

/// Posts an article.
async fn post(node: &Node, board: BoardId) -> (ArticleId, Position) {
    let draft = Draft {
        board_id: board,
        text: text("title"),
        writer_name: WriterName::parse("Kim").unwrap(),
    };
    let by = origin(&Clock::system());
    let posted = node.commands.create_article(&by, draft).await;
    let done = posted.unwrap();
    (done.state.id, done.position)
}

async fn is_found(node: &Node, id: ArticleId, wait_for: Option<Position>) -> bool {
    let show = |_| Document {
        body: "found".into(),
        etag: None,
    };
    let found = node.queries.article(id, wait_for, show).await;
    matches!(found, Ok(Lookup::Found(_)))
}

/// Waits until what is hot has got there.
async fn warms_up(node: &Node, position: Position) {
    let hot = node.hot.as_ref().unwrap();
    while hot
        .generation()
        .is_none_or(|known| known.checkpoint() < position)
    {
        yield_now().await;
    }
}

#[tokio::test]
async fn what_a_node_reads_becomes_hot() {
    let (home, redis) = (Home::new(), Redis::start());
    let node = start(&config(&home, &redis.url()).await).await;
    let board = new_board(&node, &Clock::system()).await;
    let (article, position) = post(&node, board).await;
    warms_up(&node, position).await;
    assert!(is_found(&node, article, Some(position)).await);
    let keys: Vec<String> = redis.run(&format!("KEYS *:article:{{{article}}}")).await;
    assert_eq!(keys.len(), 1, "{keys:?}");
    let title: String = redis.run(&format!("HGET {} title", keys[0])).await;
    assert_eq!(title, "title");
    node.stop().await;
}

#[tokio::test]
async fn a_node_that_starts_again_finds_its_hot_views() {
    let (home, redis) = (Home::new(), Redis::start());
    let config = config(&home, &redis.url()).await;
    let node = start(&config).await;
    new_board(&node, &Clock::system()).await;
    let position = node.store.head().await.unwrap();
    warms_up(&node, position).await;
    let name = node
        .hot
        .as_ref()
        .unwrap()
        .generation()
        .unwrap()
        .name()
        .clone();
    node.stop().await;
    let node = start(&config).await;
    warms_up(&node, position).await;
    assert_eq!(
        node.hot.as_ref().unwrap().generation().unwrap().name(),
        &name
    );
    node.stop().await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_keeps_nobody_from_serving() {
    let home = Home::new();
    let url = format!("redis://127.0.0.1:{}", free_port());
    let node = start(&config(&home, &url).await).await;
    let board = new_board(&node, &Clock::system()).await;
    let (article, position) = post(&node, board).await;
    assert!(is_found(&node, article, Some(position)).await);
    assert!(node.hot.as_ref().unwrap().generation().is_none());
    node.stop().await;
}

#[test]
fn a_node_is_ready_without_redis_and_says_so() {
    let (place, mut redis) = (Place::new(), Redis::start());
    redis.process().kill();
    place.write("madang.toml", format!("redis = \"{}\"\n", redis.url()));
    let server = Server::start(&place);
    let says = |state: &str| (200, json!({"name": "redis", "ok": true, "state": state}));
    while server.health("redis") != says("away") {}
    redis.process().restart();
    while server.health("redis") != says("live") {}
    redis.process().kill();
    while server.health("redis") != says("away") {}
}

#[tokio::test]
async fn a_redis_of_another_log_is_refused_until_it_has_another_prefix() {
    let (mine, theirs, redis) = (Home::new(), Home::new(), Redis::start());
    let their_config = config(&theirs, &redis.url()).await;
    let node = start(&their_config).await;
    warms_up(&node, Position::START).await;
    node.stop().await;
    let before: Vec<String> = redis.run("KEYS *").await;
    let mut config = config(&mine, &redis.url()).await;
    let refusal = refusal(&config).await;
    assert!(refusal.contains("redis_prefix"), "{refusal}");
    assert_eq!(redis.run::<Vec<String>>("KEYS *").await, before);
    config.redis = config
        .redis
        .map(|(url, _)| (url, HotPrefix::parse("other").unwrap()));
    let node = start(&config).await;
    warms_up(&node, Position::START).await;
    node.stop().await;
}

#[tokio::test]
async fn a_redis_that_does_not_know_the_password_is_refused() {
    let (home, redis) = (Home::new(), Redis::start_with(&["--requirepass", "sesame"]));
    let with = |secret: &str| redis.url().replace("//", &format!("//:{secret}@"));
    for url in [redis.url(), with("guess")] {
        let refusal = refusal(&config(&home, &url).await).await;
        assert!(refusal.contains("password"), "{refusal}");
        assert!(!refusal.contains("guess"), "{refusal}");
    }
    start(&config(&home, &with("sesame")).await)
        .await
        .stop()
        .await;
}

#[tokio::test]
async fn a_copy_of_another_redis_is_refused() {
    let (home, master) = (Home::new(), Redis::start());
    let replica = Redis::start_replica(&master).await;
    let refusal = refusal(&config(&home, &replica.url()).await).await;
    assert!(refusal.contains("slave"), "{refusal}");
}

#[test]
fn a_refusal_ends_the_program_with_1_and_nothing_secret_is_said() {
    let (place, redis) = (
        Place::new(),
        Redis::start_with(&["--requirepass", "sesame"]),
    );
    let url = redis.url().replace("//", "//kim:secret@");
    let ended = place.run(&["serve", "--redis", &url]).expect(1);
    assert!(ended.stderr.contains("password"), "{ended:?}");
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
}

/// Who made the process's default provider for TLS is none of Redis' business, but without one its client panics.
#[test]
fn a_node_reaches_a_redis_by_tls() {
    let authority = Authority::new();
    let redis = Redis::start_tls(&authority.sign("127.0.0.1"));
    let place = Place::new();
    place.write(
        "madang.toml",
        format!("redis = \"{}\"", redis.tls_url(&authority)),
    );
    let server = Server::start(&place);
    server.is_ready();
    while server.health("redis").1["state"] != "live" {}
}
