//! Which number to take.

use super::LEASE;
use super::table::{Number, State};
use crate::ambient::any_below;
use crate::domain::Timestamp;

/// Over how many numbers a crowd is spread.
const CROWD: usize = 64;

/// How good a number is to take, the best first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Nobody holds it: the smallest first, so that numbers stay small.
    Free(u16),
    /// Its holder has died, or its clock is behind or ours ahead: the longest dead first.
    Ended(i64),
    /// Nobody holds it, but ids would run ahead of the clock: the least first.
    Ahead(i64),
}

fn rank(number: &Number, now: Timestamp) -> Option<Rank> {
    let State { until, .. } = number.state;
    let is_free = number.state.is_free();
    match () {
        () if until <= now && is_free => Some(Rank::Free(number.node.get())),
        () if until <= now => Some(Rank::Ended(until.0)),
        () if is_free && until.0 <= now.0.saturating_add(LEASE) => Some(Rank::Ahead(until.0)),
        () => None,
    }
}

/// The best of the numbers that may be taken, if there is one. In a crowd it is one of the best, or all
/// would go for the same one again and again.
pub(super) fn choose(numbers: &[Number], now: Timestamp, is_crowded: bool) -> Option<&Number> {
    let ranked = numbers.iter().filter_map(|n| Some((rank(n, now)?, n)));
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_by(|a, b| a.0.cmp(&b.0));
    let others = if is_crowded {
        any_below(ranked.len().min(CROWD))
    } else {
        0
    };
    ranked.get(others).map(|(_, number)| *number)
}
