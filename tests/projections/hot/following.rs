//! The projector of what is hot follows SQL: entries that were filled stay equal to it.

use std::sync::Arc;

use madang::domain::Timestamp;
use madang::event_store::Position;
use madang::hot::Hot;
use madang::projections::hot::Parts;
use madang::projections::status::State;
use proptest::collection::vec;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tokio::sync::watch;

use super::super::play::{play, step};
use super::super::readers::{commented, liked, removed, unliked, viewed};
use super::super::runner::shown;
use super::super::yard::{article, deleted, edited, encoded, opened, own_stream, posted, tamper};
use super::hearth::{Following, Hearth, warm};

#[tokio::test]
async fn entries_follow_what_happens() {
    let (mut hearth, mut projectors) = warm().await;
    let yard = &mut hearth.yard;
    yard.happens(edited(10, 1)).await;
    yard.happens(liked(10, "kim")).await;
    yard.happens(liked(10, "lee")).await;
    yard.happens(unliked(10, "kim")).await;
    yard.happens(commented(20, 10)).await;
    yard.happens(commented(21, 11)).await;
    yard.happens(removed(20, 10)).await;
    yard.happens(viewed(&[(10, 2), (11, 1), (10, 1)])).await;
    yard.happens(deleted(11, 1)).await;
    let position = yard.happens(posted(12, 1)).await;
    projectors.reach(position).await;
    assert_eq!(hearth.check().await, 4);
    projectors.stop().await;
}

#[tokio::test]
async fn the_checker_finds_what_differs() {
    for change in ["article:{10} like_count 1", "board:{1} name other"] {
        let (hearth, projectors) = warm().await;
        let generation = hearth.pointer().await.generation;
        let change = format!("HSET madang:{generation}:{change}");
        let _: i64 = hearth.redis.run(&change).await;
        projectors.stop().await;
        let checked = tokio::spawn(async move { hearth.check().await });
        assert!(checked.await.unwrap_err().is_panic(), "{change}");
    }
}

#[tokio::test]
async fn nothing_is_applied_before_sql_has_it() {
    let mut hearth = Hearth::light().await;
    let (sql, told) = watch::channel(Position::START);
    hearth.yard.happens(opened(1)).await;
    let begin = hearth.yard.fold().await.checkpoint.position;
    let mut following = hearth.hot_alone(told).await;
    following.reach(begin).await;
    assert_eq!(hearth.fill().await, 1);
    let position = hearth.yard.happens(posted(10, 1)).await;
    let status = following.becomes(|status| status.waiting == 1).await;
    assert_eq!((status.position, status.head), (begin, position));
    assert_eq!(hearth.pointer().await.checkpoint, begin);
    hearth.yard.fold().await;
    sql.send_replace(position);
    following.reach(position).await;
    assert_eq!(hearth.check().await, 1);
}

#[tokio::test]
async fn parked_events_count_nowhere() {
    let (mut hearth, mut projectors) = warm().await;
    let mut junk = encoded(edited(10, 1).into(), Timestamp(0));
    junk.metadata = "junk".to_owned();
    let stream = own_stream(&edited(10, 1).into());
    hearth.yard.happens_in(stream, junk).await;
    // Both follow it in its stream, or never began.
    hearth.yard.happens(deleted(10, 1)).await;
    hearth.yard.happens(removed(20, 10)).await;
    let position = hearth.yard.happens(liked(10, "kim")).await;
    projectors.reach(position).await;
    assert_eq!(projectors.sql.status.borrow().parked, 3);
    assert_eq!(hearth.check().await, 4);
}

#[tokio::test]
async fn how_far_it_is_stands_beside_the_views() {
    let (hearth, projectors) = warm().await;
    let position = projectors.hot.status.borrow().position;
    projectors.stop().await;
    let all = shown(&hearth.yard).await;
    let redis = all.iter().find(|view| view.name == "redis").unwrap();
    assert_eq!((&*redis.state, redis.lag_events), ("stopped", Some(0)));
    assert_eq!((&redis.error, redis.parked), (&None, 0));
    assert_eq!(redis.position, position.to_string());
}

/// One event of views changes as many entries as are applied between two moves of the checkpoint.
#[tokio::test]
async fn a_batch_of_more_changes_than_are_applied_at_once_is_cut() {
    let (mut hearth, projectors) = warm().await;
    projectors.stop().await;
    let many: Vec<_> = (10..10_000).map(|number| (number, 1)).collect();
    for _ in 0..3 {
        hearth.yard.happens(viewed(&many)).await;
    }
    let position = hearth.yard.happens(liked(11, "kim")).await;
    let mut projectors = hearth.projectors().await;
    projectors.reach(position).await;
    assert_eq!(hearth.check().await, 4);
}

#[tokio::test]
async fn while_sql_fails_it_waits_and_goes_on_afterwards() {
    let (mut hearth, mut projectors) = warm().await;
    tamper(hearth.views(), "ALTER TABLE board RENAME TO hidden").await;
    let position = hearth.yard.happens(posted(12, 1)).await;
    projectors.sql.is(State::Retrying).await;
    let status = projectors.hot.becomes(|status| status.waiting == 1).await;
    assert!(status.position < position);
    tamper(hearth.views(), "ALTER TABLE hidden RENAME TO board").await;
    projectors.reach(position).await;
    assert_eq!(hearth.check().await, 4);
}

/// So the copies that this node's queries loaded meanwhile do not outlive it.
#[tokio::test]
async fn copies_are_forgotten_before_the_position_is_told() {
    let (mut hearth, projectors) = warm().await;
    projectors.hot.stop().await;
    let (forgotten, mut told) = watch::channel(Vec::new());
    let sql = watch::channel(Position::END).1;
    let parts = Parts {
        on_commit: Arc::new(move |touched| {
            forgotten.send_replace(touched.articles.clone());
        }),
        ..hearth.parts(hearth.yard.log.clone(), sql)
    };
    let position = hearth.yard.happens(liked(11, "kim")).await;
    let mut following = Following::start(parts).await;
    following.reach(position).await;
    assert_eq!(*told.borrow_and_update(), [article(11)]);
}

/// Whatever is done, filled at whatever time and applied in whatever batches.
#[tokio::test]
async fn entries_equal_sql_whatever_happens() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..6 {
        let acts = vec(vec(step(), 1..25), 2..5);
        let acts = acts.new_tree(&mut runner).unwrap().current();
        let mut hearth = Hearth::light().await;
        let mut projectors = hearth.projectors().await;
        for steps in acts {
            play(&mut hearth.yard, steps).await;
            // Fills race with what is still being applied.
            let filling = async {
                if let Ok(Some(_)) = Hot::pointer(&hearth.hot).await {
                    hearth.fill().await;
                }
            };
            let head = hearth.head().await;
            tokio::join!(filling, projectors.reach(head));
            hearth.check().await;
        }
        hearth.fill().await;
        hearth.check().await;
        projectors.stop().await;
    }
}
