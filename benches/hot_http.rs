//! A hot article through Redis. Without the in-process cache, so that each request asks Redis, against
//! a bare axum handler that does one HGETALL of the same hash for each request and answers with the
//! same bytes; with the cache against one that has the bytes at hand. Server, generator and Redis
//! share the machine; both ask Redis over one connection for all their requests.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use madang::config::Settings;
use madang::domain::ArticleId;
use madang::hot::{Hot, Read};
use redis::{Value, cmd};
use tokio::runtime::Runtime;

use crate::http::{self, KEY, Yard};
use crate::servers::Redis;
use crate::{client, support};

const PREFIX: &str = "bench";
/// Requests after which Redis tells whether they have come to it.
const ASKED: u64 = 100;

/// Starts a node with a Redis and holds it against the bare parts.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async {
        let Some(redis) = Redis::start() else { return };
        let directory = support::directory();
        let settings = Settings {
            data_dir: Some(directory.path().to_owned()),
            auth_key: Some(KEY.to_owned()),
            redis: Some(redis.url()),
            redis_prefix: Some(PREFIX.to_owned()),
            ..Settings::default()
        };
        let config = settings.resolve().expect("settings");
        let yard = Yard::open(&config).await;
        let article_id = yard.post(100).await;
        let path = format!("/v1/articles/{article_id}");
        let uncached = yard.node.queries.clone().without_cache();
        let uncached = http::serve(&yard.node, uncached).await;
        let hot = yard.node.hot.clone().expect("a Redis");
        let key = warm(&hot, article_id, (uncached, &path)).await;
        compare(&redis, key, (uncached, &path)).await;
        yard.against_bare("hot article, from the cache", &path)
            .await;
        yard.node.stop().await;
    });
}

/// Asks until the article is hot; answers with its key.
async fn warm(hot: &Hot, id: ArticleId, (server, path): (SocketAddr, &str)) -> String {
    loop {
        client::get(server, path).await;
        if let Some(generation) = hot.generation()
            && let Ok(Read::Entry(_)) = hot.article(&generation, id).await
        {
            return format!("{PREFIX}:{}:article:{{{id}}}", generation.name());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Holds the article without the cache against the bare handler.
async fn compare(redis: &Redis, key: String, (server, path): (SocketAddr, &str)) {
    let body = client::get(server, path).await;
    let what = format!("hot article, from Redis ({} bytes)", body.len());
    let bare = bare(redis, key, body).await;
    http::against((&what, "a bare HGETALL handler"), (server, path), bare).await;
    // It was Redis that was measured.
    let before = redis.calls("hgetall").await;
    for _ in 0..ASKED {
        client::get(server, path).await;
    }
    assert!(redis.calls("hgetall").await - before >= ASKED);
}

/// A server that asks Redis for the hash, each time, and does nothing with it.
async fn bare(redis: &Redis, key: String, body: Bytes) -> SocketAddr {
    let connection = redis.connect().await;
    let handler = move || {
        let (mut connection, key, body) = (connection.clone(), key.clone(), body.clone());
        async move {
            let mut ask = cmd("HGETALL");
            let found: Value = ask
                .arg(&key)
                .query_async(&mut connection)
                .await
                .expect("a hash");
            assert!(matches!(found, Value::Array(fields) if !fields.is_empty()));
            ([(CONTENT_TYPE, "application/json")], body)
        }
    };
    http::listen(Router::new().route("/", get(handler))).await
}
