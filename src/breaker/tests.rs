//! The breaker in the course of time.

use super::*;

const PAUSE: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_failure_keeps_everybody_out_for_a_pause() {
    let breaker = Breaker::new(PAUSE);
    assert!(breaker.lets_through() && breaker.lets_through());
    breaker.failed();
    assert!(!breaker.lets_through());
    tokio::time::advance(PAUSE * 9 / 10).await;
    assert!(!breaker.lets_through());
}

#[tokio::test(start_paused = true)]
async fn after_the_pause_one_caller_finds_out() {
    let breaker = Breaker::new(PAUSE);
    breaker.failed();
    tokio::time::advance(PAUSE).await;
    assert!(breaker.lets_through());
    assert!(!breaker.lets_through());
    breaker.succeeded();
    assert!(breaker.lets_through() && breaker.lets_through());
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_never_says_how_it_went_keeps_nobody_out_for_long() {
    let breaker = Breaker::new(PAUSE);
    breaker.failed();
    tokio::time::advance(PAUSE).await;
    assert!(breaker.lets_through());
    tokio::time::advance(PAUSE).await;
    assert!(breaker.lets_through());
}

#[tokio::test(start_paused = true)]
async fn who_finds_the_server_still_silent_begins_another_pause() {
    let breaker = Breaker::new(PAUSE);
    breaker.failed();
    tokio::time::advance(PAUSE).await;
    assert!(breaker.lets_through());
    breaker.failed();
    tokio::time::advance(PAUSE / 2).await;
    assert!(!breaker.lets_through());
}
