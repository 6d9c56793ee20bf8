//! Whatever the log does, what was answered is there, once.

use madang::command::CommandError;
use madang::event_store::StoreError;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::task::yield_now;

use super::MIDNIGHT;
use super::booth::{Act, Booth};

const USERS: usize = 8;

fn act() -> impl Strategy<Value = Act> {
    let acts = [
        Act::Hold,
        Act::Fail,
        Act::Refuse,
        Act::Lose,
        Act::Mute,
        Act::Overtake,
    ];
    proptest::sample::select(acts.to_vec())
}

/// Users who view around midnight, and how long each waits for the next.
async fn once(acts: &[Act], views: &[(usize, i64, u8)]) {
    let booth = Booth::open(acts).await;
    let mut running = Vec::new();
    for &(user, milliseconds, yields) in views {
        let view = booth.spawn(&format!("user {user}"), MIDNIGHT - 2 + milliseconds);
        running.push((user, view));
        for _ in 0..yields {
            yield_now().await;
        }
    }
    booth.release();
    let (mut counted, mut unknown) = ([0; USERS], 0);
    for (user, view) in running {
        match view.await.unwrap() {
            Ok(done) => counted[user] += u64::from(done.counted),
            Err(CommandError::Store(StoreError::OutcomeUnknown { .. })) => unknown += 1,
            Err(_) => {}
        }
    }
    assert!(counted.iter().all(|times| *times <= 1), "{counted:?}");
    let (least, total) = (counted.iter().sum::<u64>(), booth.total().await);
    assert!(
        (least..=least + unknown).contains(&total),
        "{counted:?} and {unknown} unknown make {total}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_was_answered_is_there_once(
        acts in vec(act(), 0..25),
        views in vec((0..USERS, 0..4_i64, 0..4_u8), 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(once(&acts, &views));
    }
}
