//! The checkpoint: views are only folded on if they are a fold of this very log.

use madang::event_store::Position;
use madang::projections::checkpoint::{CheckpointError, verified};
use madang::projections::fold::{OnUnfit, fold};

use super::yard::{Yard, batch, opened, tamper};

/// Why the views of this yard are refused; the text says what to do.
async fn refusal(yard: &Yard) -> CheckpointError {
    let refused = verified(&yard.views, &*yard.log, yard.log_id).await;
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
    let refused = verified(&yard.views, &*other.log, other.log_id).await;
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
