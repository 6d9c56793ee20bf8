//! Redis is away, silent, emptied or somebody else's: SQL answers.

use tokio::task::yield_now;

use super::{Answer, Warm, begin, is_away};
use crate::projections::yard::{Yard, article, board, edited, opened, posted};
use crate::query::Part;

const PAGE: Part = Part::Page {
    number: 1,
    size: 10,
};

async fn warm() -> Warm {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    Warm::over(yard).await
}

impl Warm {
    /// All that could be hot is answered as it stands in SQL.
    async fn answers(&self, words: &str) {
        assert_eq!(self.article(article(10)).await, Ok(Answer::found(words)));
        let board_shown = Ok(Answer::found("1 yard 1 false"));
        assert_eq!(self.board(board(1)).await, board_shown);
        let list = Ok(Answer::found("10|1|none"));
        assert_eq!(self.list(board(1), PAGE).await, list);
    }

    async fn waits_for(&self, usable: bool) {
        while self.hot.generation().is_some() != usable {
            yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_redis_that_died_is_done_without_and_found_again() {
    let mut warm = warm().await;
    warm.answers("10 first words at 0").await;
    warm.happens(edited(10, 1)).await;
    warm.redis.process().kill();
    for _ in 0..2 {
        warm.answers("10 second words at 1").await;
    }
    assert!(warm.hot.generation().is_none(), "nobody asks it any more");
    warm.redis.process().restart();
    warm.pointer = begin(&warm.hot, &warm.desk).await;
    warm.finds_again().await;
    warm.answers("10 second words at 1").await;
    warm.lose_sql().await;
    warm.answers("10 second words at 1").await;
}

#[tokio::test]
async fn a_redis_that_falls_silent_in_the_middle_costs_one_wait() {
    let mut warm = warm().await;
    warm.answers("10 first words at 0").await;
    warm.happens(edited(10, 1)).await;
    warm.redis.process().pause();
    warm.answers("10 second words at 1").await;
    assert!(warm.hot.generation().is_none(), "nobody asks it any more");
    warm.redis.process().resume();
    // It kept what it had: the edit has not come there yet.
    warm.waits_for(true).await;
    warm.answers("10 first words at 0").await;
}

#[tokio::test]
async fn what_was_flushed_is_read_from_sql_and_filled_into_the_next_generation() {
    let mut warm = warm().await;
    warm.answers("10 first words at 0").await;
    warm.happens(edited(10, 1)).await;
    let _: () = warm.redis.run("FLUSHALL").await;
    warm.answers("10 second words at 1").await;
    warm.waits_for(false).await;
    warm.answers("10 second words at 1").await;
    warm.pointer = begin(&warm.hot, &warm.desk).await;
    warm.finds_again().await;
    warm.answers("10 second words at 1").await;
    warm.lose_sql().await;
    warm.answers("10 second words at 1").await;
}

#[tokio::test]
async fn a_redis_that_takes_nothing_more_answers_what_it_has() {
    let mut warm = warm().await;
    warm.answers("10 first words at 0").await;
    warm.happens(posted(11, 1)).await;
    let _: () = warm.redis.run("CONFIG SET maxmemory 1").await;
    for _ in 0..2 {
        let read = warm.article(article(11)).await;
        assert_eq!(read, Ok(Answer::found("11 first words at 0")));
    }
    assert!(warm.hot.generation().is_some());
    warm.lose_sql().await;
    warm.answers("10 first words at 0").await;
    assert!(is_away(&warm.article(article(11)).await));
}

/// Whoever overwrote a key of ours.
#[tokio::test]
async fn what_makes_no_sense_is_not_shown() {
    let warm = warm().await;
    warm.answers("10 first words at 0").await;
    let generation = &warm.pointer.generation;
    for (key, value) in [("revision", "many"), ("board_id", "-1"), ("created_at", "")] {
        let entry = format!("madang:{generation}:article:{{{}}}", article(10));
        let _: i64 = warm.redis.run(&format!("HSET {entry} {key} {value}")).await;
        warm.answers("10 first words at 0").await;
    }
    let entry = format!("madang:{generation}:board:{{{}}}", board(1));
    let _: () = warm.redis.run(&format!("SET {entry} mine")).await;
    warm.answers("10 first words at 0").await;
}

#[tokio::test]
async fn without_sql_and_redis_there_is_no_answer() {
    let mut warm = warm().await;
    warm.answers("10 first words at 0").await;
    warm.redis.process().kill();
    warm.lose_sql().await;
    assert!(is_away(&warm.article(article(10)).await));
    assert!(is_away(&warm.board(board(1)).await));
    assert!(is_away(&warm.list(board(1), PAGE).await));
}
