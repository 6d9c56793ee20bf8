//! What servers say, and what it means for those who asked.

use redis::parse_redis_value;

use super::*;

/// The class of an error as it comes over the wire.
fn class(said: &str) -> &'static str {
    let answer = parse_redis_value(format!("-{said}\r\n").as_bytes()).unwrap();
    HotError::from(answer.extract_error().unwrap_err()).class()
}

#[test]
fn what_passes_by_itself_is_away() {
    for said in [
        "LOADING Redis is loading the dataset in memory",
        "CLUSTERDOWN The cluster is down",
        "MASTERDOWN Link with MASTER is down",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "BUSY Redis is busy running a script.",
    ] {
        assert_eq!(class(said), "redis away", "{said}");
    }
}

#[test]
fn who_takes_no_writes_is_read_only() {
    for said in [
        "READONLY You can't write against a read only replica.",
        "MISCONF Redis is configured to save RDB snapshots",
        "NOREPLICAS Not enough good replicas to write.",
    ] {
        assert_eq!(class(said), "redis read-only", "{said}");
    }
}

#[test]
fn what_an_operator_must_change_is_refused() {
    for said in [
        "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair",
        "NOPERM this user has no permissions",
        "ERR unknown command",
    ] {
        assert_eq!(class(said), "redis refuses", "{said}");
    }
}

#[test]
fn memory_and_foreign_values_have_classes_of_their_own() {
    let oom = "OOM command not allowed when used memory > 'maxmemory'.";
    assert_eq!(class(oom), "redis full");
    let wrong = "WRONGTYPE Operation against a key holding the wrong kind of value";
    assert_eq!(class(wrong), "redis foreign");
}
