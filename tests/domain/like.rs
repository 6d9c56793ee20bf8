//! Likes: both words in every state (nothing said, liked, no more) of every article.

use madang::domain::article::ArticleStanding;
use madang::domain::like::{Like, LikeCommand, LikeEvent, LikeRejection, decide};
use madang::domain::{Aggregate, ArticleId, Event, Timestamp};
use proptest::prelude::*;

use super::{Given, NOON, Rules, any, by, given_facts, user};
use super::{assert_folds_alike, assert_second_time_adds_nothing, fold};

impl Rules for Like {
    type Command = LikeCommand;
    type Rejection = LikeRejection;

    fn decide(command: LikeCommand, state: Option<&Self>) -> Result<Vec<LikeEvent>, LikeRejection> {
        decide(command, state)
    }
}

fn given(events: impl IntoIterator<Item = LikeEvent>) -> Given<Like> {
    super::given(events)
}

fn article_id() -> ArticleId {
    ArticleId::from_i64(40).expect("an id")
}

fn liked() -> LikeEvent {
    LikeEvent::Liked {
        article_id: article_id(),
        user_id: user("kim"),
    }
}

fn unliked() -> LikeEvent {
    LikeEvent::Unliked {
        article_id: article_id(),
        user_id: user("kim"),
    }
}

/// Kim says whether they like an article that stands so.
fn say(liked: bool, article: ArticleStanding) -> LikeCommand {
    LikeCommand {
        article_id: article_id(),
        article,
        user_id: user("kim"),
        liked,
    }
}

fn like() -> LikeCommand {
    say(true, ArticleStanding::Live)
}

fn unlike() -> LikeCommand {
    say(false, ArticleStanding::Live)
}

#[test]
fn a_user_likes_an_article() {
    given([]).when(like()).then([liked()]);
}

#[test]
fn a_like_said_again_is_the_same_like() {
    given([liked()]).when(like()).then_nothing();
}

#[test]
fn a_user_likes_it_no_more() {
    given([liked()]).when(unlike()).then([unliked()]);
}

#[test]
fn who_never_liked_an_article_cannot_like_it_less() {
    given([]).when(unlike()).then_nothing();
    given([liked(), unliked()]).when(unlike()).then_nothing();
}

#[test]
fn a_like_may_come_back() {
    given([liked(), unliked()]).when(like()).then([liked()]);
}

#[test]
fn an_article_that_never_was_is_not_liked() {
    for word in [true, false] {
        given([liked()])
            .when(say(word, ArticleStanding::Missing))
            .rejected(LikeRejection::ArticleNotFound);
    }
}

/// Also when nothing would change: there is nothing left to like.
#[test]
fn a_deleted_article_is_not_liked_or_unliked() {
    for events in [vec![], vec![liked()], vec![liked(), unliked()]] {
        for word in [true, false] {
            given(events.clone())
                .when(say(word, ArticleStanding::Deleted))
                .rejected(LikeRejection::ArticleDeleted);
        }
    }
}

#[test]
fn a_like_is_since_its_newest_event() {
    let later = Timestamp(NOON.0 + 1);
    let facts = [by("kim", NOON, liked()), by("kim", later, unliked())];
    let [liked, unliked] = [&facts[..1], &facts].map(|facts| {
        let state: Like = given_facts(facts.to_vec()).state();
        (state.liked, state.since)
    });
    assert_eq!((liked, unliked), ((true, NOON), (false, later)));
}

#[test]
fn only_its_own_events_are_a_likes() {
    assert_eq!(Like::event_of(liked().into()), Some(liked()));
    let log_id = uuid::Uuid::nil();
    assert_eq!(Like::event_of(Event::LogCreated { log_id }), None);
}

fn any_command() -> impl Strategy<Value = LikeCommand> {
    let standing = prop::sample::select(vec![
        ArticleStanding::Missing,
        ArticleStanding::Live,
        ArticleStanding::Deleted,
    ]);
    (any::<bool>(), standing).prop_map(|(liked, article)| say(liked, article))
}

proptest! {
    #[test]
    fn any_history_folds_the_same_however_it_is_cut(
        facts in any::history(any::like_event()),
        cut in 0_usize..12,
    ) {
        assert_folds_alike::<Like>(&facts, cut);
    }

    #[test]
    fn the_newest_event_tells_what_the_whole_history_tells(
        facts in any::history(any::like_event()),
    ) {
        let newest = facts.last().cloned();
        prop_assert_eq!(fold::<Like>(None, facts), fold(None, newest));
    }

    #[test]
    fn doing_it_twice_adds_nothing(
        facts in any::history(any::like_event()),
        command in any_command(),
    ) {
        assert_second_time_adds_nothing::<Like>(fold(None, facts), command);
    }

    #[test]
    fn whatever_is_said_likes_and_unlikes_take_turns(
        words in prop::collection::vec(any::<bool>(), 0..20),
    ) {
        let mut events = Vec::new();
        for word in words.iter().copied() {
            let state: Option<Like> = fold(None, events.iter().cloned().map(super::by_kim));
            events.extend(decide(say(word, ArticleStanding::Live), state.as_ref()).unwrap());
            let last = events.last() == Some(&liked());
            prop_assert_eq!(last, word);
        }
        let turns = [liked(), unliked()].into_iter().cycle().take(events.len());
        prop_assert!(turns.eq(events));
    }
}
