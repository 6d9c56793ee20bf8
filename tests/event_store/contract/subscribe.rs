//! Subscribing: from the past into the present without a seam.

use madang::event_store::{Expected, Position, RecordedEvent, StoreError};

use super::{Fixture, at, event, follow, fresh_stream, given_stream};

fn positions(seen: &[RecordedEvent]) -> Vec<Position> {
    seen.iter().map(|event| event.position).collect()
}

pub(crate) async fn the_past_is_reported_then_caught_up(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, appended) = given_stream(&*store, 5).await;
    let mut subscription = store.subscribe_all(Position::START).await.unwrap();
    let (seen, caught_up) = follow(&mut subscription, &[stream], |_, done| done.is_some()).await;
    assert_eq!(caught_up, Some(5));
    assert!(
        positions(&seen)
            .iter()
            .eq(appended.iter().map(|a| &a.position))
    );
}

pub(crate) async fn a_subscription_starts_in_the_middle(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, appended) = given_stream(&*store, 5).await;
    let mut subscription = store.subscribe_all(appended[2].position).await.unwrap();
    let (seen, _) = follow(&mut subscription, &[stream], |_, done| done.is_some()).await;
    assert_eq!(
        positions(&seen),
        [appended[3].position, appended[4].position]
    );
}

pub(crate) async fn a_subscription_from_the_head_reports_what_is_new(fixture: impl Fixture) {
    let store = fixture.store();
    let (stream, _) = given_stream(&*store, 2).await;
    let mut subscription = store
        .subscribe_all(store.head().await.unwrap())
        .await
        .unwrap();
    let streams = [stream];
    let (seen, _) = follow(&mut subscription, &streams, |_, done| done.is_some()).await;
    assert!(seen.is_empty());
    let new = store
        .append(&streams[0], at(1), vec![event()])
        .await
        .unwrap();
    let (seen, _) = follow(&mut subscription, &streams, |seen, _| !seen.is_empty()).await;
    assert_eq!(positions(&seen), [new.position]);
}

pub(crate) async fn two_subscriptions_see_the_same(fixture: impl Fixture) {
    let store = fixture.store();
    let before = store.head().await.unwrap();
    let mut one = store.subscribe_all(before).await.unwrap();
    let (stream, _) = given_stream(&*store, 4).await;
    let mut two = store.subscribe_all(before).await.unwrap();
    let streams = [stream];
    let (by_one, _) = follow(&mut one, &streams, |seen, _| seen.len() == 4).await;
    let (by_two, _) = follow(&mut two, &streams, |seen, _| seen.len() == 4).await;
    assert_eq!(by_one, by_two);
}

/// Subscriptions begin at many moments while events are appended: wherever catching up ends and
/// following begins, each sees every event once, in order.
pub(crate) async fn the_hand_over_has_no_seam(fixture: impl Fixture) {
    const EVENTS: usize = 300;
    let (store, stream) = (fixture.store(), fresh_stream());
    let before = store.head().await.unwrap();
    let appending = {
        let (store, stream) = (fixture.store(), stream.clone());
        tokio::spawn(async move {
            let mut expected = Expected::NoStream;
            for _ in 0..EVENTS {
                let appended = store
                    .append(&stream, expected, vec![event()])
                    .await
                    .unwrap();
                expected = Expected::Revision(appended.revision);
            }
        })
    };
    let mut watchers = Vec::new();
    for _ in 0..10 {
        let mut subscription = store.subscribe_all(before).await.unwrap();
        let streams = [stream.clone()];
        let (first, _) = follow(&mut subscription, &streams, |_, done| done.is_some()).await;
        watchers.push((first, subscription));
    }
    for (mut seen, mut subscription) in watchers {
        let missing = EVENTS - seen.len();
        let streams = [stream.clone()];
        let (rest, _) = follow(&mut subscription, &streams, |rest, _| rest.len() >= missing).await;
        seen.extend(rest);
        assert!(seen.iter().map(|e| e.revision.0).eq(0..EVENTS as u64));
    }
    appending.await.unwrap();
}

pub(crate) async fn a_position_past_the_head_is_refused(fixture: impl Fixture) {
    let store = fixture.store();
    given_stream(&*store, 1).await;
    let refused = store.subscribe_all(Position::END).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused { .. }), "{refused}");
}
