//! Imports killed with `kill -9` at random moments, again and again, end equal to an undisturbed
//! one, and so do those whose log dies under them. A few rounds by default, as many as `MADANG_STORM` says
//! otherwise.

use std::process::Child;
use std::time::{Duration, Instant};

use super::madang::{Ended, Place, threads};
use crate::import::log::essence;
use crate::servers::eventstoredb::EventStoreDb;
use crate::stack::Stack;

const POSTS: u64 = 1_000;
const KILLS: u64 = 3;
/// How often a log dies under one import, and for how long.
const DEATHS: usize = 3;
const DEAD: Duration = Duration::from_millis(1_500);

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

fn import(place: &Place) -> Child {
    place.command(&["import", "forum.jsonl"]).spawn().unwrap()
}

fn killed_import(place: &Place, after: Duration) {
    let mut running = import(place);
    // The moment is what is tested: there is nothing to wait for but time.
    std::thread::sleep(after);
    running.kill().unwrap();
    running.wait().unwrap();
}

/// What is in a log on files after an undisturbed import, and how long that takes on this stack.
async fn undisturbed(stack: Stack, forum: &str) -> (Vec<String>, Duration) {
    let place = Place::on(stack).await;
    place.write("forum.jsonl", forum);
    let began = Instant::now();
    place.run(&["import", "forum.jsonl"]).expect(0);
    (essence(&*place.log().await).await, began.elapsed())
}

/// A log on a server takes appends that wait together in any order.
fn in_any_order(mut essence: Vec<String>) -> Vec<String> {
    essence.sort_unstable();
    essence
}

async fn killed_at_any_moment(stack: Stack, kept: fn(Vec<String>) -> Vec<String>) {
    let forum = threads(POSTS, 100);
    let (undisturbed, whole) = undisturbed(stack, &forum).await;
    let undisturbed = kept(undisturbed);
    for round in 0..rounds() {
        let place = Place::on(stack).await;
        place.write("forum.jsonl", &forum);
        for kill in 0..KILLS {
            killed_import(&place, some_of(whole, round * KILLS + kill));
        }
        place.run(&["import", "forum.jsonl"]).expect(0);
        let resumed = kept(essence(&*place.log().await).await);
        assert!(resumed == undisturbed, "round {round}: the logs differ");
    }
}

#[tokio::test]
async fn killed_at_any_moment_and_done_again_it_ends_the_same() {
    killed_at_any_moment(Stack::Embedded, |essence| essence).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_and_done_again_on_servers_it_ends_the_same() {
    killed_at_any_moment(Stack::Servers, in_any_order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_log_dies_and_comes_back_goes_on() {
    let forum = threads(POSTS, 100);
    let (undisturbed, _) = undisturbed(Stack::Embedded, &forum).await;
    let mut store = EventStoreDb::start().await;
    let place = Place::new();
    let settings = format!("event_store = \"{}\"\nnode_id = 0\n", store.url());
    place.write("madang.toml", settings);
    place.write("forum.jsonl", &forum);
    let mut running = import(&place);
    for death in 1..=DEATHS {
        let grown = || store.log().events().len() >= 500 * death;
        while !grown() && running.try_wait().unwrap().is_none() {}
        store.stop().await;
        // The import has to find out, and to wait.
        std::thread::sleep(DEAD);
        store.start_again().await;
    }
    let ended = Ended::from(running.wait_with_output().unwrap()).expect(0);
    assert!(ended.stderr.contains("waiting for the log"), "{ended:?}");
    let log = Place::log_at(&store.url());
    assert!(in_any_order(essence(&*log).await) == in_any_order(undisturbed));
}
