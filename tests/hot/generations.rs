//! Rule 6: the pointer moves by compare-and-set, and whoever finds something else begins anew.

use std::time::Duration;

use madang::hot::{Advanced, HotError, Pointer};
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use super::yard::{LOG, Yard, at, begin, connect, event_id, position};

async fn advance(yard: &Yard, from: &Pointer, to: u64) -> Advanced {
    let to = (position(to), event_id(to));
    yard.hot.advance(from, to).await.unwrap()
}

fn moved(from: &Pointer, to: u64) -> Pointer {
    Pointer {
        checkpoint: position(to),
        last: Some(event_id(to)),
        ..from.clone()
    }
}

#[tokio::test]
async fn the_checkpoint_moves_from_where_it_was_left() {
    let yard = Yard::new().await;
    let first = moved(&yard.pointer, 4);
    assert_eq!(
        advance(&yard, &yard.pointer, 4).await,
        Advanced::Moved(first.clone())
    );
    assert_eq!(yard.hot.pointer().await, Ok(Some(first.clone())));
    let second = moved(&first, 7);
    assert_eq!(advance(&yard, &first, 7).await, Advanced::Moved(second));
}

#[tokio::test]
async fn a_projector_that_was_overtaken_hears_of_it() {
    let yard = Yard::new().await;
    let ahead = moved(&yard.pointer, 4);
    advance(&yard, &yard.pointer, 4).await;
    let overtaken = advance(&yard, &yard.pointer, 3).await;
    assert_eq!(overtaken, Advanced::Elsewhere(Some(ahead.clone())));
    let answer_was_lost = advance(&yard, &yard.pointer, 4).await;
    assert_eq!(answer_was_lost, Advanced::Moved(ahead));
}

#[tokio::test]
async fn a_missing_pointer_is_not_written_by_moving_it() {
    let yard = Yard::new().await;
    yard.hot.forget_all().await.unwrap();
    assert_eq!(
        advance(&yard, &yard.pointer, 4).await,
        Advanced::Elsewhere(None)
    );
    assert_eq!(yard.hot.pointer().await, Ok(None));
}

#[tokio::test]
async fn of_two_who_begin_the_first_wins() {
    let yard = Yard::new().await;
    let start = at(3, yard.hot.replication().await.unwrap());
    let first = yard.hot.begin(Some(&yard.pointer), &start).await.unwrap();
    let second = yard.hot.begin(Some(&yard.pointer), &start).await.unwrap();
    assert_ne!(first.generation, yard.pointer.generation);
    assert_eq!(second, first);
}

#[tokio::test]
async fn another_logs_pointer_is_never_overwritten() {
    let yard = Yard::new().await;
    let mut start = at(3, yard.hot.replication().await.unwrap());
    start.log_id = Uuid::from_u128(99);
    let stands = yard.hot.begin(Some(&yard.pointer), &start).await.unwrap();
    assert_eq!(stands, yard.pointer);
}

#[tokio::test]
async fn a_foreign_value_in_the_pointer_is_an_error() {
    let yard = Yard::new().await;
    let _: i64 = yard.redis.run("HSET yard:generation checkpoint x").await;
    assert!(matches!(
        yard.hot.pointer().await,
        Err(HotError::Foreign(_))
    ));
    let _: String = yard.redis.run("SET yard:generation x").await;
    assert!(matches!(
        yard.hot.pointer().await,
        Err(HotError::Foreign(_))
    ));
}

/// Waits until readers may use a generation, or may not.
async fn until(hot: &madang::hot::Hot, usable: bool) {
    let turned = async {
        while hot.generation().is_some() != usable {
            tokio::task::yield_now().await;
        }
    };
    let turned = timeout(Duration::from_secs(30), turned).await;
    assert!(turned.is_ok(), "never {usable}");
}

/// A node's own view of what is hot, kept up while the test runs.
fn follow(
    yard: &Yard,
    log: Uuid,
    sql: &watch::Sender<madang::event_store::Position>,
) -> madang::hot::Hot {
    let hot = connect(&yard.redis.url(), "yard");
    let (following, sql) = (hot.clone(), sql.subscribe());
    tokio::spawn(async move { following.follow(log, sql).await });
    hot
}

#[tokio::test]
async fn readers_use_the_generation_that_the_pointer_names() {
    let yard = Yard::new().await;
    let sql = watch::Sender::new(position(0));
    let hot = follow(&yard, LOG, &sql);
    until(&hot, true).await;
    let generation = hot.generation().unwrap();
    assert_eq!(generation.name(), &yard.pointer.generation);
}

#[tokio::test]
async fn readers_leave_another_logs_generation_alone() {
    let yard = Yard::new().await;
    let sql = watch::Sender::new(position(0));
    let mine = follow(&yard, LOG, &sql);
    let other = follow(&yard, Uuid::from_u128(99), &sql);
    until(&mine, true).await;
    assert_eq!(other.generation(), None);
}

#[tokio::test]
async fn readers_leave_redis_alone_while_it_is_paused() {
    let mut yard = Yard::new().await;
    let sql = watch::Sender::new(position(0));
    let hot = follow(&yard, LOG, &sql);
    until(&hot, true).await;
    yard.redis.process().pause();
    until(&hot, false).await;
    yard.redis.process().resume();
    until(&hot, true).await;
}

#[tokio::test]
async fn readers_leave_redis_alone_while_its_projector_is_behind() {
    let yard = Yard::new().await;
    let sql = watch::Sender::new(position(0));
    let hot = follow(&yard, LOG, &sql);
    until(&hot, true).await;
    sql.send_replace(position(4));
    until(&hot, false).await;
    advance(&yard, &yard.pointer, 4).await;
    until(&hot, true).await;
}

#[tokio::test]
async fn after_a_flush_readers_wait_for_the_next_generation() {
    let yard = Yard::new().await;
    let sql = watch::Sender::new(position(0));
    let hot = follow(&yard, LOG, &sql);
    until(&hot, true).await;
    let _: String = yard.redis.run("FLUSHALL").await;
    until(&hot, false).await;
    let next = begin(&yard.hot, 0).await;
    until(&hot, true).await;
    assert_eq!(hot.generation().unwrap().name(), &next.generation);
}
