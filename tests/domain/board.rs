//! Boards: every command in every state (never was, open, closed).

use madang::domain::board::{
    Board, BoardCommand, BoardEvent, BoardRejection, BoardSettings, CommentDepth, decide,
};
use madang::domain::text::{BoardDescription, BoardName};
use madang::domain::{Aggregate, BoardId, Event, Revision};
use proptest::prelude::*;

use super::{Given, NOON, Rules, any, assert_folds_alike, assert_second_time_adds_nothing, fold};

impl Rules for Board {
    type Command = BoardCommand;
    type Rejection = BoardRejection;

    fn decide(
        command: BoardCommand,
        state: Option<&Self>,
    ) -> Result<Vec<BoardEvent>, BoardRejection> {
        decide(command, state)
    }
}

fn given(events: impl IntoIterator<Item = BoardEvent>) -> Given<Board> {
    super::given(events)
}

fn id(number: i64) -> BoardId {
    BoardId::from_i64(number).expect("an id")
}

fn settings(name: &str) -> BoardSettings {
    BoardSettings {
        name: BoardName::parse(name).expect("a name"),
        description: BoardDescription::parse("").expect("a description"),
        max_comment_depth: CommentDepth::default(),
    }
}

fn created(name: &str) -> BoardEvent {
    BoardEvent::Created {
        board_id: id(7),
        settings: settings(name),
    }
}

fn updated(name: &str) -> BoardEvent {
    BoardEvent::Updated {
        board_id: id(7),
        settings: settings(name),
    }
}

fn closed() -> BoardEvent {
    BoardEvent::Closed { board_id: id(7) }
}

fn create(name: &str) -> BoardCommand {
    BoardCommand::Create {
        board_id: id(7),
        settings: settings(name),
    }
}

fn update(name: &str, if_match: Option<u64>) -> BoardCommand {
    BoardCommand::Update {
        settings: settings(name),
        if_match: if_match.map(Revision),
    }
}

#[test]
fn a_board_is_created_once() {
    given([]).when(create("yard")).then([created("yard")]);
}

#[test]
fn an_open_board_is_not_created_again() {
    given([created("yard")])
        .when(create("yard"))
        .rejected(BoardRejection::Exists);
}

#[test]
fn a_closed_board_is_not_created_again() {
    given([created("yard"), closed()])
        .when(create("other"))
        .rejected(BoardRejection::Exists);
}

#[test]
fn a_board_that_never_was_is_not_updated() {
    given([])
        .when(update("yard", None))
        .rejected(BoardRejection::NotFound);
}

#[test]
fn an_update_replaces_the_settings() {
    given([created("yard")])
        .when(update("garden", None))
        .then([updated("garden")]);
}

#[test]
fn an_update_to_the_same_settings_changes_nothing() {
    given([created("yard")])
        .when(update("yard", None))
        .then_nothing();
}

#[test]
fn an_update_back_to_earlier_settings_is_a_change() {
    given([created("yard"), updated("garden")])
        .when(update("yard", None))
        .then([updated("yard")]);
}

#[test]
fn names_that_differ_in_case_differ() {
    given([created("yard")])
        .when(update("Yard", None))
        .then([updated("Yard")]);
}

#[test]
fn a_closed_board_is_still_updated() {
    given([created("yard"), closed()])
        .when(update("garden", Some(1)))
        .then([updated("garden")]);
}

#[test]
fn an_update_of_the_revision_that_was_seen_goes_through() {
    given([created("yard"), updated("garden")])
        .when(update("field", Some(1)))
        .then([updated("field")]);
}

#[test]
fn an_update_of_an_older_revision_is_stale() {
    given([created("yard"), updated("garden")])
        .when(update("field", Some(0)))
        .rejected(BoardRejection::Stale {
            current: Revision(1),
        });
}

#[test]
fn an_update_of_a_revision_to_come_is_stale_even_if_nothing_would_change() {
    given([created("yard")])
        .when(update("yard", Some(1)))
        .rejected(BoardRejection::Stale {
            current: Revision(0),
        });
}

#[test]
fn a_board_that_never_was_is_not_closed() {
    given([])
        .when(BoardCommand::Close)
        .rejected(BoardRejection::NotFound);
}

#[test]
fn an_open_board_is_closed() {
    given([created("yard")])
        .when(BoardCommand::Close)
        .then([closed()]);
}

#[test]
fn closing_a_closed_board_changes_nothing() {
    given([created("yard"), closed()])
        .when(BoardCommand::Close)
        .then_nothing();
}

#[test]
fn a_board_folds_its_events() {
    let board = given([created("yard"), updated("garden"), closed()]).state();
    let expected = Board {
        id: id(7),
        settings: settings("garden"),
        closed: true,
        created_at: NOON,
        revision: Revision(2),
    };
    assert_eq!(board, expected);
}

#[test]
fn events_before_the_creation_leave_nothing() {
    let before: Option<Board> = fold(None, [updated("yard"), closed()].map(super::by_kim));
    assert_eq!(before, None);
}

#[test]
fn a_second_creation_only_moves_the_revision() {
    let once = given([created("yard")]).state();
    let twice = given([created("yard"), created("other")]).state();
    let revision = Revision(1);
    assert_eq!(twice, Board { revision, ..once });
}

#[test]
fn only_its_own_events_are_a_boards() {
    assert_eq!(Board::event_of(closed().into()), Some(closed()));
    let log_id = uuid::Uuid::nil();
    assert_eq!(Board::event_of(Event::LogCreated { log_id }), None);
}

#[test]
fn threads_grow_2_to_100_deep() {
    let taken = |depth| CommentDepth::new(depth).map(CommentDepth::get);
    let cases = [0, 1, 2, 100, 101, 258, u64::MAX].map(taken);
    assert_eq!(cases, [None, None, Some(2), Some(100), None, None, None]);
    assert_eq!(CommentDepth::default().get(), 100);
}

fn any_command() -> impl Strategy<Value = BoardCommand> {
    prop_oneof![
        any::settings().prop_map(|settings| BoardCommand::Create {
            board_id: id(7),
            settings
        }),
        (any::settings(), any::if_match())
            .prop_map(|(settings, if_match)| BoardCommand::Update { settings, if_match }),
        Just(BoardCommand::Close),
    ]
}

proptest! {
    #[test]
    fn any_history_folds_the_same_however_it_is_cut(
        facts in any::history(any::board_event()),
        cut in 0_usize..12,
    ) {
        assert_folds_alike::<Board>(&facts, cut);
    }

    #[test]
    fn doing_it_twice_adds_nothing(
        facts in any::history(any::board_event()),
        command in any_command(),
    ) {
        assert_second_time_adds_nothing::<Board>(fold(None, facts), command);
    }

    #[test]
    fn the_revision_counts_what_follows_the_creation(
        facts in any::history(any::board_event()),
    ) {
        let board: Option<Board> = fold(None, facts.iter().cloned());
        let from = facts.iter().position(|f| matches!(f.event, BoardEvent::Created { .. }));
        let expected = from.map(|at| Revision((facts.len() - at - 1) as u64));
        prop_assert_eq!(board.map(|b| b.revision), expected);
    }
}
