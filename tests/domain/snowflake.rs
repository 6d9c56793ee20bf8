//! Ids are never made twice, whatever clocks do.

use std::collections::HashSet;

use madang::domain::Timestamp;
use madang::domain::snowflake::{EPOCH, IDS_PER_MILLISECOND, NoId, Node, Snowflake, Snowflakes};
use proptest::collection::vec;
use proptest::prelude::*;

/// The last millisecond that 41 bits hold, since [`EPOCH`].
const LAST: i64 = (1 << 41) - 1;

fn at(millisecond: i64) -> Timestamp {
    Timestamp(EPOCH.0 + millisecond)
}

fn node(number: u16) -> Node {
    Node::new(number).expect("a node number")
}

fn leased(number: u16, from: i64, until: i64) -> Snowflakes {
    let mut ids = Snowflakes::starting_at(node(number), at(from));
    ids.renew(at(until));
    ids
}

/// What an id is made of: milliseconds, node, sequence.
fn parts(id: Snowflake) -> (i64, i64, i64) {
    let id = id.to_i64();
    (id >> 22, (id >> 12) & 0x3ff, id & 0xfff)
}

fn fill_a_millisecond(ids: &mut Snowflakes, now: Timestamp) -> Vec<Snowflake> {
    (0..IDS_PER_MILLISECOND)
        .map(|_| ids.next(now).expect("an id"))
        .collect()
}

#[test]
fn an_id_is_41_bits_of_time_10_of_node_12_of_sequence() {
    let mut ids = leased(1023, 1, 1_000);
    assert_eq!(parts(ids.next(at(500)).unwrap()), (500, 1023, 0));
    assert_eq!(parts(ids.next(at(500)).unwrap()), (500, 1023, 1));
    assert_eq!(parts(ids.next(at(501)).unwrap()), (501, 1023, 0));
}

#[test]
fn a_node_number_has_10_bits() {
    assert!(Node::new(1023).is_some());
    assert_eq!(Node::new(1024), None);
}

#[test]
fn a_millisecond_gives_4096_ids_and_then_the_next_one_begins() {
    let mut ids = leased(0, 1, 1_000);
    let first = fill_a_millisecond(&mut ids, at(500));
    assert!(first.iter().all(|id| parts(*id).0 == 500));
    assert_eq!(parts(*first.last().unwrap()).2, 4095);
    assert_eq!(parts(ids.next(at(500)).unwrap()), (501, 0, 0));
}

#[test]
fn a_clock_that_catches_up_with_ids_that_ran_ahead_does_not_repeat_them() {
    let mut ids = leased(0, 1, 1_000);
    fill_a_millisecond(&mut ids, at(500));
    assert_eq!(parts(ids.next(at(500)).unwrap()), (501, 0, 0));
    assert_eq!(parts(ids.next(at(501)).unwrap()), (501, 0, 1));
}

#[test]
fn a_clock_that_steps_back_is_met_by_counting_on() {
    let mut ids = leased(0, 1, 1_000);
    ids.next(at(500)).unwrap();
    assert_eq!(parts(ids.next(at(3)).unwrap()), (500, 0, 1));
}

#[test]
fn a_clock_before_2024_makes_ids_all_the_same() {
    let mut ids = leased(0, 0, 1_000);
    let early = [Timestamp(0), Timestamp(i64::MIN), at(-1), at(0)];
    let made = early.map(|now| ids.next(now).unwrap().to_i64());
    assert_eq!(made, [1 << 22, (1 << 22) + 1, (1 << 22) + 2, (1 << 22) + 3]);
}

#[test]
fn without_a_lease_there_is_no_id() {
    let mut ids = Snowflakes::starting_at(node(0), at(10));
    assert_eq!(ids.next(at(500)), Err(NoId::LeaseEnded));
}

#[test]
fn an_ids_milliseconds_stay_below_the_end_of_the_lease() {
    let mut ids = leased(0, 1, 500);
    assert_eq!(parts(ids.next(at(499)).unwrap()), (499, 0, 0));
    assert_eq!(ids.next(at(500)), Err(NoId::LeaseEnded));
}

#[test]
fn ids_that_run_ahead_stop_at_the_end_of_the_lease() {
    let mut ids = leased(0, 1, 501);
    fill_a_millisecond(&mut ids, at(500));
    assert_eq!(ids.next_at(at(500)), at(501));
    assert_eq!(ids.next(at(500)), Err(NoId::LeaseEnded));
}

