//! The checkpoint: views are only folded on if they are a fold of this very log.

use madang::calendar::Calendar;
use madang::event_store::Position;
use madang::projections::checkpoint::{CheckpointError, Identity, read, verified};
use madang::projections::fold::{OnUnfit, fold};

use super::yard::{Yard, batch, calendar, opened, tamper};

/// Why the views of this yard are refused; the text says what to do.
async fn refusal(yard: &Yard) -> CheckpointError {
    let refused = verified(&yard.views, &*yard.log, &yard.identity()).await;
    let error = refused.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("`madang replay --offline` rebuilds"),
        "{text}"
    );
    error
}

#[tokio::test]
async fn new_views_begin_before_everything() {
    let yard = Yard::open().await;
    let checkpoint = yard.checkpoint().await;
    assert_eq!(checkpoint.position, Position::START);
    assert_eq!((checkpoint.log_id, checkpoint.last), (yard.log_id, None));
    assert_eq!(checkpoint.calendar, calendar());
}

#[tokio::test]
async fn the_checkpoint_moves_with_the_views() {
    let mut yard = Yard::open().await;
    let position = yard.happens(opened(1)).await;
    yard.fold().await;
    let checkpoint = yard.checkpoint().await;
    assert_eq!(checkpoint.position, position);
    let last = yard.events().await.pop().unwrap();
    assert_eq!(checkpoint.last, Some((position, last.event_id)));
}

#[tokio::test]
async fn views_of_another_log_are_refused() {
    let (yard, other) = (Yard::open().await, Yard::open().await);
    yard.fold().await;
    let refused = verified(&yard.views, &*other.log, &other.identity()).await;
    let error = refused.unwrap_err();
    assert!(matches!(error, CheckpointError::ForeignLog { views, log }
            if views == yard.log_id && log == other.log_id));
    assert!(error.to_string().contains("`madang replay --offline`"));
}

#[tokio::test]
async fn views_ahead_of_the_log_are_refused() {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    let mut events = yard.events().await;
    events[1].position = Position::new(0, 3);
    let checkpoint = yard.checkpoint().await;
    let folded = fold(&yard.views, &checkpoint, &batch(&events), OnUnfit::Park).await;
    folded.unwrap();
    let error = refusal(&yard).await;
    assert!(matches!(error, CheckpointError::NotInLog { .. }), "{error}");
}

#[tokio::test]
async fn another_event_at_the_checkpoint_is_refused() {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.fold().await;
    let id = "UPDATE checkpoint SET event_id = '019350d7-7000-7000-8000-000000000001'";
    tamper(&yard.views, id).await;
    let error = refusal(&yard).await;
    assert!(matches!(error, CheckpointError::NotInLog { .. }), "{error}");
}

#[tokio::test]
async fn a_damaged_checkpoint_is_refused() {
    for damage in [
        "UPDATE checkpoint SET position = '12'",
        "UPDATE checkpoint SET log_id = 'mine'",
        "UPDATE checkpoint SET event_position = 'x'",
        "UPDATE checkpoint SET event_id = 'x'",
        "UPDATE checkpoint SET zone = 'Nowhere/Ever'",
    ] {
        let yard = Yard::open().await;
        yard.fold().await;
        tamper(&yard.views, damage).await;
        let error = refusal(&yard).await;
        assert!(
            matches!(error, CheckpointError::Damaged),
            "{damage}: {error}"
        );
    }
}

/// The fold of this yard's log by the days of another zone.
fn in_berlin(yard: &Yard) -> Identity {
    Identity {
        calendar: Calendar::named("Europe/Berlin").unwrap(),
        ..yard.identity()
    }
}

#[tokio::test]
async fn views_of_another_zone_are_refused_with_both_ways_out() {
    let yard = Yard::open().await;
    yard.fold().await;
    let refused = verified(&yard.views, &*yard.log, &in_berlin(&yard)).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(&error, CheckpointError::OtherZone { views, configured }
            if views == "Asia/Seoul" && configured == "Europe/Berlin")
    );
    let text = error.to_string();
    assert!(
        text.contains("`madang replay --offline --time-zone Europe/Berlin` rebuilds"),
        "{text}"
    );
    assert!(text.contains("`--time-zone Asia/Seoul` goes on"), "{text}");
    yard.checkpoint().await;
}

#[tokio::test]
async fn views_that_nobody_has_folded_into_keep_their_zone_too() {
    let yard = Yard::open().await;
    yard.checkpoint().await;
    let refused = verified(&yard.views, &*yard.log, &in_berlin(&yard)).await;
    assert!(matches!(refused, Err(CheckpointError::OtherZone { .. })));
}

#[tokio::test]
async fn views_of_a_release_that_knew_no_zone_are_refused() {
    let yard = Yard::embedded().await;
    yard.fold().await;
    let as_it_was = "ALTER TABLE checkpoint DROP COLUMN zone; \
         DELETE FROM _sqlx_migrations WHERE version = 2";
    tamper(&yard.views, as_it_was).await;
    let mut yard = yard.shut().await;
    yard.views = yard.other_views("views.db").await;
    let error = refusal(&yard).await;
    assert!(matches!(error, CheckpointError::OlderRelease), "{error}");
}

#[tokio::test]
async fn views_that_such_a_release_only_began_take_the_zone() {
    let yard = Yard::open().await;
    yard.checkpoint().await;
    tamper(&yard.views, "UPDATE checkpoint SET zone = ''").await;
    let checkpoint = verified(&yard.views, &*yard.log, &in_berlin(&yard)).await;
    assert_eq!(checkpoint.unwrap().calendar.name(), "Europe/Berlin");
}

#[tokio::test]
async fn a_fold_goes_on_in_the_zone_of_the_views() {
    let yard = Yard::open().await;
    let in_berlin = in_berlin(&yard);
    let first = verified(&yard.views, &*yard.log, &in_berlin).await.unwrap();
    let events = yard.events().await;
    let folded = fold(&yard.views, &first, &batch(&events), OnUnfit::Fail).await;
    assert_eq!(folded.unwrap().checkpoint.calendar, in_berlin.calendar);
    let stored = read(&yard.views).await.unwrap().unwrap();
    assert_eq!(stored.calendar, in_berlin.calendar);
}
