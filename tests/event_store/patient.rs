//! A log that is waited for.

use std::sync::Arc;

use async_trait::async_trait;
use madang::domain::Revision;
use madang::event_store::patient::{PATIENCE, Patient};
use madang::event_store::{AppendError, EventStore, Expected, Page, StoreError};
use tokio::time::Instant;

use super::contract::{Fixture as _, events, fresh_stream};
use super::sqlite::InDirectory;
use crate::wayward::{Wayward, Whim, away, unknown};

/// Ill for so many appends: every other one is not written, and the rest are not answered.
struct Ill(usize);

#[async_trait]
impl Whim for Ill {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append < self.0 && append.is_multiple_of(2) {
            return Err(away().into());
        }
        Ok(())
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        if append < self.0 {
            return Err(unknown().into());
        }
        Ok(())
    }

    async fn reading(&self) -> Result<(), StoreError> {
        if self.0 == usize::MAX {
            return Err(away());
        }
        Ok(())
    }
}

async fn ill(for_appends: usize) -> (InDirectory, Arc<Wayward<Ill>>) {
    let fixture = InDirectory::open().await;
    let log = Wayward::over(fixture.log(), Ill(for_appends));
    (fixture, log)
}

#[tokio::test]
async fn what_was_appended_while_the_log_was_ill_is_there_once() {
    let (_fixture, log) = ill(5).await;
    let patient = Patient::over(Arc::clone(&log) as _, || false);
    let (stream, new) = (fresh_stream(), events(2));
    let appended = patient.append(&stream, Expected::NoStream, new.clone());
    assert_eq!(appended.await.unwrap().revision, Revision(1));
    assert_eq!(log.appends(), 6);
    let page = Page::forward(10);
    let read = patient.read_stream(&stream, Revision::FIRST, page).await;
    let read = read.unwrap().into_iter().map(|event| event.event_id);
    assert!(read.eq(new.iter().map(|event| event.event_id)));
}

#[tokio::test]
async fn it_gives_up_in_the_end_and_says_what_may_have_been_written() {
    let (_fixture, log) = ill(usize::MAX).await;
    let patient = Patient::over(log, || false);
    tokio::time::pause();
    let begun = Instant::now();
    let stream = fresh_stream();
    let read = patient.read_stream(&stream, Revision::FIRST, Page::forward(1));
    assert!(matches!(read.await, Err(StoreError::Unavailable { .. })));
    assert!(begun.elapsed() >= PATIENCE);
    let appended = patient.append(&stream, Expected::NoStream, events(1));
    let error = appended.await.unwrap_err();
    assert!(
        matches!(error, AppendError::Store(StoreError::OutcomeUnknown { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_waits_who_has_had_enough() {
    let (stream, (_fixture, log)) = (fresh_stream(), ill(usize::MAX).await);
    let patient = Patient::over(Arc::clone(&log) as _, || true);
    let appended = patient.append(&stream, Expected::NoStream, events(1));
    appended.await.unwrap_err();
    assert_eq!(log.appends(), 1);
}

#[tokio::test]
async fn what_does_not_pass_is_told_at_once() {
    let (stream, (_fixture, log)) = (fresh_stream(), ill(0).await);
    let patient = Patient::over(Arc::clone(&log) as _, || false);
    let expected = Expected::Revision(Revision(7));
    let appended = patient.append(&stream, expected, events(1));
    let error = appended.await.unwrap_err();
    assert!(
        matches!(error, AppendError::WrongExpectedRevision { .. }),
        "{error}"
    );
    assert_eq!(log.appends(), 1);
}
