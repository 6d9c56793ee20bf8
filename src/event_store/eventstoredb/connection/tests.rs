//! When a client is replaced, and when it is not. Nobody connects: a client begins with its first call.

use std::sync::Arc;
use std::time::Duration;

use eventstore::Error;
use tokio::time::advance;

use super::{Connection, FAILURES};
use crate::event_store::Position;
use crate::event_store::eventstoredb::fault::{Class, Fault};
use crate::event_store::eventstoredb::{Credentials, EsdbUrl, Limits};

fn connection(limits: Limits) -> Connection {
    let url = EsdbUrl::parse("esdb://log?tls=false", &Credentials::default()).unwrap();
    Connection::new(url, limits)
}

fn dead() -> Fault {
    Fault::Said(Error::ConnectionClosed)
}

fn unknown() -> Fault {
    Fault::Said(Error::ServerError("gone".to_owned()))
}

fn generation(connection: &Connection) -> Option<u64> {
    connection.client().ok().map(|(_, generation)| generation)
}

#[tokio::test(start_paused = true)]
async fn one_client_serves_all_calls() {
    let connection = connection(Limits::default());
    let (first, _) = connection.client().unwrap();
    let (second, _) = connection.client().unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test(start_paused = true)]
async fn a_dead_client_is_replaced_after_a_back_off_that_grows() {
    let connection = connection(Limits::default());
    let mut pauses = Vec::new();
    for expected in 1..=9 {
        let mut waited = Duration::ZERO;
        while generation(&connection) != Some(expected) {
            assert!(matches!(connection.client(), Err(Fault::Away)));
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
        assert_eq!(generation(&connection), Some(expected));
        connection.note(expected, None);
        connection.note(expected, Some(&dead()));
        advance(connection.limits.back_off.0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn several_failures_in_a_row_replace_a_living_client() {
    let connection = connection(Limits::default());
    assert_eq!(generation(&connection), Some(1));
    advance(connection.limits.back_off.1).await;
    for _ in 1..FAILURES {
        connection.note(1, Some(&unknown()));
        assert_eq!(generation(&connection), Some(1));
    }
    connection.note(1, Some(&unknown()));
    assert_eq!(generation(&connection), Some(2));
}

#[tokio::test(start_paused = true)]
async fn failures_that_are_not_in_a_row_do_not() {
    let connection = connection(Limits::default());
    assert_eq!(generation(&connection), Some(1));
    advance(connection.limits.back_off.1).await;
    for _ in 0..2 * FAILURES {
        connection.note(1, Some(&unknown()));
        connection.note(1, Some(&Fault::Said(Error::ResourceNotFound)));
    }
    assert_eq!(generation(&connection), Some(1));
}

#[tokio::test(start_paused = true)]
async fn many_callers_replace_a_client_once() {
    let connection = connection(Limits::default());
    assert_eq!(generation(&connection), Some(1));
    advance(connection.limits.back_off.1).await;
    for _ in 0..100 {
        connection.note(1, Some(&dead()));
        assert_eq!(generation(&connection), Some(2));
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
        .open::<()>(async { Err(Error::ResourceNotFound) })
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
