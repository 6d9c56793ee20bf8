//! When a client is replaced, and when it is not. Nobody connects: a client begins with its first call.

use std::sync::Arc;
use std::time::Duration;

use eventstore::{Endpoint, Error};
use futures_util::FutureExt as _;
use tokio::time::advance;

use super::Connection;
use super::clients::FAILURES;
use crate::event_store::Position;
use crate::event_store::eventstoredb::fault::{Class, Fault};
use crate::event_store::eventstoredb::{Credentials, EsdbUrl, Limits};

fn connection(limits: Limits) -> Connection {
    to("log", limits)
}

fn to(hosts: &str, limits: Limits) -> Connection {
    let url = format!("esdb://{hosts}?tls=false");
    let url = EsdbUrl::parse(&url, &Credentials::default()).unwrap();
    Connection::new(url, limits)
}

fn dead() -> Fault {
    Fault::Said(Error::ConnectionClosed)
}

fn unknown() -> Fault {
    Fault::Said(Error::ServerError("gone".to_owned()))
}

async fn generation(connection: &Connection) -> Option<u64> {
    let present = connection.client().await;
    present.ok().map(|(_, generation)| generation)
}

#[tokio::test(start_paused = true)]
async fn one_client_serves_all_calls() {
    let connection = connection(Limits::default());
    let (first, _) = connection.client().await.unwrap();
    let (second, _) = connection.client().await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test(start_paused = true)]
