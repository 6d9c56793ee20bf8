//! What each fault means.

use eventstore::{Endpoint, Error, GrpcConnectionError};

use super::{Class, Fault};
use crate::event_store::eventstoredb::{Credentials, EsdbUrl};
use crate::event_store::{AppendError, Position, StoreError};

fn url() -> EsdbUrl {
    let given = Credentials {
        user: Some("kim".to_owned()),
        password: Some("s3cret".to_owned()),
        ca_file: None,
    };
    EsdbUrl::parse("esdb://log?tls=false", &given).unwrap()
}

fn grpc(code: i32) -> Fault {
    let code = tonic::Code::from_i32(code);
    let message = "said".to_owned();
    Fault::Said(Error::Grpc { code, message })
}

fn server_error() -> Fault {
    Fault::Said(Error::ServerError("gone".to_owned()))
}

/// As the server says it of a read, and as it says it of a subscription.
#[test]
fn a_wrong_position_is_told_in_two_ways() {
    let said = "status: Unknown, message: \"Unexpected ReadAllResult: InvalidPosition\"";
    for fault in [Fault::Said(Error::ServerError(said.to_owned())), grpc(3)] {
        assert_eq!(fault.class(), Class::Invalid);
        assert!(!fault.passes());
    }
    assert_eq!(server_error().class(), Class::Unknown);
}

fn not_leader() -> Fault {
    let host = "other".to_owned();
    Fault::Said(Error::NotLeaderException(Endpoint { host, port: 2113 }))
}

fn never_connected() -> Fault {
    let why = GrpcConnectionError::Grpc("refused".to_owned());
    Fault::Said(Error::GrpcConnectionError(why))
}

#[test]
fn what_surely_did_not_arrive_is_told_from_what_may_have() {
    for undone in [
        Fault::Away,
        Fault::Closed,
        Fault::Searching,
        Fault::Leaderless,
        Fault::Said(Error::ConnectionClosed),
        never_connected(),
        not_leader(),
        Fault::Said(Error::UnsupportedFeature),
    ] {
        let error = undone.of_append(&url());
        let nothing_written = matches!(error, AppendError::Store(StoreError::Unavailable { .. }));
        assert!(nothing_written, "{error:?}");
    }
    for unknown in [
        Fault::Silent,
        Fault::Panicked("unwrapped".to_owned()),
        server_error(),
        Fault::Said(Error::DeadlineExceeded),
        grpc(1),
        grpc(8),
        grpc(10),
    ] {
        let error = unknown.of_append(&url());
        let open = matches!(error, AppendError::Store(StoreError::OutcomeUnknown { .. }));
        assert!(open, "{error:?}");
    }
}

#[test]
fn an_append_can_be_refused_for_what_it_is() {
    assert_eq!(grpc(3).of_append(&url()), AppendError::Size);
    for (error, hint) in [
        (Error::AccessDenied, "--event-store-user"),
        (Error::ResourceDeleted, "hard-deleted"),
    ] {
        let refused = Fault::Said(error).of_append(&url());
        let AppendError::Store(StoreError::Refused { detail, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(detail.contains(hint), "{detail}");
    }
}

#[test]
fn too_many_calls_are_told_apart() {
    let busy = Fault::Busy.of_append(&url());
    assert!(matches!(busy, AppendError::Store(StoreError::Busy { .. })));
}

#[test]
fn who_may_not_read_all_is_told_of_the_acl() {
    let denied = Fault::Said(Error::AccessDenied).of_read_all(&url(), Position::START);
    let StoreError::Refused { detail, .. } = denied else {
        panic!("{denied:?}");
    };
    for needed in ["$admins", r#"{"$acl":{"$r":["$admins","<user>"]}}"#] {
        assert!(detail.contains(needed), "{detail}");
    }
}

#[test]
fn a_position_that_is_none_is_named() {
    let position = Position::new(7, 7);
    let error = grpc(3).of_read_all(&url(), position);
    assert_eq!(error, StoreError::NoSuchPosition { position });
    assert!(error.to_string().contains(&position.to_string()));
}

#[test]
fn what_may_pass_is_tried_again_and_what_was_kept_out_is_not() {
    for passes in [
        Fault::Leaderless,
        Fault::Said(Error::ConnectionClosed),
        never_connected(),
        not_leader(),
        server_error(),
        Fault::Said(Error::DeadlineExceeded),
    ] {
        assert!(passes.passes(), "{passes:?}");
    }
    for stays in [
        Fault::Busy,
        Fault::Away,
        Fault::Closed,
        Fault::Silent,
        Fault::Panicked(String::new()),
        grpc(3),
        Fault::Said(Error::AccessDenied),
        Fault::Said(Error::ResourceDeleted),
        Fault::Said(Error::ResourceNotFound),
    ] {
        assert!(!stays.passes(), "{stays:?}");
    }
}

#[test]
fn no_error_shows_who_connects() {
    for fault in [
        Fault::Silent,
        server_error(),
        Fault::Said(Error::AccessDenied),
    ] {
        let error = fault.of_read_all(&url(), Position::START);
        let shown = format!("{error} {error:?} {:?}", fault.of_append(&url()));
        assert!(
            !shown.contains("s3cret") && !shown.contains("kim"),
            "{shown}"
        );
        assert!(shown.contains("esdb://log:2113"), "{shown}");
    }
}
