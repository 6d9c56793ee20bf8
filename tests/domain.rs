//! The rules of the yard, without a machine around them.
//!
//! A rule reads as `given(what happened).when(command).then(what follows)`, or `.rejected(why)`.

pub(crate) mod any;
mod article;
mod board;
mod comment;
mod id;
mod like;
mod snowflake;
mod text;
mod view;

use std::fmt::Debug;

use madang::domain::{Aggregate, Fact, Timestamp, UserId};

/// When everything happens that no test has an opinion about.
pub(crate) const NOON: Timestamp = Timestamp(1_732_190_400_000);

/// An aggregate with its rules, so that one fixture serves them all.
trait Rules: Aggregate + Clone + Debug + PartialEq {
    type Command: Clone + Debug;
    type Rejection: Debug + PartialEq;

    fn decide(
        command: Self::Command,
        state: Option<&Self>,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;
}

struct Given<A>(Option<A>);

struct Outcome<A: Rules>(Result<Vec<A::Event>, A::Rejection>);

/// The state after `events`, all of them by Kim, at noon.
fn given<A: Rules>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    given_facts(events.into_iter().map(by_kim))
}

fn given_facts<A: Rules>(facts: impl IntoIterator<Item = Fact<A::Event>>) -> Given<A> {
    Given(fold(None, facts))
}

fn fold<A: Rules>(start: Option<A>, facts: impl IntoIterator<Item = Fact<A::Event>>) -> Option<A> {
    facts
        .into_iter()
        .fold(start, |state, fact| A::evolve(state, &fact))
}

impl<A: Rules> Given<A> {
    fn when(self, command: A::Command) -> Outcome<A> {
        Outcome(A::decide(command, self.0.as_ref()))
    }

    fn state(self) -> A {
        self.0.expect("the events leave something")
    }
}

impl<A: Rules> Outcome<A>
where
    A::Event: Debug + PartialEq,
{
    #[track_caller]
    fn then(self, events: impl IntoIterator<Item = A::Event>) {
        assert_eq!(self.0, Ok(events.into_iter().collect()));
    }

    #[track_caller]
    fn then_nothing(self) {
        self.then([]);
    }

    #[track_caller]
    fn rejected(self, why: A::Rejection) {
        assert_eq!(self.0, Err(why));
    }
}

/// What one command adds to a stream is not added again by the same command.
#[track_caller]
fn assert_second_time_adds_nothing<A: Rules>(before: Option<A>, command: A::Command)
where
    A::Event: Debug,
{
    let Ok(first) = A::decide(command.clone(), before.as_ref()) else {
        return;
    };
    let after = fold(before, first.into_iter().map(by_kim));
    let second = A::decide(command, after.as_ref()).unwrap_or_default();
    assert!(second.is_empty(), "the second time added {second:?}");
}

/// Folding in two goes leaves what folding in one go leaves.
#[track_caller]
fn assert_folds_alike<A: Rules>(facts: &[Fact<A::Event>], cut: usize) {
    let (older, newer) = facts.split_at(cut.min(facts.len()));
    let whole: Option<A> = fold(None, facts.iter().cloned());
    let parts = fold(fold(None, older.iter().cloned()), newer.iter().cloned());
    assert_eq!(whole, parts);
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::parse(id).expect("a user id")
}

fn by_kim<E>(event: E) -> Fact<E> {
    by("kim", NOON, event)
}

fn by<E>(who: &str, occurred_at: Timestamp, event: E) -> Fact<E> {
    Fact {
        event,
        actor: user(who),
        occurred_at,
    }
}
