//! Any forum, killed anywhere, ends where an undisturbed import of it ends.

use std::sync::atomic::AtomicBool;

use madang::command::import::{Record, Told, What};
use proptest::collection::vec;
use proptest::prelude::*;

use super::log::{Dying, Yard, comment, essence, liked, post};
use crate::wayward::Wayward;

/// What a line is made of: what kind of record, where it belongs, and to what it replies.
type Seed = (u8, usize, usize);

fn pick<T: Copy>(from: &[T], seed: usize) -> Option<T> {
    from.get(seed.checked_rem(from.len())?).copied()
}

/// Records in an order that a file may have them; now and then one has no place.
fn forum(seeds: &[Seed]) -> Vec<Record> {
    let mut posts = Vec::new();
    let mut comments = Vec::new();
    let mut records = Vec::new();
    for (id, &(kind, place, parent)) in (1..).zip(seeds) {
        let Some(of) = pick(&posts, place).filter(|_| kind >= 4) else {
            let board = ["a", "b", "c/d"][place % 3];
            posts.push(id);
            records.push(match parent % 3 {
                0 => post(id, board).into(),
                likes => liked(post(id, board), likes as u64).into(),
            });
            continue;
        };
        let beside = comments.iter().filter(|(_, post)| *post == of);
        let beside: Vec<(u64, u64)> = beside.copied().collect();
        let parent = match kind {
            4 | 5 => None,
            // Perhaps of another post, or of nobody.
            6 => pick(&comments, parent),
            7 => Some((900, of)).filter(|_| parent % 5 == 0),
            _ => pick(&beside, parent),
        };
        comments.push((id, of));
        records.push(comment(id, of, parent.map(|(id, _)| id)).into());
    }
    records
}

/// What an earlier run had of it: nothing, the beginning, or two records of three.
fn before(records: &[Record], (kind, cut): (u8, usize)) -> Vec<Record> {
    let cut = cut % records.len();
    let kept = |index: usize| match kind {
        0 => false,
        1 => index < cut,
        _ => index % 3 != cut % 3,
    };
    let kept = (0..records.len()).filter(|index| kept(*index));
    kept.map(|index| records[index].clone()).collect()
}

/// How many records, views and likes were told of.
fn sums(told: &[Told]) -> (u64, u64, u64) {
    told.iter()
        .fold((0, 0, 0), |(records, views, likes), told| match told.what {
            What::Post | What::Comment { .. } => (records + 1, views, likes),
            What::Views(count) => (records, views + count, likes),
            What::Likes(count) => (records, views, likes + count),
        })
}

async fn ends_the_same(
    records: &[Record],
    (before, keys): (&[Record], usize),
    deaths: &[(usize, bool)],
) {
    let undisturbed = Yard::open().await;
    undisturbed.bring(before, keys).await;
    let told = sums(&undisturbed.bring(records, keys).await);
    assert_eq!(told.0, records.len() as u64);
    let whole = essence(&*undisturbed.log).await;
    assert_eq!(sums(&undisturbed.bring(records, keys).await), told);
    assert_eq!(essence(&*undisturbed.log).await, whole, "a second run");

    let yard = Yard::open().await;
    yard.bring(before, keys).await;
    for &(at, after_write) in deaths {
        let dead = AtomicBool::new(false);
        let whim = Dying {
            at,
            after_write,
            dead,
        };
        let store = Wayward::over(yard.log.clone(), whim);
        // It may have come to its end before.
        let _ = yard.import_telling(store, (records, keys)).await;
    }
    assert_eq!(sums(&yard.bring(records, keys).await), told);
    assert_eq!(essence(&*yard.log).await, whole);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn it_ends_the_same(
        seeds in vec((0..10_u8, 0..1000_usize, 0..1000_usize), 1..30),
        (kind, cut, keys) in (0..3_u8, 0..100_usize, 2..9_usize),
        deaths in vec((0..12_usize, any::<bool>()), 1..4),
    ) {
        let records = forum(&seeds);
        let before = before(&records, (kind, cut));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ends_the_same(&records, (&before, keys), &deaths));
    }
}
