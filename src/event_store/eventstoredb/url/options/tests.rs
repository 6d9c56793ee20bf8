//! The closed list.

use std::path::Path;
use std::time::Duration;

use eventstore::ClientSettings;

use super::Options;
use crate::event_store::eventstoredb::url::MalformedEsdbUrl;

fn client(query: &str) -> ClientSettings {
    let options = Options::parse(query, None).unwrap();
    format!("esdb://log:1?{}", options.for_client())
        .parse()
        .unwrap()
}

fn refused(query: &str) -> String {
    Options::parse(query, None).unwrap_err().to_string()
}

#[test]
fn tls_is_on_and_verified_unless_it_is_switched_off() {
    let on = client("");
    assert!(on.is_secure_mode_enabled() && on.is_tls_certificate_verification_enabled());
    assert!(!client("tls=false").is_secure_mode_enabled());
    assert!(!client("tlsVerifyCert=false").is_tls_certificate_verification_enabled());
}

#[test]
fn certificates_of_the_system_are_read_for_tls_only() {
    assert_eq!(client("").tls_ca_file(), None);
    let none = "/dev/null".to_owned();
    assert_eq!(client("tls=false").tls_ca_file(), Some(&none));
}

#[test]
fn numbers_reach_the_client() {
    let settings = client("gossipTimeout=700&discoveryInterval=30&maxDiscoverAttempts=4");
    assert_eq!(settings.gossip_timeout(), Duration::from_millis(700));
    assert_eq!(settings.discovery_interval(), Duration::from_millis(30));
    // The client counts one before the first.
    assert_eq!(settings.max_discover_attempts(), 5);
    assert_eq!(client("").discovery_interval(), Duration::from_millis(20));
}

#[test]
fn names_may_be_written_in_any_case() {
    assert!(!client("TLS=false&NODEPREFERENCE=leader").is_secure_mode_enabled());
}

#[test]
fn an_unknown_option_is_named_with_those_that_are_known() {
    let text = refused("tls=false&retries=3");
    assert!(text.contains("retries"), "{text}");
    for name in Options::NAMES {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn what_may_not_be_said_is_refused_by_name() {
    for (query, named) in [
        ("tls=yes", "tls"),
        ("tlsVerifyCert=", "tlsVerifyCert"),
        ("tls=true&tls=true", "tls"),
        ("nodePreference=follower", "nodePreference"),
        ("keepAliveInterval=9999", "keepAliveInterval"),
        ("keepAliveInterval=-1", "keepAliveInterval"),
        ("keepAliveTimeout=3600001", "keepAliveTimeout"),
        ("gossipTimeout=0", "gossipTimeout"),
        ("discoveryInterval=1.5", "discoveryInterval"),
        ("maxDiscoverAttempts=1001", "maxDiscoverAttempts"),
        ("connectionName=a%20b", "connectionName"),
        ("connectionName=%0A", "connectionName"),
        ("connectionName=%EB%A7%88", "connectionName"),
        ("tlsCaFile=%FF", "tlsCaFile"),
        ("tlsCaFile=/no/such/file", "/no/such/file"),
        ("tls=false&tlsCaFile=/dev/null", "tls"),
        ("userCertFile=/dev/null", "userKeyFile"),
        ("userKeyFile=/dev/null", "userCertFile"),
        ("defaultDeadline=5", "defaultDeadline"),
    ] {
        let text = refused(query);
        assert!(text.contains(named), "{query}: {text}");
    }
}

#[test]
fn values_are_decoded_once_and_encoded_for_the_client() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a,b&c=d %41.pem");
    let signed = rcgen::generate_simple_self_signed(vec!["log".to_owned()]).unwrap();
    std::fs::write(&file, signed.cert.pem()).unwrap();
    let options = Options::parse("", Some(&file)).unwrap();
    let url = format!("esdb://a:1,b:2?{}", options.for_client());
    let settings: ClientSettings = url.parse().unwrap();
    assert_eq!(settings.tls_ca_file().map(Path::new), Some(&*file));
}

#[test]
fn the_file_given_beside_the_url_wins() {
    let text = Options::parse("tlsCaFile=/in/url", Some(Path::new("/beside"))).unwrap_err();
    assert!(matches!(text, MalformedEsdbUrl::File { path, .. } if path == Path::new("/beside")));
}
