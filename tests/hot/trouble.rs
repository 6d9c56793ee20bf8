//! A Redis that is paused, killed, replaced, or says no.

use std::time::{Duration, Instant};

use madang::hot::{Hot, HotError, HotPrefix, HotUrl, Read};
use tokio::sync::watch;

use super::articles::liked;
use super::yard::{Yard, article, begin, connect, connect_hasty, position};
use crate::servers::proxy::{Manner, Proxy};
use crate::servers::redis::{Redis, RedisCluster};

/// More than a reader ever waits for an answer.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_paused_redis_keeps_no_reader_waiting() {
    let mut yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    let hasty = connect_hasty(&yard.redis.url(), "yard");
    yard.redis.process().pause();
    let begin = Instant::now();
    let id = super::yard::article_id(1);
    let read = hasty.article(&yard.generation, id).await;
    assert!(matches!(read, Err(HotError::Away(_))), "{read:?}");
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    yard.redis.process().resume();
    assert_eq!(yard.article(1).await, Read::Entry(article()));
}

/// The server does what it was sent while it was paused, though nobody waits for it any more.
#[tokio::test]
async fn a_batch_that_arrives_after_it_was_given_up_counts_once() {
    let mut yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    let hasty = connect_hasty(&yard.redis.url(), "yard");
    assert!(hasty.pointer().await.is_ok(), "it is connected");
    yard.redis.process().pause();
    let batch = liked(1, 4);
    let given_up = hasty.apply(&yard.pointer.generation, &batch).await;
    assert!(matches!(given_up, Err(HotError::Away(_))), "{given_up:?}");
    yard.redis.process().resume();
    yard.apply(&batch).await;
    assert_eq!(super::articles::likes(&yard, 1).await, 3);
}

#[tokio::test]
async fn a_restarted_redis_is_empty_and_known_to_be_another() {
    let mut yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    let before = yard.hot.replication().await.unwrap();
    yard.redis.process().kill();
    assert!(matches!(yard.hot.pointer().await, Err(HotError::Away(_))));
    yard.redis.process().restart();
    assert_eq!(yard.hot.pointer().await, Ok(None));
    assert_ne!(yard.hot.replication().await.unwrap(), before);
}

/// The replica lacks the last writes of a master that is gone: what it holds is not to be used.
#[tokio::test]
async fn a_promoted_replica_is_known_to_be_another() {
    let master = Redis::start();
    let mut replica = Redis::start_replica(&master).await;
    let mut yard = Yard::on(master).await;
    yard.fill_article(1, 3).await;
    yard.redis.wait_until_copied().await;
    let seeds = format!("{},{}", yard.redis.url(), replica.url());
    let hot = connect(&seeds, "yard");
    assert_eq!(
        hot.replication().await,
        Ok(yard.pointer.replication.clone())
    );

    replica.process().pause();
    yard.apply(&liked(1, 4)).await;
    yard.redis.process().kill();
    replica.process().resume();
    let alone = hot.pointer().await;
    assert!(alone.is_err(), "a replica is no master: {alone:?}");

    let _: String = replica.run("REPLICAOF NO ONE").await;
    assert_eq!(hot.pointer().await, Ok(Some(yard.pointer.clone())));
    assert_ne!(hot.replication().await, Ok(yard.pointer.replication));
    assert_ne!(begin(&hot, 3).await.generation, yard.pointer.generation);
}

#[tokio::test]
async fn a_replica_takes_no_writes() {
    let master = Redis::start();
    let replica = Redis::start_replica(&master).await;
    let hot = connect(&replica.url(), "yard");
    let pointer = hot.pointer().await;
    assert!(matches!(pointer, Err(HotError::ReadOnly(_))), "{pointer:?}");
}

