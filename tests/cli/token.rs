//! `madang token`.

use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use madang::ambient::Clock;
use madang::http::{AuthKey, Role, Verifier};
use serde_json::Value;

use super::madang::Place;

fn claims(token: &str) -> Value {
    let payload = token.trim_end().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn it_prints_the_token_and_nothing_else() {
    let place = Place::new();
    let args = [
        "token", "--user", "kim", "--name", "Kim", "--role", "admin", "--role", "auditor",
    ];
    let ended = place.run(&args).expect(0);
    assert_eq!(
        (ended.stdout.lines().count(), ended.stderr.as_str()),
        (1, "")
    );
    let key = AuthKey::load(&place.path("data/auth.key")).unwrap();
    let identity = Verifier::new(&key, Clock::system())
        .verify(ended.stdout.trim_end())
        .unwrap();
    assert_eq!(
        (identity.user.as_str(), identity.name.as_str()),
        ("kim", "Kim")
    );
    assert!(identity.roles.has(Role::Admin) && identity.roles.has(Role::Auditor));
    assert!(!identity.roles.has(Role::Moderator));
}

#[test]
fn the_key_is_made_once_for_its_owner_alone() {
    let place = Place::new();
    place.run(&["token", "--user", "kim"]).expect(0);
    let path = place.path("data/auth.key");
    let key = std::fs::read(&path).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    place.run(&["token", "--user", "lee"]).expect(0);
    assert_eq!(std::fs::read(&path).unwrap(), key);
}

#[test]
fn a_token_lives_as_long_as_asked() {
    let place = Place::new();
    let day = 24 * 60 * 60;
    let lives = [
        ("1s", 1),
        ("15m", 900),
        ("12h", day / 2),
        ("3650d", 3650 * day),
    ];
    for (ttl, seconds) in lives {
        let ended = place
            .run(&["token", "--user", "kim", "--ttl", ttl])
            .expect(0);
        let claims = claims(&ended.stdout);
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            seconds
        );
    }
    let default = place.run(&["token", "--user", "kim"]).expect(0);
    let claims = claims(&default.stdout);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        30 * day
    );
}

#[test]
fn what_no_token_may_say_is_wrong_use() {
    let place = Place::new();
    let long = "k".repeat(65);
    let name = "n".repeat(101);
    let wrong = [
        &["token"][..],
        &["token", "--user", ""],
        &["token", "--user", &long],
        &["token", "--user", "imported:1"],
        &["token", "--user", "system:log"],
        &["token", "--user", "a\nb"],
        &["token", "--user", "kim", "--name", &name],
        &["token", "--user", "kim", "--name", ""],
        &["token", "--user", "kim", "--role", "boss"],
    ];
    for args in wrong {
        let ended = place.run(args).expect(2);
        assert_eq!(ended.stdout, "");
    }
    for ttl in [
        "",
        "0s",
        "3651d",
        "1",
        "d",
        "-1d",
        "+1d",
        "1.5h",
        "1w",
        "99999999999999999999d",
        "1ñ",
    ] {
        place
            .run(&["token", "--user", "kim", "--ttl", ttl])
            .expect(2);
    }
}

#[test]
fn a_configured_key_needs_no_file() {
    let place = Place::new();
    let key = "0123456789abcdef0123456789abcdef";
    place
        .run(&["token", "--user", "kim", "--auth-key", key])
        .expect(0);
    assert!(!place.path("data/auth.key").exists());
    place
        .run(&["token", "--user", "kim", "--auth-key", &key[1..]])
        .expect(2);
}

#[tokio::test]
async fn it_works_beside_a_running_server() {
    let place = Place::new();
    let log = place.served_log().await;
    place.run(&["token", "--user", "kim"]).expect(0);
    log.close().await;
}
