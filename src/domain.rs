//! The rules of the yard: what may happen, and what has happened.
//!
//! Everything here is a pure function over values: no I/O, no async, no clock, no randomness, no
//! logging. Time, ids and the state of other streams come in as parameters, so that a rule can be
//! read, tested and replayed without a machine around it. Each aggregate has one file with its
//! commands, its events, `decide` and `evolve`.
//!
//! Left out on purpose: how an event is spelled on disk (`event_store::codec`) and which HTTP
//! status a rejection deserves (`http::error`).

pub mod article;
pub mod board;
pub mod comment;
pub mod event;
pub mod id;
pub mod like;
pub mod snowflake;
pub mod text;
pub mod view;

pub use event::{Event, Fact};
pub use id::{ArticleId, BoardId, CommentId, Revision, Timestamp, UserId};

/// A consistency boundary: the state that one stream folds into.
///
/// `evolve` must be total. A log is never rejected after the fact, so an event that does not fit
/// leaves the state as it was.
pub trait Aggregate: Sized {
    /// What can happen to this aggregate.
    type Event: Clone + Into<Event>;

    /// Whether the newest event alone tells the state, so that nothing else has to be read.
    const NEWEST_TELLS: bool = false;

    /// Picks this aggregate's event out of all the events there are.
    fn event_of(event: Event) -> Option<Self::Event>;

    /// Folds one event into the state; `None` is "never was".
    fn evolve(state: Option<Self>, fact: &Fact<Self::Event>) -> Option<Self>;
}
