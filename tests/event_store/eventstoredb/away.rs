//! A server that is not there, that dies and comes back, and one whose place another takes.

use madang::event_store::eventstoredb::EventStoreDb;
use madang::event_store::{EventStore as _, Expected, Position, StoreError};

use super::{OnFake, fault, next_events, parsed, patiently, short, url_of};
use crate::event_store::contract::{at, event, fresh_stream, given_stream};
use crate::servers::eventstoredb::{self as fake, Call, Manner};

/// Defect 1: a client whose first attempt to connect fails is dead for good.
#[tokio::test]
async fn a_server_that_starts_later_is_found() {
    let OnFake { mut server, log } = OnFake::open().await;
    server.stop().await;
    let error = log.head().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    server.start_again().await;
    assert_eq!(patiently(async || log.head().await).await, Position::START);
}

/// Defect 1, where somebody listens and hangs up.
#[tokio::test]
async fn a_first_connection_that_is_cut_is_not_the_last() {
    let OnFake { server, log } = OnFake::open().await;
    server.manners().next(Call::Connection, Manner::Cuts);
    patiently(async || log.head().await).await;
    assert!(server.manners().seen(Call::Connection) >= 2);
}

/// Defect 1: a server that is busy starting answers, and fails at what the client asks first.
#[tokio::test]
async fn a_server_that_is_not_ready_is_asked_again() {
    let OnFake { server, log } = OnFake::open().await;
    let not_ready = tonic::Status::unavailable("Server Is Not Ready");
    for _ in 0..3 {
        server
            .manners()
            .next(Call::Features, Manner::Fails(not_ready.clone()));
    }
    patiently(async || log.head().await).await;
    assert!(server.manners().seen(Call::Features) >= 4);
}

#[tokio::test]
async fn calls_while_the_server_is_away_do_not_wait_for_it() {
    let mut limits = short();
    limits.back_off.0 = std::time::Duration::from_hours(1);
    limits.back_off.1 = limits.back_off.0;
    let OnFake { mut server, log } = OnFake::with(limits).await;
    server.stop().await;
    log.head().await.unwrap_err();
    let connections = server.manners().seen(Call::Connection);
    for _ in 0..1000 {
        log.head().await.unwrap_err();
    }
    assert_eq!(server.manners().seen(Call::Connection), connections);
}

#[tokio::test]
async fn a_server_that_dies_comes_back_with_all_that_it_acknowledged() {
    let OnFake { mut server, log } = OnFake::open().await;
    let (stream, _) = given_stream(&log, 1).await;
    for revision in 0..5 {
        server.stop().await;
        log.append(&stream, at(revision), vec![event()])
            .await
            .unwrap_err();
        server.start_again().await;
        let new = vec![event()];
        patiently(async || log.append(&stream, at(revision), new.clone()).await).await;
    }
    assert_eq!(server.log().events().len(), 6);
}

/// The reader subscribes anew after an error: nothing is missing, nothing comes twice.
#[tokio::test]
async fn a_reader_goes_on_after_the_death_of_the_server() {
    let OnFake { mut server, log } = OnFake::open().await;
    let (stream, appended) = given_stream(&log, 3).await;
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    next_events(&mut subscription, 3).await;
    server.stop().await;
    let error = fault(&mut subscription).await;
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    server.start_again().await;
    let last = appended[2].position;
    let mut subscription = patiently(async || log.subscribe_all(last).await).await;
    let new = vec![event()];
    patiently(async || log.append(&stream, at(2), new.clone()).await).await;
    let events = next_events(&mut subscription, 1).await;
    assert_eq!(events[0].event_id, new[0].event_id);
}

/// Defect 2: after a node has died, the client never looks for another.
#[tokio::test]
async fn another_node_takes_the_place_of_one_that_died() {
    let mut one = fake::EventStoreDb::start().await;
    let two = one.start_beside().await;
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", one.port(), two.port());
    let url = parsed(&format!("esdb://{hosts}?tls=false&discoveryInterval=1"));
    let log = EventStoreDb::open(&url, short());
    let (stream, _) = given_stream(&log, 1).await;
    one.stop().await;
    two.lead();
    let new = vec![event()];
    patiently(async || log.append(&stream, at(0), new.clone()).await).await;
    assert!(two.manners().seen(Call::Append) >= 1);
    assert_eq!(one.log().events().len(), 2);
}

/// Reads ask for the leader as appends do, or a writer would not find what it wrote.
#[tokio::test]
async fn a_node_that_does_not_lead_sends_everybody_to_the_leader() {
    let leader = fake::EventStoreDb::start().await;
    let other = leader.start_beside().await;
    let log = EventStoreDb::open(&url_of(&other), short());
    let stream = fresh_stream();
    let new = vec![event()];
    log.append(&stream, Expected::NoStream, new).await.unwrap();
    assert_eq!(leader.manners().seen(Call::Append), 1);
    assert_eq!(leader.log().events().len(), 1);
}

#[tokio::test]
async fn a_leader_that_is_replaced_is_followed() {
    let one = fake::EventStoreDb::start().await;
    let two = one.start_beside().await;
    let log = EventStoreDb::open(&url_of(&one), short());
    let (stream, _) = given_stream(&log, 1).await;
    two.lead();
    log.append(&stream, at(0), vec![event()]).await.unwrap();
    let read = log.head().await.unwrap();
    one.lead();
    assert_eq!(log.head().await.unwrap(), read);
    let mut subscription = patiently(async || log.subscribe_all(Position::START).await).await;
    assert_eq!(next_events(&mut subscription, 2).await.len(), 2);
}

/// During an election nobody leads: that passes.
#[tokio::test]
async fn a_node_that_knows_no_leader_is_asked_again() {
    let OnFake { server, log } = OnFake::open().await;
    let electing = tonic::Status::not_found("Leader info available");
    server.manners().next(Call::Append, Manner::Fails(electing));
    let (stream, new) = (fresh_stream(), vec![event()]);
    let append = async || log.append(&stream, Expected::NoStream, new.clone()).await;
    patiently(append).await;
    assert_eq!(server.log().events().len(), 1);
}
