//! Rules 1 to 3: only a fill creates an entry, and only if nothing came between the miss and it.

use madang::hot::{Batch, Filled, HotError, Moment, Read};

use super::articles::{liked, likes};
use super::yard::{Yard, article, begin, position};
use crate::servers::redis::Redis;

#[tokio::test]
async fn what_was_filled_is_read() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    assert_eq!(yard.article(1).await, Read::Entry(article()));
}

#[tokio::test]
async fn a_deleted_article_is_filled_as_such() {
    let yard = Yard::new().await;
    let missed = yard.missed(1).await;
    assert_eq!(yard.fill(&missed, None, 3).await, Ok(Filled::Yes));
    assert_eq!(yard.article(1).await, Read::Deleted);
}

#[tokio::test]
async fn an_event_alone_fills_nothing() {
    let yard = Yard::new().await;
    yard.apply(&liked(1, 4)).await;
    assert!(matches!(yard.article(1).await, Read::Miss(_)));
}

#[tokio::test]
async fn an_event_leaves_a_floor_for_a_minute() {
    let yard = Yard::new().await;
    yard.apply(&liked(1, 4)).await;
    let fields: Vec<(String, String)> = yard.ask("HGETALL", "article:{1}").await;
    let life: i64 = yard.ask("PTTL", "article:{1}").await;
    assert_eq!(fields, [("position".to_owned(), position(4).to_string())]);
    assert!((55_000..=60_000).contains(&life), "{life}");
}

#[tokio::test]
async fn an_event_between_snapshot_and_fill_stops_the_fill() {
    let yard = Yard::new().await;
    let paused = yard.missed(1).await;
    yard.apply(&liked(1, 4)).await;
    let filled = yard.fill(&paused, Some(&article()), 3).await;
    assert_eq!(filled, Ok(Filled::Overtaken));
    assert!(matches!(yard.article(1).await, Read::Miss(_)));
}

#[tokio::test]
async fn an_event_that_the_rows_hold_does_not_stop_the_fill() {
    let yard = Yard::new().await;
    let paused = yard.missed(1).await;
    yard.apply(&liked(1, 4)).await;
    let filled = yard.fill(&paused, Some(&article()), 4).await;
    assert_eq!(filled, Ok(Filled::Yes));
    yard.apply(&liked(1, 4)).await;
    assert_eq!(likes(&yard, 1).await, 2);
}

#[tokio::test]
async fn an_older_event_does_not_lower_a_floor() {
    let yard = Yard::new().await;
    let paused = yard.missed(1).await;
    yard.apply(&liked(1, 4)).await;
    yard.apply(&liked(1, 2)).await;
    let filled = yard.fill(&paused, Some(&article()), 3).await;
    assert_eq!(filled, Ok(Filled::Overtaken));
}

#[tokio::test]
async fn a_flush_between_miss_and_fill_stops_the_fill() {
    let yard = Yard::new().await;
    let paused = yard.missed(1).await;
    yard.apply(&liked(1, 4)).await;
    let _: String = yard.redis.run("FLUSHALL").await;
    let filled = yard.fill(&paused, Some(&article()), 3).await;
    assert_eq!(filled, Ok(Filled::Lost));
}

/// The floor goes with the eviction, and the next miss leaves a hole that knows nothing of it.
#[tokio::test]
async fn a_hole_that_was_evicted_and_made_anew_is_not_the_same() {
    let yard = Yard::new().await;
    let paused = yard.missed(1).await;
    yard.apply(&liked(1, 4)).await;
    let _: i64 = yard.ask("DEL", "article:{1}").await;
    let other = yard.missed(1).await;
    let filled = yard.fill(&paused, Some(&article()), 3).await;
    assert_eq!(filled, Ok(Filled::Lost));
    let filled = yard.fill(&other, Some(&article()), 4).await;
    assert_eq!(filled, Ok(Filled::Yes));
}

