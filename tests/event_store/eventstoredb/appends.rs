//! Appends that a server answers wrongly, late or never.

use std::sync::Arc;
use std::time::Duration;

use madang::ambient::Clock;
use madang::domain::Revision;
use madang::event_store::eventstoredb::Limits;
use madang::event_store::{
    AppendError, Appended, EventStore as _, Expected, NewEvent, Page, StoreError, StreamName,
};
use tokio::task::JoinSet;
use tonic::Status;

use super::{OnFake, patiently, short};
use crate::event_store::contract::{at, event, events, fresh_stream, given_stream};
use crate::servers::eventstoredb::{Call, Manner};

/// What the first append is answered with if a server treats it so, and what its repeat is.
async fn appended_twice(
    fixture: &OnFake,
    manner: Manner,
) -> (Result<Appended, AppendError>, Appended) {
    let (stream, new) = (fresh_stream(), events(2));
    fixture.server.manners().next(Call::Append, manner);
    let append = async || {
        let (log, new) = (&fixture.log, new.clone());
        log.append(&stream, Expected::NoStream, new).await
    };
    let first = append().await;
    (first, patiently(append).await)
}

fn is_unknown(outcome: &Result<Appended, AppendError>) -> bool {
    let Err(AppendError::Store(error)) = outcome else {
        return false;
    };
    matches!(error, StoreError::OutcomeUnknown { .. })
}

/// Defect 10: whether it was written or not, the same append settles it.
#[tokio::test]
async fn an_append_whose_answer_is_lost_is_in_the_log_once() {
    let internal = || Status::internal("lost");
    let mut fixture = OnFake::with(Limits {
        call: Duration::from_millis(300),
        ..short()
    })
    .await;
    for manner in [
        Manner::DoesThenCuts,
        Manner::DoesThenFails(internal()),
        Manner::DoesThenSilent,
        Manner::Cuts,
        Manner::Fails(internal()),
        Manner::Silent,
    ] {
        let said = format!("{manner:?}");
        let (first, again) = appended_twice(&fixture, manner).await;
        assert!(is_unknown(&first), "{said}: {first:?}");
        assert_eq!(again.revision, Revision(1), "{said}");
        assert_eq!(fixture.server.log().events().len(), 2, "{said}");
        fixture = OnFake::with(Limits {
            call: Duration::from_millis(300),
            ..short()
        })
        .await;
    }
}

/// Defect 10: the client tries once, and what may have been done is not tried again behind the
/// caller's back.
#[tokio::test]
async fn an_append_of_unknown_outcome_is_sent_once() {
    let codes = [
        Status::unavailable(""),
        Status::deadline_exceeded(""),
        Status::cancelled(""),
    ];
    for status in codes
        .into_iter()
        .chain([Status::aborted(""), Status::unknown("")])
    {
        let OnFake { server, log } = OnFake::open().await;
        server
            .manners()
            .next(Call::Append, Manner::DoesThenFails(status));
        let outcome = log
            .append(&fresh_stream(), Expected::NoStream, vec![event()])
            .await;
        assert!(is_unknown(&outcome), "{outcome:?}");
        assert_eq!(server.manners().seen(Call::Append), 1);
    }
}

/// Defect 11: the client makes position 0 of "no position", and a token of it would wait for nothing.
#[tokio::test]
async fn a_success_without_a_position_is_read_back() {
    for manner in [Manner::WithoutPosition, Manner::ZeroPosition] {
        let fixture = OnFake::open().await;
        let (first, again) = appended_twice(&fixture, manner).await;
        assert_eq!(first.unwrap(), again);
        assert_eq!(again.position, fixture.log.head().await.unwrap());
    }
}

/// Defect 11: where the event cannot be read back, nothing is made up.
#[tokio::test]
async fn a_position_that_cannot_be_read_back_leaves_the_outcome_unknown() {
    let fixture = OnFake::open().await;
    let denied = Status::permission_denied("");
    fixture
        .server
        .manners()
        .next(Call::ReadStream, Manner::Fails(denied));
    let (first, again) = appended_twice(&fixture, Manner::WithoutPosition).await;
    assert!(is_unknown(&first), "{first:?}");
    assert_eq!(again.position, fixture.log.head().await.unwrap());
}

