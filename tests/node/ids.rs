//! Ids never repeat and never go back, whatever the clock and the process do: those of the number in the
//! file. `lease` is about the others.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use madang::ambient::Clock;
use madang::command::CommandError;
use madang::node::{LEASE_FILE, Node};

use super::{new_board, origin, refusal};
use crate::projections::yard::settings;
use crate::stack::{Home, Stack};

const NOON: i64 = 1_780_000_000_000;
const HOUR: i64 = 60 * 60 * 1000;

#[tokio::test]
async fn ids_grow_over_restarts_also_when_the_clock_steps_back() {
    let home = Home::on(Stack::Embedded);
    let config = home.config().await;
    let hands = Arc::new(AtomicI64::new(NOON));
    let clock = Clock::driven_by(Arc::clone(&hands));
    let mut ids = Vec::new();
    for time in [NOON, NOON + 1, NOON - HOUR, NOON - HOUR, 0, NOON + HOUR] {
        hands.store(time, Ordering::Relaxed);
        let node = Node::start(&config, clock.clone()).await.unwrap();
        ids.push(new_board(&node, &clock).await);
        hands.store(time - HOUR, Ordering::Relaxed);
        ids.push(new_board(&node, &clock).await);
        node.stop().await;
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

/// A process that is killed has given out ids that nobody knows of: those below its lease's end.
#[tokio::test]
async fn a_new_holder_begins_where_the_lease_on_disk_ends() {
    let home = Home::on(Stack::Embedded);
    let config = home.config().await;
    let hands = Arc::new(AtomicI64::new(NOON));
    let clock = Clock::driven_by(Arc::clone(&hands));
    let node = Node::start(&config, clock.clone()).await.unwrap();
    let before = new_board(&node, &clock).await;
    let lease = fs::read_to_string(config.data_dir.join(LEASE_FILE)).unwrap();
    let until: i64 = lease.trim().parse().unwrap();
    assert!(until > NOON);
    node.stop().await;
    let node = Node::start(&config, clock.clone()).await.unwrap();
    let after = new_board(&node, &clock).await;
    let milliseconds = |id: i64| id >> 22;
    let passed = milliseconds(after.to_i64()) - milliseconds(before.to_i64());
    assert!(passed >= until - NOON, "{passed}");
    node.stop().await;
}

#[tokio::test]
async fn a_lease_that_is_garbage_is_refused_with_the_remedy() {
    for garbage in ["", "tomorrow", "17 18", "9e9"] {
        let home = Home::on(Stack::Embedded);
        let config = home.config().await;
        fs::create_dir(&config.data_dir).unwrap();
        let path = config.data_dir.join(LEASE_FILE);
        fs::write(&path, garbage).unwrap();
        let text = refusal(&config).await;
        assert!(text.starts_with(path.to_str().unwrap()), "{text}");
        assert!(
            text.contains("write a number past every id's time"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn without_a_lease_on_disk_there_are_no_ids() {
    let home = Home::on(Stack::Embedded);
    let config = home.config().await;
    let clock = Clock::system();
    let node = Node::start(&config, clock.clone()).await.unwrap();
    // Where the new lease is written before it takes the old one's place.
    let taken = config.data_dir.join("ids.new");
    fs::create_dir(&taken).unwrap();
    let by = origin(&clock);
    let refused = node.commands.create_board(&by, settings("yard")).await;
    let error = refused.unwrap_err();
    assert!(matches!(error, CommandError::Ids(_)), "{error}");
    assert!(error.to_string().contains(LEASE_FILE), "{error}");
    fs::remove_dir(&taken).unwrap();
    new_board(&node, &clock).await;
    node.stop().await;
}
