//! What the projector of what is hot makes of a Redis that fails, forgets, or is written to by others.

use std::future::pending;

use madang::event_store::Position;
use madang::hot::Pointer;
use madang::projections::hot::{self, NotOurs};
use madang::projections::status::State;
use tokio::sync::watch;
use tokio::task::yield_now;
use uuid::Uuid;

use super::super::readers::{commented, liked, viewed};
use super::super::runner::dropped_after;
use super::super::yard::{opened, posted, tamper};
use super::hearth::{Hearth, Projectors, warm};
use crate::servers::redis::{Redis, RedisCluster};

/// Waits until another generation has begun.
async fn begins_anew<R>(hearth: &Hearth<R>, old: &Pointer) {
    loop {
        match hearth.hot.pointer().await {
            Ok(Some(pointer)) if pointer.generation != old.generation => return,
            _ => yield_now().await,
        }
    }
}

/// Something happens, and is in all that is filled then.
async fn goes_on<R>(hearth: &mut Hearth<R>, projectors: &mut Projectors) {
    let position = hearth.yard.happens(commented(90, 11)).await;
    projectors.reach(position).await;
    hearth.fill().await;
    let position = hearth.yard.happens(liked(11, "goes on")).await;
    projectors.reach(position).await;
    assert_eq!(hearth.check().await, 4);
}

#[tokio::test]
async fn a_projector_killed_in_mid_work_loses_nothing_and_counts_nothing_twice() {
    let (mut hearth, projectors) = warm().await;
    projectors.stop().await;
    let (_sql, told) = watch::channel(Position::END);
    for polls in 1..60 {
        let event = liked(10, &format!("user {polls}"));
        let position = hearth.yard.happens(event).await;
        hearth.yard.fold().await;
        let parts = hearth.parts(hearth.yard.log.clone(), told.clone());
        let (runner, mut status) = hot::start(parts).await.unwrap();
        let done = status.wait_for(|status| status.position >= position);
        dropped_after(polls, runner.run(pending()), done).await;
    }
    let mut projectors = hearth.projectors().await;
    projectors.reach(hearth.head().await).await;
    assert_eq!(hearth.check().await, 4);
}

#[tokio::test]
async fn what_makes_the_pointer_worthless_begins_a_generation() {
    let whims = [
        "FLUSHALL",
        "DEL madang:generation",
        // Gone back, as a replica would that was promoted too early.
        "HSET madang:generation checkpoint 00000000000000000000000000000001",
        // Other masters, whatever they were told.
        "DEBUG CHANGE-REPL-ID",
    ];
    for whim in whims {
        let (mut hearth, mut projectors) = warm().await;
        let old = hearth.pointer().await;
        let _: redis::Value = hearth.redis.run(whim).await;
        begins_anew(&hearth, &old).await;
        goes_on(&mut hearth, &mut projectors).await;
    }
}

#[tokio::test]
async fn it_is_noticed_in_the_middle_of_work_too() {
    let (mut hearth, mut projectors) = warm().await;
    for whim in ["FLUSHALL", "DEL madang:generation", "DEBUG CHANGE-REPL-ID"] {
        let old = hearth.pointer().await;
        for number in 0..50 {
            hearth.yard.happens(viewed(&[(10, 1), (11, 1)])).await;
            if number == 25 {
                let _: redis::Value = hearth.redis.run(whim).await;
            }
        }
        begins_anew(&hearth, &old).await;
        projectors.reach(hearth.head().await).await;
        hearth.fill().await;
        assert_eq!(hearth.check().await, 4, "{whim}");
    }
}

/// The log was restored from a backup: at the pointer's position another event stands.
#[tokio::test]
async fn a_pointer_that_is_not_in_the_log_begins_a_generation() {
    let nobody = Uuid::nil();
    let elsewhere = [
        format!("HSET madang:generation last_event_id {nobody}"),
        "HSET madang:generation checkpoint 0000000000000000ffffffffffffffff".to_owned(),
    ];
    for change in elsewhere {
        let (mut hearth, projectors) = warm().await;
        projectors.stop().await;
        let old = hearth.pointer().await;
        let _: redis::Value = hearth.redis.run(&change).await;
        let mut projectors = hearth.projectors().await;
        begins_anew(&hearth, &old).await;
        goes_on(&mut hearth, &mut projectors).await;
    }
}

