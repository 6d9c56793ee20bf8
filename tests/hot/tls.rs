//! Redis over TLS: whose certificate is believed, and what is said of the others.

use madang::event_store::eventstoredb::provide_tls;
use madang::hot::{Hot, HotError, HotUrl};

use super::yard::{begin, connect};
use crate::servers::certificates::Authority;
use crate::servers::redis::{Redis, RedisCluster};

async fn hot(url: &str) -> Hot {
    provide_tls().await;
    connect(url, "yard")
}

/// What keeps a client away that uses this URL.
async fn away(url: &str) -> String {
    match hot(url).await.pointer().await {
        Err(HotError::Away(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_believed_if_it_is_named() {
    let authority = Authority::new();
    let redis = Redis::start_tls(&authority.sign("127.0.0.1"));
    let hot = hot(&redis.tls_url(&authority)).await;
    begin(&hot, 0).await;
    assert!(hot.pointer().await.unwrap().is_some());
}

#[tokio::test]
async fn a_cluster_is_reached_by_tls_on_all_its_nodes() {
    let authority = Authority::new();
    let cluster = RedisCluster::start_tls(&authority.sign("127.0.0.1")).await;
    let hot = hot(&cluster.tls_url(&authority)).await;
    // Each master is asked for its replication.
    begin(&hot, 0).await;
    assert!(hot.pointer().await.unwrap().is_some());
}

#[tokio::test]
async fn an_authority_that_browsers_do_not_know_is_believed_by_nobody_else() {
    let authority = Authority::new();
    let redis = Redis::start_tls(&authority.sign("127.0.0.1"));
    let unnamed = redis.tls_url(&authority);
    let unnamed = unnamed.split('?').next().unwrap();
    let stranger = Authority::new();
    let other = redis.tls_url(&stranger);
    for url in [unnamed, &other] {
        let why = away(url).await;
        assert!(why.contains("invalid peer certificate"), "{why}");
    }
}

#[tokio::test]
async fn a_certificate_is_good_for_its_own_host_only() {
    let authority = Authority::new();
    let redis = Redis::start_tls(&authority.sign("elsewhere.example"));
    let why = away(&redis.tls_url(&authority)).await;
    assert!(why.contains("not valid for name"), "{why}");
}

#[tokio::test]
async fn a_file_that_holds_no_certificate_is_a_refusal_that_names_it() {
    let text = tempfile::NamedTempFile::new().unwrap();
    for path in ["/nothing/ca.pem", text.path().to_str().unwrap()] {
        let hot = hot(&format!("rediss://127.0.0.1:1?ssl-ca={path}")).await;
        match hot.pointer().await {
            Err(HotError::Refused(why)) => assert!(why.contains(path), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_authority_is_one_file_for_all_seeds_and_for_tls() {
    for good in [
        "rediss://a?ssl-ca=/ca.pem,rediss://b?ssl-ca=/ca.pem",
        "rediss://:secret@a:1/0?ssl-ca=/with%20spaces/ca.pem",
        "rediss://a?protocol=resp3&ssl-ca=/ca.pem",
    ] {
        let url = HotUrl::parse(good);
        assert!(
            url.is_ok_and(|url| !url.to_string().contains('?')),
            "{good}"
        );
    }
    for bad in [
        "redis://a?ssl-ca=/ca.pem",
        "rediss://a?ssl-ca=/ca.pem,rediss://b",
        "rediss://a?ssl-ca=/ca.pem,rediss://b?ssl-ca=/other.pem",
        "rediss://a?ssl-ca=/ca.pem&ssl-ca=/ca.pem",
        "rediss://a?ssl-ca=%ff",
    ] {
        assert!(HotUrl::parse(bad).is_err(), "{bad}");
    }
}