#[tokio::test]
async fn of_two_who_missed_the_first_fills() {
    let yard = Yard::new().await;
    let (one, other) = (yard.missed(1).await, yard.missed(1).await);
    let filled = yard.fill(&one, Some(&article()), 3).await;
    assert_eq!(filled, Ok(Filled::Yes));
    let filled = yard.fill(&other, None, 2).await;
    assert_eq!(filled, Ok(Filled::There));
    assert_eq!(yard.article(1).await, Read::Entry(article()));
}

#[tokio::test]
async fn a_fill_comes_within_five_seconds() {
    let yard = Yard::new().await;
    let missed = yard.missed(1).await;
    let late = missed.clone().earlier(5_001);
    let clock_set_back = missed.clone().earlier(-2_000);
    for unproven in [late, clock_set_back] {
        let filled = yard.fill(&unproven, Some(&article()), 3).await;
        assert_eq!(filled, Ok(Filled::Late));
    }
    let filled = yard.fill(&missed.earlier(4_000), Some(&article()), 3).await;
    assert_eq!(filled, Ok(Filled::Yes));
}

#[tokio::test]
async fn a_snapshot_from_before_the_checkpoint_fills_nothing() {
    let mut yard = Yard::new().await;
    yard.pointer = begin(&yard.hot, 9).await;
    yard.generation = madang::hot::Generation::of(&yard.pointer);
    let missed = yard.missed(1).await;
    let behind = Moment {
        rows: position(3),
        checkpoint: position(8),
    };
    let filled = yard
        .hot
        .fill_article(&missed, Some(&article()), behind)
        .await;
    assert_eq!(filled, Ok(Filled::Behind));
    let reached = Moment {
        checkpoint: position(9),
        ..behind
    };
    let filled = yard
        .hot
        .fill_article(&missed, Some(&article()), reached)
        .await;
    assert_eq!(filled, Ok(Filled::Yes));
}

#[tokio::test]
async fn a_fill_into_an_earlier_generation_is_seen_by_nobody() {
    let mut yard = Yard::new().await;
    let paused = yard.missed(1).await;
    yard.pointer = begin(&yard.hot, 9).await;
    yard.generation = madang::hot::Generation::of(&yard.pointer);
    let filled = yard.fill(&paused, Some(&article()), 3).await;
    assert_eq!(filled, Ok(Filled::Yes));
    assert!(matches!(yard.article(1).await, Read::Miss(_)));
}

#[tokio::test]
async fn an_entry_lives_a_day_and_updates_keep_its_life() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    let dies: i64 = yard.ask("PEXPIRETIME", "article:{1}").await;
    yard.apply(&liked(1, 4)).await;
    let life: i64 = yard.ask("PTTL", "article:{1}").await;
    assert_eq!(yard.ask::<i64>("PEXPIRETIME", "article:{1}").await, dies);
    let hour = 3_600_000;
    assert!(
        (hour * 215 / 10..=hour * 264 / 10).contains(&life),
        "{life}"
    );
}

#[tokio::test]
async fn without_memory_what_is_there_changes_and_nothing_is_filled() {
    let yard = Yard::on(Redis::start()).await;
    yard.fill_article(1, 3).await;
    let paused = yard.missed(2).await;
    let _: String = yard.redis.run("CONFIG SET maxmemory 1").await;
    yard.apply(&liked(1, 4)).await;
    assert_eq!(likes(&yard, 1).await, 3);
    let filled = yard.fill(&paused, Some(&article()), 4).await;
    assert!(matches!(filled, Err(HotError::Full(_))), "{filled:?}");
    let missed = yard.missed(3).await;
    assert_eq!(yard.fill(&missed, None, 4).await, Ok(Filled::Lost));
}

#[tokio::test]
async fn scripts_that_were_forgotten_are_loaded_again() {
    let yard = Yard::new().await;
    yard.fill_article(1, 3).await;
    let _: String = yard.redis.run("SCRIPT FLUSH").await;
    let mut batch = Batch::default();
    for id in 1..=300 {
        batch.article(
            super::yard::article_id(id),
            position(4),
            super::articles::like(),
        );
    }
    yard.apply(&batch).await;
    assert_eq!(likes(&yard, 1).await, 3);
}
