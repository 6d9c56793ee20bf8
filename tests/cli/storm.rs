//! Imports killed with `kill -9` at random moments, again and again, end equal to an undisturbed
//! one. A few rounds by default, as many as `MADANG_STORM` says otherwise.

use std::time::{Duration, Instant};

use super::madang::{Place, threads};
use crate::import::log::essence;

const POSTS: u64 = 1_000;
const KILLS: u64 = 3;

#[expect(
    clippy::disallowed_methods,
    reason = "how much to test is no setting of the program"
)]
fn rounds() -> u64 {
    let rounds = std::env::var("MADANG_STORM").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(2)
}

/// Some part of `whole`, another for each `seed`, always the same for one.
fn some_of(whole: Duration, seed: u64) -> Duration {
    let bits = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    whole * u32::try_from(bits >> 48).unwrap() / (1 << 16)
}

fn killed_import(place: &Place, after: Duration) {
    let mut running = place.command(&["import", "forum.jsonl"]).spawn().unwrap();
    // The moment is what is tested: there is nothing to wait for but time.
    std::thread::sleep(after);
    running.kill().unwrap();
    running.wait().unwrap();
}

#[tokio::test]
async fn killed_at_any_moment_and_done_again_it_ends_the_same() {
    let forum = threads(POSTS, 100);
    let place = Place::new();
    place.write("forum.jsonl", &forum);
    let began = Instant::now();
    place.run(&["import", "forum.jsonl"]).expect(0);
    let whole = began.elapsed();
    let undisturbed = essence(&*place.log().await).await;
    for round in 0..rounds() {
        let place = Place::new();
        place.write("forum.jsonl", &forum);
        for kill in 0..KILLS {
            killed_import(&place, some_of(whole, round * KILLS + kill));
        }
        place.run(&["import", "forum.jsonl"]).expect(0);
        let resumed = essence(&*place.log().await).await;
        assert!(resumed == undisturbed, "round {round}: the logs differ");
    }
}