#[tokio::test]
async fn a_master_that_was_demoted_takes_no_writes() {
    let yard = Yard::new().await;
    let other = Redis::start();
    let address = other.url();
    let address = address.trim_start_matches("redis://").replace(':', " ");
    let _: String = yard.redis.run(&format!("REPLICAOF {address}")).await;
    let applied = yard.hot.apply(&yard.pointer.generation, &liked(1, 4)).await;
    assert!(matches!(applied, Err(HotError::ReadOnly(_))), "{applied:?}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_repeated() {
    let redis = Redis::start_with(&["--requirepass", "right"]);
    let url = redis.url().replace("redis://", "redis://:wr0ng@");
    let hot = connect(&url, "yard");
    let pointer = hot.pointer().await;
    let Err(HotError::Refused(text)) = pointer else {
        panic!("{pointer:?}");
    };
    assert!(!text.contains("wr0ng"), "{text}");
    let url = redis.url().replace("redis://", "redis://:right@");
    assert_eq!(connect(&url, "yard").pointer().await, Ok(None));
}

#[tokio::test]
async fn nobody_there_is_away() {
    let mut redis = Redis::start();
    redis.process().kill();
    let pointer = connect(&redis.url(), "yard").pointer().await;
    assert!(matches!(pointer, Err(HotError::Away(_))), "{pointer:?}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_away() {
    let redis = Redis::start();
    let url = redis.url().replace("redis://", "rediss://");
    let pointer = connect(&url, "yard").pointer().await;
    assert!(matches!(pointer, Err(HotError::Away(_))), "{pointer:?}");
}

#[test]
fn urls_are_checked_before_anything_is_connected() {
    for good in [
        "redis://localhost",
        "rediss://user:pass@host:7000/3",
        "redis://:p%40ss@[::1]:1",
        "redis://a:1, redis://b:2",
    ] {
        assert!(HotUrl::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "localhost",
        "http://localhost",
        "redis://",
        "redis://h:99999",
        "redis://h/x",
        "redis://a,",
        "redis://:one@a,redis://:two@b",
        "unix:///tmp/socket",
    ] {
        assert!(HotUrl::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn no_secret_of_a_url_is_shown() {
    let url = HotUrl::parse("redis://me:s3cret@host:7000,redis://me:s3cret@other:7001").unwrap();
    let hot = Hot::new(url.clone(), HotPrefix::default());
    assert_eq!(url.to_string(), "host:7000,other:7001");
    assert_eq!(format!("{hot:?}"), "Hot(host:7000,other:7001)");
    let malformed = HotUrl::parse("redis://me:s3cret@host:port").unwrap_err();
    assert!(!malformed.to_string().contains("s3cret"));
}

#[test]
fn a_prefix_leaves_the_braces_to_the_keys() {
    assert!(HotPrefix::parse("madang_test-1.a").is_ok());
    for bad in ["", "a b", "a:b", "{a}", "마당", &"x".repeat(65)] {
        assert!(HotPrefix::parse(bad).is_err(), "{bad}");
    }
}

/// Made on another thread, since it has a runtime of its own.
fn before(server: &mut Redis) -> Proxy {
    let port = server.process().port();
    let made = std::thread::spawn(move || Proxy::before(port));
    made.join().unwrap()
}

/// One that takes connections and says nothing.
fn silent(server: &mut Redis) -> Proxy {
    let proxy = before(server);
    proxy.be(Manner::Silent);
    proxy
}

fn seeds(urls: &[String]) -> Hot {
    let url = HotUrl::parse(&urls.join(",")).unwrap();
    Hot::new(url, HotPrefix::parse("seeds").unwrap())
}

fn url_of(proxy: &Proxy) -> String {
    format!("redis://127.0.0.1:{}", proxy.port())
}

/// Who asks gives up before so many were tried; the next one to ask does not begin with the first.
#[tokio::test]
async fn silent_seeds_delay_and_do_not_prevent() {
    let mut good = Redis::start();
    let (one, two) = (silent(&mut good), silent(&mut good));
    let hot = seeds(&[url_of(&one), url_of(&two), good.url()]);
    let asked = async { while hot.pointer().await.is_err() {} };
    let found = tokio::time::timeout(Duration::from_secs(30), asked).await;
    assert!(found.is_ok(), "the good seed is never reached");
}

#[tokio::test]
async fn a_cluster_is_reached_past_a_silent_seed() {
    let (cluster, mut other) = (RedisCluster::shared().await, Redis::start());
    let silent = silent(&mut other);
    let hot = seeds(&[cluster.url(), url_of(&silent)]);
    let asked = async { while hot.pointer().await.is_err() {} };
    let found = tokio::time::timeout(Duration::from_secs(30), asked).await;
    assert!(found.is_ok(), "the silent seed keeps everybody waiting");
}

/// What SQL had two seconds ago, for whoever looked then, is what it had before the outage.
#[tokio::test]
async fn a_redis_that_was_away_is_not_read_before_it_has_what_sql_has() {
    let mut redis = Redis::start();
    let proxy = before(&mut redis);
    let hot = connect(&url_of(&proxy), "cut");
    let pointer = begin(&hot, 5).await;
    let (sql, told) = watch::channel(position(5));
    let following = tokio::spawn({
        let (hot, log_id) = (hot.clone(), pointer.log_id);
        async move { hot.follow(log_id, told).await }
    });
    while hot.generation().is_none() {
        tokio::task::yield_now().await;
    }
    proxy.be(Manner::Refuse);
    while hot.generation().is_some() {
        tokio::task::yield_now().await;
    }
    sql.send_replace(position(9));
    proxy.be(Manner::Pass);
    while hot.last_resort().is_some() {
        assert_eq!(hot.generation(), None);
        tokio::task::yield_now().await;
    }
    following.abort();
}