async fn a_dead_client_is_replaced_after_a_back_off_that_grows() {
    let connection = connection(Limits::default());
    let mut pauses = Vec::new();
    for expected in 1..=9 {
        let mut waited = Duration::ZERO;
        while generation(&connection).await != Some(expected) {
            assert!(matches!(connection.client().await, Err(Fault::Away)));
            advance(Duration::from_millis(1)).await;
            waited += Duration::from_millis(1);
        }
        connection.note(expected, Some(&dead()));
        pauses.push(waited);
    }
    assert_eq!(pauses[0], Duration::ZERO);
    let (shortest, longest) = connection.limits.back_off;
    assert!(
        (shortest / 2..=shortest * 2).contains(&pauses[1]),
        "{pauses:?}"
    );
    let end = longest / 2..=longest + Duration::from_millis(1);
    assert!(end.contains(&pauses[8]), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_success_resets_the_back_off() {
    let connection = connection(Limits::default());
    for expected in 1..=6 {
        assert_eq!(generation(&connection).await, Some(expected));
        connection.note(expected, None);
        connection.note(expected, Some(&dead()));
        advance(connection.limits.back_off.0).await;
    }
}

/// So many that the client is replaced, if it is to be.
fn fail(connection: &Connection, generation: u64, fault: &Fault) {
    for _ in 0..FAILURES {
        connection.note(generation, Some(fault));
    }
}

fn not_leading() -> Fault {
    let leader = Endpoint {
        host: "other".to_owned(),
        port: 2113,
    };
    Fault::Said(Error::NotLeaderException(leader))
}

#[tokio::test(start_paused = true)]
async fn several_failures_in_a_row_replace_a_living_client() {
    let connection = to("one,two", Limits::default());
    assert_eq!(generation(&connection).await, Some(1));
    advance(connection.limits.back_off.1).await;
    for _ in 1..FAILURES {
        connection.note(1, Some(&unknown()));
        assert_eq!(generation(&connection).await, Some(1));
    }
    connection.note(1, Some(&unknown()));
    assert_eq!(generation(&connection).await, Some(2));
}

/// Another would find the same one, and each leaves something behind.
#[tokio::test(start_paused = true)]
async fn a_living_client_of_the_only_node_is_kept() {
    let connection = connection(Limits::default());
    assert_eq!(generation(&connection).await, Some(1));
    for fault in [unknown(), Fault::Silent, Fault::Leaderless] {
        advance(connection.limits.living_back_off.1).await;
        fail(&connection, 1, &fault);
        assert_eq!(generation(&connection).await, Some(1));
    }
}

/// It was told to go to another, and would stay with that when it is dead.
#[tokio::test(start_paused = true)]
async fn a_client_that_was_sent_to_a_leader_is_replaced_even_so() {
    let connection = connection(Limits::default());
    assert_eq!(generation(&connection).await, Some(1));
    advance(connection.limits.back_off.1).await;
    connection.note(1, Some(&not_leading()));
    fail(&connection, 1, &unknown());
    assert_eq!(generation(&connection).await, Some(2));
}

/// How many clients there are after three hours in which each connects, and no call succeeds.
async fn after_hours(connection: &Connection, lives: impl Fn(u64) -> bool) -> u64 {
    let mut present = 1;
    for second in 0..3 * 60 * 60 {
        advance(Duration::from_secs(1)).await;
        present = generation(connection).await.unwrap_or(present);
        fail(connection, present, &unknown());
        if lives(second) {
            connection.note(present, None);
        }
    }
    present
}

#[tokio::test(start_paused = true)]
async fn clients_that_live_are_replaced_ever_more_rarely() {
    let in_vain = to("one,two", Limits::default());
    let clients = after_hours(&in_vain, |_| false).await;
    assert!((20..150).contains(&clients), "{clients}");
    let now_and_then = to("one,two", Limits::default());
    let clients = after_hours(&now_and_then, |second| second % 7 == 0).await;
    assert!((20..150).contains(&clients), "{clients}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_works_for_long_is_soon_replaced_when_it_fails() {
    let connection = to("one,two", Limits::default());
    after_hours(&connection, |_| false).await;
    advance(connection.limits.back_off.1).await;
    let present = generation(&connection).await.unwrap();
    advance(connection.limits.living_back_off.1).await;
    connection.note(present, None);
    fail(&connection, present, &unknown());
    assert_eq!(generation(&connection).await, Some(present + 1));
    advance(connection.limits.living_back_off.0).await;
    fail(&connection, present + 1, &unknown());
    assert_eq!(generation(&connection).await, Some(present + 2));
}

#[tokio::test(start_paused = true)]
async fn many_callers_at_once_make_one_client() {
    let connection = Arc::new(connection(Limits::default()));
    let callers = (0..50).map(|_| {
        let connection = Arc::clone(&connection);
        tokio::spawn(async move { generation(&connection).await })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), Some(1));
    }
}

/// Whoever asked for it has gone; what was made is there for the next.
#[tokio::test(start_paused = true)]
async fn a_client_whose_maker_gave_up_is_not_lost() {
    let connection = connection(Limits::default());
    assert!(connection.client().now_or_never().is_none());
    assert_eq!(generation(&connection).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn failures_that_are_not_in_a_row_do_not() {
    let connection = connection(Limits::default());
    assert_eq!(generation(&connection).await, Some(1));
    advance(connection.limits.back_off.1).await;
    for _ in 0..2 * FAILURES {
        connection.note(1, Some(&unknown()));
        connection.note(1, Some(&Fault::Said(Error::ResourceNotFound)));
    }
    assert_eq!(generation(&connection).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn many_callers_replace_a_client_once() {
    let connection = connection(Limits::default());
    assert_eq!(generation(&connection).await, Some(1));
    advance(connection.limits.back_off.1).await;
    for _ in 0..100 {
        connection.note(1, Some(&dead()));
        assert_eq!(generation(&connection).await, Some(2));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_limit_wait_and_are_told() {
    let limits = Limits {
        calls: 1,
        ..Limits::default()
    };
    let connection = connection(limits);
    let first = connection.turn().await.unwrap();
    assert!(matches!(connection.turn().await, Err(Fault::Busy)));
    drop(first);
    assert!(connection.turn().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let connection = connection(Limits::default());
    let turn = connection.turn().await.unwrap();
    let never = turn.run::<()>(std::future::pending()).await;
    assert!(matches!(never, Err(Fault::Silent)));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_client_ends_one_call() {
    let connection = connection(Limits::default());
    let turn = connection.turn().await.unwrap();
    let panicked = turn.run::<()>(async { panic!("unwrapped") }).await;
    assert!(matches!(panicked, Err(Fault::Panicked(said)) if said == "unwrapped"));
    assert_eq!(turn.run(async { Ok(7) }).await.ok(), Some(7));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_found_when_it_is_asked_for_is_the_leader() {
    let connection = connection(Limits::default());
    let turn = connection.turn().await.unwrap();
    let asked = turn
        .begin::<()>(async { Err(Error::ResourceNotFound) })
        .await;
    assert!(matches!(asked, Err(Fault::Leaderless)));
    let read = turn.run::<()>(async { Err(Error::ResourceNotFound) }).await;
    assert_eq!(read.unwrap_err().class(), Class::Missing);
}

#[tokio::test(start_paused = true)]
async fn a_closed_log_takes_no_calls() {
    let connection = connection(Limits::default());
    let closing = connection.closing();
    connection.close().await;
    closing.await;
    assert!(matches!(connection.turn().await, Err(Fault::Closed)));
    connection.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_furthest_acknowledged_position_is_kept() {
    let connection = connection(Limits::default());
    connection.acknowledge(Position::new(5, 5));
    connection.acknowledge(Position::new(3, 3));
    assert_eq!(connection.acknowledged(), Position::new(5, 5));
}
