//! Who may do what, and what is said to those who may not.

use madang::domain::Revision;
use madang::event_store::eventstoredb::{Credentials, EsdbUrl, EventStoreDb};
use madang::event_store::{AppendError, EventStore as _, Expected, Position, StoreError};

use super::short;
use crate::event_store::contract::{event, fresh_stream};
use crate::servers::eventstoredb::{self as fake, Rights};

const PASSWORD: &str = "pass:word@/?%ü";

async fn server() -> fake::EventStoreDb {
    let server = fake::EventStoreDb::start().await;
    server.manners().admit("admin", PASSWORD, Rights::Admin);
    server.manners().admit("writer", PASSWORD, Rights::Streams);
    server
}

fn log_of(server: &fake::EventStoreDb, user: &str, password: &str) -> EventStoreDb {
    let credentials = Credentials {
        user: Some(user.to_owned()),
        password: Some(password.to_owned()),
        ca_file: None,
    };
    let url = EsdbUrl::parse(&server.url(), &credentials).unwrap();
    EventStoreDb::open(&url, short())
}

fn refusal(error: impl Into<AppendError>) -> String {
    match error.into() {
        AppendError::Store(StoreError::Refused { detail, .. }) => detail,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn the_right_password_opens_everything() {
    let server = server().await;
    let log = log_of(&server, "admin", PASSWORD);
    let appended = log
        .append(&fresh_stream(), Expected::NoStream, vec![event()])
        .await;
    assert_eq!(log.head().await.unwrap(), appended.unwrap().position);
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    assert_eq!(super::next_events(&mut subscription, 1).await.len(), 1);
}

/// The client sends what stands in the URL as it stands there.
#[tokio::test]
async fn a_password_in_the_url_is_percent_decoded() {
    let server = server().await;
    let encoded = "admin:pass%3Aword%40%2F%3F%25%C3%BC";
    let url = format!("esdb://{encoded}@127.0.0.1:{}?tls=false", server.port());
    let log = EventStoreDb::open(&super::parsed(&url), short());
    assert_eq!(log.head().await.unwrap(), Position::START);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() {
    let server = server().await;
    let wrong = "not-the-password";
    for user in ["admin", "nobody"] {
        let log = log_of(&server, user, wrong);
        let append = log
            .append(&fresh_stream(), Expected::NoStream, vec![event()])
            .await;
        let stream = fresh_stream();
        let read = log.read_stream(&stream, Revision::FIRST, super::one());
        let said = [
            refusal(append.unwrap_err()),
            refusal(read.await.unwrap_err()),
            refusal(log.head().await.unwrap_err()),
        ];
        for text in said {
            assert!(text.contains("--event-store-password"), "{text}");
            assert!(!text.contains(wrong), "{text}");
        }
    }
    assert!(server.log().events().is_empty());
}

#[tokio::test]
async fn nobody_is_refused_where_somebody_is_asked_for() {
    let server = server().await;
    let log = EventStoreDb::open(&super::url_of(&server), short());
    let text = refusal(log.head().await.unwrap_err());
    assert!(text.contains("--event-store-user"), "{text}");
}

/// A user without rights on `$all` can write, and could never build a view: the remedy is named.
#[tokio::test]
async fn a_user_without_rights_on_all_is_told_of_the_acl() {
    let server = server().await;
    let log = log_of(&server, "writer", PASSWORD);
    let appended = log
        .append(&fresh_stream(), Expected::NoStream, vec![event()])
        .await;
    let position = appended.unwrap().position;
    let refused = [
        log.head().await.unwrap_err(),
        log.event_at(position).await.unwrap_err(),
        log.read_all(Position::START, super::one())
            .await
            .unwrap_err(),
        log.subscribe_all(Position::START).await.unwrap_err(),
    ];
    for error in refused {
        let text = refusal(error);
        assert!(text.contains("$admins") && text.contains("$acl"), "{text}");
    }
}

/// Rights can come without a restart.
#[tokio::test]
async fn who_was_refused_may_come_in_later() {
    let server = server().await;
    let log = log_of(&server, "late", PASSWORD);
    refusal(log.head().await.unwrap_err());
    server.manners().admit("late", PASSWORD, Rights::Admin);
    assert_eq!(log.head().await.unwrap(), Position::START);
}