/// Defect 13: the client unwraps what is not there.
#[tokio::test]
async fn an_answer_with_nothing_in_it_leaves_the_outcome_unknown() {
    let fixture = OnFake::open().await;
    let (first, again) = appended_twice(&fixture, Manner::Hollow).await;
    assert!(is_unknown(&first), "{first:?}");
    assert_eq!(again.position, fixture.log.head().await.unwrap());
}

/// Defect 7: a batch append would end for all when one fails.
#[tokio::test]
async fn one_append_that_fails_ends_no_other() {
    let OnFake { server, log } = OnFake::open().await;
    let log = Arc::new(log);
    let (taken, _) = given_stream(&*log, 1).await;
    server.log().hard_delete("gone");
    let gone: StreamName = "gone".parse().unwrap();
    let mut appends = JoinSet::new();
    for nth in 0..60 {
        let stream = match nth % 3 {
            0 => taken.clone(),
            1 => gone.clone(),
            _ => fresh_stream(),
        };
        let log = Arc::clone(&log);
        appends.spawn(async move {
            let appended = log.append(&stream, Expected::NoStream, vec![event()]).await;
            (nth % 3, appended.is_ok())
        });
    }
    for (kind, done) in appends.join_all().await {
        assert_eq!(done, kind == 2);
    }
}

/// Defect 12: the client cuts the time to seconds.
#[tokio::test]
async fn the_time_of_an_event_has_milliseconds() {
    let OnFake {
        server: _server,
        log,
    } = OnFake::open().await;
    let before = Clock::system().now();
    let (stream, _) = given_stream(&log, 1).await;
    let after = Clock::system().now();
    let read = log
        .read_stream(&stream, Revision::FIRST, Page::forward(1))
        .await;
    let recorded_at = read.unwrap()[0].recorded_at;
    assert!(
        (before..=after).contains(&recorded_at),
        "{before:?} {recorded_at:?} {after:?}"
    );
}

#[tokio::test]
async fn an_append_that_surely_did_not_arrive_is_sent_again() {
    let OnFake { server, log } = OnFake::open().await;
    server.manners().next(Call::Connection, Manner::Cuts);
    let (stream, new) = (fresh_stream(), vec![event()]);
    let append = async || log.append(&stream, Expected::NoStream, new.clone()).await;
    let appended = patiently(append).await;
    assert_eq!(appended.revision, Revision::FIRST);
    assert_eq!(server.manners().seen(Call::Append), 1);
}

/// The server counts more than the port: names of types, twice.
#[tokio::test]
async fn what_the_server_finds_too_large_is_too_large() {
    let OnFake {
        server: _server,
        log,
    } = OnFake::open().await;
    let long: &'static str = Box::leak("x".repeat(10_000).into_boxed_str());
    let new: Vec<NewEvent> = events(100)
        .into_iter()
        .map(|event| NewEvent {
            event_type: long,
            ..event
        })
        .collect();
    let outcome = log.append(&fresh_stream(), Expected::NoStream, new).await;
    assert_eq!(outcome, Err(AppendError::Size));
}

#[tokio::test]
async fn no_stream_is_as_long_as_the_largest_revision() {
    let OnFake {
        server: _server,
        log,
    } = OnFake::open().await;
    let (stream, _) = given_stream(&log, 2).await;
    for revision in [
        u64::MAX,
        i64::MAX.unsigned_abs(),
        i64::MAX.unsigned_abs() + 1,
    ] {
        let outcome = log.append(&stream, at(revision), vec![event()]).await;
        let current = Some(Revision(1));
        assert_eq!(outcome, Err(AppendError::WrongExpectedRevision { current }));
    }
}

/// More callers than may be served wait a moment, and are told so.
#[tokio::test]
async fn a_call_that_waits_too_long_for_its_turn_is_told_that_the_log_is_busy() {
    let limits = Limits {
        calls: 1,
        turn: Duration::from_millis(1),
        ..short()
    };
    let OnFake { server, log } = OnFake::with(limits).await;
    let log = Arc::new(log);
    log.head().await.unwrap();
    server.manners().next(Call::Append, Manner::Silent);
    let waiting = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            log.append(&fresh_stream(), Expected::NoStream, vec![event()])
                .await
        }
    });
    server.manners().until(Call::Append, 1).await;
    let busy = log
        .append(&fresh_stream(), Expected::NoStream, vec![event()])
        .await;
    assert!(
        matches!(busy, Err(AppendError::Store(StoreError::Busy { .. }))),
        "{busy:?}"
    );
    waiting.abort();
}
