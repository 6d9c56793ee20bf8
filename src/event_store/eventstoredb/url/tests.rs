//! What is taken, what is refused, and that neither ever shows a secret.

use super::{Credentials, EsdbUrl, MalformedEsdbUrl};

const SECRET: &str = "s3cret";

fn parse(text: &str) -> Result<EsdbUrl, MalformedEsdbUrl> {
    EsdbUrl::parse(text, &Credentials::default())
}

fn given(user: Option<&str>, password: Option<&str>) -> Credentials {
    Credentials {
        user: user.map(str::to_owned),
        password: password.map(str::to_owned),
        ca_file: None,
    }
}

fn login(user: &str, password: &str) -> eventstore::Credentials {
    eventstore::Credentials::new(user.to_owned(), password.to_owned())
}

#[test]
fn hosts_are_shown_with_their_ports_and_nothing_else() {
    let shown = [
        ("esdb://log", "esdb://log:2113"),
        ("esdb://log/", "esdb://log:2113"),
        ("esdb://127.0.0.1:4000?tls=false", "esdb://127.0.0.1:4000"),
        ("esdb://[::1]:4000", "esdb://[::1]:4000"),
        ("esdb://[::1]", "esdb://[::1]:2113"),
        ("esdb://kim:s3cret@log", "esdb://log:2113"),
        ("esdb://a:1,b,c:3/?tls=true", "esdb://a:1,b:2113,c:3"),
        ("esdb+discover://cluster", "esdb+discover://cluster:2113"),
    ];
    for (text, as_shown) in shown {
        let url = parse(text).unwrap();
        assert_eq!(url.to_string(), as_shown);
        assert_eq!(format!("{url:?}"), format!("EsdbUrl({as_shown})"));
    }
}

#[test]
fn the_client_gets_every_host_and_asks_for_the_leader() {
    let url = parse("esdb://a:1,b,c:3?tls=false").unwrap();
    let hosts = url.settings().hosts().iter();
    let hosts: Vec<_> = hosts.map(|h| (h.host.as_str(), h.port)).collect();
    assert_eq!(hosts, [("a", 1), ("b", 2113), ("c", 3)]);
    let leader = eventstore::NodePreference::Leader;
    assert_eq!(url.settings().node_preference(), leader);
    assert!(!url.settings().is_dns_discovery_enabled());
    let cluster = parse("esdb+discover://cluster").unwrap();
    assert!(cluster.settings().is_dns_discovery_enabled());
}

#[test]
fn user_and_password_are_decoded_and_kept_from_the_client() {
    let url = parse("esdb://ki%40m:p%3A%2F%3F%23%25%20%EB%A7%88@log").unwrap();
    assert!(url.login == Some(login("ki@m", "p:/?#% 마")));
    assert_eq!(url.settings().default_authenticated_user(), &None);
}

#[test]
fn what_is_given_beside_the_url_wins() {
    let of = |text, credentials| EsdbUrl::parse(text, &credentials).unwrap().login;
    let both = given(Some("lee"), Some("other"));
    assert!(of("esdb://kim:s3cret@log", both.clone()) == Some(login("lee", "other")));
    assert!(of("esdb://log", both) == Some(login("lee", "other")));
    let password = given(None, Some("other"));
    assert!(of("esdb://kim:s3cret@log", password) == Some(login("kim", "other")));
    assert!(of("esdb://log", given(None, None)).is_none());
}

#[test]
fn nobody_is_half_known() {
    for (text, credentials) in [
        ("esdb://kim@log", given(None, None)),
        ("esdb://:s3cret@log", given(None, None)),
        ("esdb://log", given(Some("kim"), None)),
        ("esdb://log", given(None, Some(SECRET))),
        ("esdb://log", given(Some("ki:m"), Some(SECRET))),
    ] {
        let refused = EsdbUrl::parse(text, &credentials).unwrap_err();
        assert!(matches!(refused, MalformedEsdbUrl::Shape(_)), "{refused}");
    }
}

#[test]
fn bad_urls_are_refused_without_their_secrets() {
    for text in [
        "",
        "s3cret",
        "esdb:/s3cret",
        "http://kim:s3cret@log",
        "ESDB://kim:s3cret@log",
        "esdb://",
        "esdb://kim:s3cret@",
        "esdb://kim:s3cret@log:",
        "esdb://kim:s3cret@log:0",
        "esdb://kim:s3cret@log:+1",
        "esdb://kim:s3cret@log:65536",
        "esdb://kim:s3cret@log:2113:2114",
        "esdb://kim:s3cret@lo g",
        "esdb://kim:s3cret@lo\ng",
        "esdb://kim:s3cret@로그",
        "esdb://kim:s3cret@log,",
        "esdb://kim:s3cret@,log",
        "esdb://kim:s3cret@[::1",
        "esdb://kim:s3cret@[log]",
        "esdb://kim:s3cret@::1",
        "esdb://kim:s3cret@[::1]:1,[::2]:2",
        "esdb://kim:s3cret@log/s3cret",
        "esdb://kim:s3cret@log#s3cret",
        "esdb://kim:s3cret%@log",
        "esdb://kim:s3cret%zz@log",
        "esdb://kim:s3cret%ff@log",
        "esdb://kim:s3cret@kim:s3cret@log",
        // What was not percent-encoded cuts the password in two.
        "esdb://kim:a/s3cret@log",
        "esdb://kim:a?s3cret@log",
        "esdb://kim:a?s3cret=b@log",
        "esdb://kim:a#s3cret@log",
        "esdb://kim:a@s3cret@log",
        "esdb+discover://kim:s3cret@a,b",
        "esdb://kim:s3cret@log?tls",
        "esdb://kim:s3cret@log?s3cret-=1",
    ] {
        let refused = parse(text).unwrap_err();
        for shown in [refused.to_string(), format!("{refused:?}")] {
            assert!(!shown.contains(SECRET), "{text}: {shown}");
        }
    }
}

#[test]
fn secrets_are_in_no_debug_text() {
    let credentials = given(Some("kim"), Some(SECRET));
    let url = EsdbUrl::parse("esdb://log", &credentials).unwrap();
    let shown = format!("{credentials:?} {credentials:#?} {url} {url:?} {url:#?}");
    assert!(!shown.contains(SECRET) && !shown.contains("kim"), "{shown}");
}

#[test]
fn too_many_hosts_are_refused() {
    let hosts = |n| format!("esdb://{}", vec!["log"; n].join(","));
    assert!(parse(&hosts(EsdbUrl::MAX_HOSTS)).is_ok());
    assert!(parse(&hosts(EsdbUrl::MAX_HOSTS + 1)).is_err());
}

#[test]
fn the_throw_away_client_gives_up_at_once() {
    let nowhere = super::nowhere();
    assert_eq!(nowhere.max_discover_attempts(), 1);
    assert!(!nowhere.is_secure_mode_enabled());
}
