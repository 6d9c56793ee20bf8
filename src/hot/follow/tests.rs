//! When Redis is too far behind SQL to be read.

use super::*;

const HALF: Duration = Duration::from_millis(500);

fn position(number: u64) -> Position {
    Position::new(0, number)
}

/// What is said of (Redis, SQL), one after the other, every half second.
fn told(pairs: &[(u64, u64)]) -> Vec<bool> {
    let (mut behind, mut now) = (Behind::default(), Instant::now());
    let mut said = Vec::new();
    for (redis, sql) in pairs {
        said.push(behind.too_far((position(*redis), position(*sql)), now));
        now += HALF;
    }
    said
}

#[test]
fn a_redis_that_keeps_up_is_read() {
    assert_eq!(told(&[(5, 5), (5, 6), (6, 9), (9, 9)]), [false; 4]);
}

#[test]
fn a_redis_that_stands_still_is_left_alone_after_two_seconds() {
    let still = [(5, 5), (5, 6), (5, 6), (5, 6), (5, 6), (5, 6), (6, 6)];
    let said = [false, false, false, false, false, true, false];
    assert_eq!(told(&still), said);
}

#[test]
fn who_begins_to_look_does_not_trust_what_is_behind() {
    assert_eq!(told(&[(5, 90), (80, 91), (90, 92)]), [true, true, false]);
}

/// Catching up with what SQL had a minute ago is not enough.
#[test]
fn a_redis_that_catches_up_is_left_alone_until_it_has() {
    let catching_up: Vec<(u64, u64)> = (0..20).map(|n| (5 + 8 * n, 100 + 2 * n)).collect();
    let said = told(&catching_up);
    // Of SQL's positions the one from two seconds (four looks) before counts.
    let truth: Vec<bool> = (0..20_u64)
        .map(|n| 5 + 8 * n < 100 + 2 * n.saturating_sub(4))
        .collect();
    assert_eq!(said, truth);
}

/// How Redis follows, looking every half second.
fn followed(pairs: &[(u64, u64)]) -> Lag {
    let (mut behind, mut now, mut lag) = (Behind::default(), Instant::now(), Lag::Close);
    for (redis, sql) in pairs {
        lag = behind.look((position(*redis), position(*sql)), now);
        now += HALF;
    }
    lag
}

/// Its projector asks SQL for what is parked, so it stops with SQL.
#[test]
fn a_redis_that_stands_still_with_sql_is_only_late() {
    let mut still = vec![(5, 5)];
    still.extend([(5, 6); 20]);
    assert_eq!(followed(&still), Lag::Late);
    still.push((6, 6));
    assert_eq!(followed(&still), Lag::Close);
}

#[test]
fn a_redis_that_sql_leaves_behind_is_lost() {
    let moving: Vec<(u64, u64)> = (0..10).map(|n| (5, 5 + n)).collect();
    assert_eq!(followed(&moving), Lag::Lost);
}

/// Redis was at 5 with SQL when it went out of sight; what is said of it when it is back.
fn back_after_an_outage(pair: (u64, u64)) -> Lag {
    let (mut behind, now) = (Behind::default(), Instant::now());
    behind.look((position(5), position(5)), now);
    behind.lose_sight(position(5));
    behind.look((position(pair.0), position(pair.1)), now + HALF)
}

#[test]
fn a_redis_that_was_away_must_have_what_sql_has_by_now() {
    assert_eq!(back_after_an_outage((5, 9)), Lag::Lost);
    assert_eq!(back_after_an_outage((9, 9)), Lag::Close);
    assert_eq!(back_after_an_outage((5, 5)), Lag::Close);
}