#[test]
fn a_lease_that_ended_changes_nothing() {
    let mut ids = leased(0, 1, 500);
    ids.next(at(400)).unwrap();
    assert_eq!(ids.next(at(900)), Err(NoId::LeaseEnded));
    assert_eq!(parts(ids.next(at(400)).unwrap()), (400, 0, 1));
}

#[test]
fn a_lease_that_is_revoked_in_mid_use_changes_nothing() {
    let mut ids = leased(0, 1, 500);
    ids.next(at(400)).unwrap();
    ids.revoke();
    assert_eq!(ids.next(at(450)), Err(NoId::LeaseEnded));
    ids.renew(at(500));
    assert_eq!(parts(ids.next(at(400)).unwrap()), (400, 0, 1));
}

#[test]
fn a_renewal_never_shortens_a_lease() {
    let mut ids = leased(0, 1, 500);
    ids.renew(at(100));
    assert_eq!(parts(ids.next(at(499)).unwrap()), (499, 0, 0));
}

#[test]
fn the_next_holder_starts_at_the_end_of_the_old_lease_even_if_the_clock_stepped_back() {
    let mut old = leased(0, 1, 500);
    let last = old.next(at(499)).unwrap();
    let mut restarted = leased(0, 500, 1_000);
    let first = restarted.next(at(20)).unwrap();
    assert!(first > last);
    assert_eq!(parts(first), (500, 0, 0));
}

#[test]
fn the_last_millisecond_of_41_bits_still_makes_ids() {
    let mut ids = leased(1023, 1, i64::MAX - EPOCH.0);
    let last = fill_a_millisecond(&mut ids, at(LAST));
    assert_eq!(last.last().unwrap().to_i64(), i64::MAX);
    assert_eq!(ids.next(at(LAST)), Err(NoId::OutOfTime));
}

#[test]
fn past_41_bits_of_milliseconds_there_is_no_id() {
    let mut ids = leased(0, 1, i64::MAX - EPOCH.0);
    for now in [at(LAST + 1), Timestamp(i64::MAX)] {
        assert_eq!(ids.next(now), Err(NoId::OutOfTime));
    }
    assert_eq!(parts(ids.next(at(5)).unwrap()), (5, 0, 0));
}

#[test]
fn a_floor_at_the_end_of_time_overflows_nothing() {
    let mut ids = Snowflakes::starting_at(node(0), Timestamp(i64::MAX));
    assert_eq!(ids.next_at(Timestamp(0)), Timestamp(i64::MAX));
    assert_eq!(ids.next(Timestamp(0)), Err(NoId::OutOfTime));
}

/// A clock that stands still, steps back, goes on and jumps, for up to 200 looks at it.
fn any_clock() -> impl Strategy<Value = Vec<Timestamp>> {
    let look = prop_oneof![
        4 => Just(500_i64),
        2 => 490_i64..510,
        1 => -1_000_i64..100_000,
    ];
    vec(look.prop_map(at), 1..200)
}

proptest! {
    #[test]
    fn under_any_clock_ids_only_grow(clock in any_clock()) {
        let mut ids = leased(5, 1, 200_000);
        let made: Vec<_> = clock.into_iter().map(|now| ids.next(now).unwrap()).collect();
        prop_assert!(made.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn ids_only_grow_across_restarts_that_start_at_the_old_leases_end(
        lives in vec((any_clock(), 1_i64..2_000), 1..6),
    ) {
        let (mut made, mut end) = (Vec::new(), 1);
        for (clock, length) in lives {
            let mut ids = leased(5, end, end + length);
            made.extend(clock.into_iter().filter_map(|now| ids.next(now).ok()));
            end += length;
        }
        prop_assert!(made.is_sorted_by(|a, b| a < b));
        prop_assert!(made.iter().all(|id| parts(*id).0 < end));
    }

    #[test]
    fn two_nodes_never_make_the_same_id(one in any_clock(), other in any_clock()) {
        let (mut a, mut b) = (leased(1, 1, 200_000), leased(2, 1, 200_000));
        let from_a: HashSet<_> = one.into_iter().map(|now| a.next(now).unwrap()).collect();
        prop_assert!(other.into_iter().all(|now| !from_a.contains(&b.next(now).unwrap())));
    }

    #[test]
    fn the_next_id_lies_where_it_was_foretold(clock in any_clock()) {
        let mut ids = leased(5, 1, 200_000);
        for now in clock {
            let foretold = ids.next_at(now);
            prop_assert_eq!(at(parts(ids.next(now).unwrap()).0), foretold);
        }
    }
}