/// Other events may be parked in them, so no entry of before can be trusted.
#[tokio::test]
async fn views_that_were_built_anew_begin_a_generation() {
    let (mut hearth, projectors) = warm().await;
    let old = hearth.pointer().await;
    projectors.stop().await;
    let events = hearth.yard.events().await;
    hearth.yard.fold_anew(&events, &[]).await;
    let mut projectors = hearth.projectors().await;
    begins_anew(&hearth, &old).await;
    goes_on(&mut hearth, &mut projectors).await;
    let new = hearth.pointer().await;
    projectors.stop().await;
    let mut projectors = hearth.projectors().await;
    projectors.hot.is(State::Live).await;
    assert_eq!(hearth.pointer().await.generation, new.generation);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_projectors_at_once_do_what_one_does() {
    let (mut hearth, mut one) = warm().await;
    let begun = hearth.pointer().await;
    let mut two = hearth.projectors().await;
    for number in 0..100 {
        hearth.yard.happens(liked(10, &number.to_string())).await;
        hearth.yard.happens(viewed(&[(10, 1), (11, 2)])).await;
        let position = hearth.yard.happens(posted(number + 20, 1)).await;
        if number % 10 == 0 {
            one.hot.reach(position).await;
        }
    }
    let head = hearth.head().await;
    one.reach(head).await;
    two.reach(head).await;
    hearth.check().await;
    hearth.fill().await;
    assert_eq!(hearth.check().await, 104);
    assert_eq!(hearth.pointer().await.generation, begun.generation);
}

#[tokio::test]
async fn a_projector_that_was_overtaken_goes_on_from_there() {
    let (mut hearth, one) = warm().await;
    one.hot.stop().await;
    let (_sql, told) = watch::channel(Position::END);
    let mut late = hearth.hot_alone(told.clone()).await;
    late.is(State::Live).await;
    let mut early = hearth.hot_alone(told).await;
    for user in ["kim", "lee", "park"] {
        let position = hearth.yard.happens(liked(10, user)).await;
        early.reach(position).await;
        late.reach(position).await;
    }
    let mut sql = one.sql;
    sql.reach(hearth.head().await).await;
    assert_eq!(hearth.check().await, 4);
}

#[tokio::test]
async fn while_redis_says_nothing_sql_goes_on_and_then_it_heals() {
    let (mut hearth, mut projectors) = warm().await;
    hearth.redis.process().pause();
    for user in ["kim", "lee", "park"] {
        let position = hearth.yard.happens(liked(10, user)).await;
        projectors.sql.reach(position).await;
    }
    let status = projectors.hot.is(State::Retrying).await;
    assert_eq!(status.error, Some("redis"));
    assert!(status.waiting > 0 || !status.is_healthy());
    hearth.redis.process().resume();
    projectors.reach(hearth.head().await).await;
    projectors.hot.is(State::Live).await;
    assert_eq!(hearth.check().await, 4);
}

#[tokio::test]
async fn a_redis_that_was_killed_begins_anew_when_it_is_back() {
    let (mut hearth, mut projectors) = warm().await;
    hearth.redis.process().kill();
    for user in ["kim", "lee", "park"] {
        let position = hearth.yard.happens(liked(10, user)).await;
        projectors.sql.reach(position).await;
    }
    projectors.hot.is(State::Retrying).await;
    hearth.redis.process().restart();
    projectors.reach(hearth.head().await).await;
    goes_on(&mut hearth, &mut projectors).await;
}

/// What the master was told last is lost with it, and the pointer with that.
#[tokio::test]
async fn a_replica_that_takes_over_without_the_last_writes_begins_anew() {
    let master = Redis::start();
    let replica = Redis::start_replica(&master).await;
    let urls = format!("{},{}", master.url(), replica.url());
    let mut hearth = Hearth::over((master, replica), urls).await;
    let mut projectors = hearth.warm_up().await;
    let old = hearth.pointer().await;
    let _: redis::Value = hearth.redis.1.run("REPLICAOF NO ONE").await;
    let position = hearth.yard.happens(liked(10, "kim")).await;
    projectors.reach(position).await;
    hearth.redis.0.process().kill();
    let position = hearth.yard.happens(liked(10, "lee")).await;
    projectors.sql.reach(position).await;
    begins_anew(&hearth, &old).await;
    goes_on(&mut hearth, &mut projectors).await;
}

#[tokio::test]
async fn a_cluster_is_kept_up_to_date_and_heals() {
    let cluster = RedisCluster::start().await;
    let urls = cluster.url();
    let mut hearth = Hearth::over(cluster, urls).await;
    let mut projectors = hearth.warm_up().await;
    let position = hearth.yard.happens(liked(10, "kim")).await;
    projectors.reach(position).await;
    assert_eq!(hearth.check().await, 4);
    let old = hearth.pointer().await;
    // It forgets what it held; the pointer may be with another one.
    hearth.redis.nodes()[1].process().restart();
    begins_anew(&hearth, &old).await;
    goes_on(&mut hearth, &mut projectors).await;
}

#[tokio::test]
async fn a_redis_that_is_away_at_the_start_is_waited_for() {
    let mut hearth = Hearth::light().await;
    hearth.redis.process().kill();
    let mut projectors = hearth.projectors().await;
    let position = hearth.yard.happens(opened(1)).await;
    projectors.sql.reach(position).await;
    projectors.hot.is(State::Retrying).await;
    hearth.redis.process().restart();
    projectors.reach(position).await;
    assert_eq!(hearth.fill().await, 1);
    assert_eq!(hearth.check().await, 1);
}

/// In the midst of a fail-over, that is.
#[tokio::test]
async fn a_redis_that_is_a_replica_at_the_start_is_waited_for() {
    let mut hearth = Hearth::light().await;
    let _: String = hearth.redis.run("REPLICAOF 127.0.0.1 1").await;
    let mut projectors = hearth.projectors().await;
    let position = hearth.yard.happens(opened(1)).await;
    projectors.hot.is(State::Retrying).await;
    let _: String = hearth.redis.run("REPLICAOF NO ONE").await;
    projectors.reach(position).await;
    assert_eq!(hearth.fill().await, 1);
    assert_eq!(hearth.check().await, 1);
}

#[tokio::test]
async fn entries_of_another_log_are_refused_at_the_start() {
    let (hearth, projectors) = warm().await;
    projectors.stop().await;
    let mut parts = hearth.parts(hearth.yard.log.clone(), watch::channel(Position::END).1);
    parts.identity.log_id = Uuid::nil();
    let refused = hot::start(parts).await.err().unwrap();
    assert!(matches!(refused, NotOurs::ForeignLog { .. }));
    assert!(refused.to_string().contains("redis_prefix"), "{refused}");
}

#[tokio::test]
async fn entries_of_another_log_that_come_later_are_left_alone() {
    let (mut hearth, mut projectors) = warm().await;
    let nobody = Uuid::nil();
    let change = format!("HSET madang:generation log_id {nobody}");
    let _: redis::Value = hearth.redis.run(&change).await;
    let status = projectors.hot.is(State::Retrying).await;
    assert_eq!(status.error, Some("redis-foreign-log"));
    assert_eq!(hearth.pointer().await.log_id, nobody);
    let _: redis::Value = hearth.redis.run("DEL madang:generation").await;
    goes_on(&mut hearth, &mut projectors).await;
}

#[tokio::test]
async fn while_sql_cannot_tell_what_is_parked_nothing_is_applied() {
    let (mut hearth, mut projectors) = warm().await;
    tamper(hearth.views(), "ALTER TABLE parked RENAME TO hidden").await;
    let position = hearth.yard.happens(liked(10, "kim")).await;
    projectors.sql.is(State::Retrying).await;
    tamper(hearth.views(), "ALTER TABLE hidden RENAME TO parked").await;
    projectors.reach(position).await;
    assert_eq!(hearth.check().await, 4);
}
