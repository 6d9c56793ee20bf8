//! The guard at its edges, and against a list that anybody can check.

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1000;

fn places() -> Places {
    Places::at_most(100)
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp(milliseconds)
}

/// Takes a place and confirms it.
fn view(places: &mut Places, fingerprint: u64, now: i64) -> bool {
    let ticket = places.take(fingerprint, at(now));
    ticket.map(|ticket| places.confirm(ticket)).is_some()
}

#[test]
fn a_confirmed_view_keeps_its_place_for_ten_minutes_from_the_view() {
    let mut places = places();
    assert!(view(&mut places, 7, 0));
    assert!(!view(&mut places, 7, 0));
    assert!(!view(&mut places, 7, CONFIRMED_MS - 1));
    assert!(view(&mut places, 7, CONFIRMED_MS));
    assert!(!view(&mut places, 7, 2 * CONFIRMED_MS - 1));
}

#[test]
fn a_view_that_nobody_confirms_keeps_its_place_for_ten_seconds() {
    let mut places = places();
    assert!(places.take(7, at(0)).is_some());
    assert_eq!(places.take(7, at(TAKEN_MS - 1)), None);
    assert!(places.take(7, at(TAKEN_MS)).is_some());
}

#[test]
fn a_place_that_was_taken_back_is_free_at_once() {
    let mut places = places();
    let ticket = places.take(7, at(0)).unwrap();
    places.take_back(ticket);
    assert!(places.take(7, at(0)).is_some());
}

#[test]
fn who_comes_late_settles_nothing_of_what_others_took_meanwhile() {
    let mut places = places();
    let late = places.take(7, at(0)).unwrap();
    let newer = places.take(7, at(TAKEN_MS)).unwrap();
    places.take_back(late);
    assert_eq!(places.take(7, at(TAKEN_MS)), None);
    places.confirm(late);
    let later = at(2 * TAKEN_MS);
    assert!(
        places.take(7, later).is_some(),
        "{newer:?} is not confirmed"
    );
}

#[test]
fn the_oldest_goes_first_when_there_is_no_room() {
    let mut places = Places::at_most(3);
    for fingerprint in [1, 2, 3, 4] {
        assert!(view(&mut places, fingerprint, 0));
    }
    assert!(!view(&mut places, 2, 0));
    assert!(view(&mut places, 1, 0), "1 was the oldest");
    assert!(!view(&mut places, 3, 0));
    assert!(view(&mut places, 2, 0), "then 2 was");
    assert_eq!(places.order.len(), 3);
}

#[test]
fn a_clock_that_steps_back_frees_nothing_soon_and_blocks_nobody_for_long() {
    let mut places = places();
    let noon = 12 * 60 * 60 * SECOND;
    assert!(view(&mut places, 7, noon));
    assert!(!view(&mut places, 7, noon - CONFIRMED_MS));
    assert!(view(&mut places, 7, noon - CONFIRMED_MS - 1));
    assert!(!view(&mut places, 7, noon - CONFIRMED_MS));
}

#[test]
fn the_ends_of_time_are_far_apart() {
    let mut places = places();
    for now in [i64::MAX, i64::MIN, 0, i64::MIN] {
        assert!(view(&mut places, 7, now));
        assert!(!view(&mut places, 7, now));
    }
}

#[test]
fn what_is_past_its_time_is_cleared_away_while_others_come() {
    let mut places = places();
    for fingerprint in 0..100 {
        assert!(view(&mut places, fingerprint, 0));
    }
    for fingerprint in 100..125 {
        assert!(view(&mut places, fingerprint, CONFIRMED_MS));
    }
    assert_eq!((places.order.len(), places.held.len()), (25, 25));
}

#[test]
fn turns_are_numbered_on_past_the_last_number() {
    let mut places = Places {
        first: u32::MAX - 1,
        ..Places::at_most(3)
    };
    for fingerprint in 0..10 {
        assert!(view(&mut places, fingerprint, 0));
        assert!(!view(&mut places, fingerprint, CONFIRMED_MS - 1));
    }
    assert_eq!(places.first, 5);
}

#[test]
fn each_user_has_a_place_for_each_article() {
    let guard = Guard::new();
    let user = |name: &str| UserId::parse(name).unwrap();
    let article = |id| ArticleId::from_i64(id).unwrap();
    let take = |name: &str, id| guard.take(&user(name), article(id), at(0)).is_some();
    assert!(take("kim", 1) && take("kim", 2) && take("Kim", 1));
    assert!(!take("kim", 1) && !take("kim", 2) && !take("Kim", 1));
}

#[derive(Clone, Debug)]
enum Act {
    Wait(i64),
    Take(u64),
    Confirm(usize),
    TakeBack(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..2 * TAKEN_MS).prop_map(Act::Wait),
        (0..CONFIRMED_MS).prop_map(Act::Wait),
        (0..6_u64).prop_map(Act::Take),
        (0..6_u64).prop_map(Act::Take),
        (0..8_usize).prop_map(Act::Confirm),
        (0..8_usize).prop_map(Act::TakeBack),
    ]
}

/// Places as a list of all that ever happened: who, when, until when.
#[derive(Default)]
struct Naive(Vec<(u64, i64, i64)>);

impl Naive {
    fn take(&mut self, fingerprint: u64, now: i64) -> bool {
        let held = |(of, _, until): &(u64, i64, i64)| *of == fingerprint && now < *until;
        let free = !self.0.iter().any(held);
        // One that is past its time can no longer be confirmed once it was taken again.
        if free {
            self.0.push((fingerprint, now, now + TAKEN_MS));
        }
        free
    }

    fn settle(&mut self, index: usize, life: i64) {
        let (fingerprint, at, _) = self.0[index];
        let again = self.0[index + 1..]
            .iter()
            .any(|(of, ..)| *of == fingerprint);
        if !again {
            self.0[index].2 = at + life;
        }
    }
}

proptest! {
    /// A ticket is settled at most once, by the flush that has it.
    #[test]
    fn places_are_held_as_a_list_of_everything_says(acts in prop::collection::vec(act(), 1..200)) {
        let (mut places, mut naive) = (Places::at_most(1000), Naive::default());
        let (mut now, mut tickets) = (0, Vec::new());
        for act in acts {
            match act {
                Act::Wait(time) => now += time,
                Act::Take(fingerprint) => {
                    let ticket = places.take(fingerprint, at(now));
                    prop_assert_eq!(ticket.is_some(), naive.take(fingerprint, now));
                    tickets.extend(ticket.map(Some));
                }
                Act::Confirm(back) | Act::TakeBack(back) => {
                    let Some(index) = tickets.len().checked_sub(back + 1) else { continue };
                    let Some(ticket) = tickets[index].take() else { continue };
                    if matches!(act, Act::Confirm(_)) && naive.0[index].2 > now {
                        places.confirm(ticket);
                        naive.settle(index, CONFIRMED_MS);
                    } else {
                        places.take_back(ticket);
                        naive.settle(index, 0);
                    }
                }
            }
        }
    }

    #[test]
    fn there_are_never_more_places_than_fit(
        times in prop::collection::vec((-CONFIRMED_MS..2 * CONFIRMED_MS, 0..40_u64), 1..200),
    ) {
        let mut places = Places::at_most(16);
        for (now, fingerprint) in times {
            let taken = view(&mut places, fingerprint, now);
            prop_assert!(!taken || places.is_held(fingerprint, at(now)));
            prop_assert!(places.order.len() <= 16 && places.held.len() <= places.order.len());
        }
    }
}
