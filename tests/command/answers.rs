//! What a command answers, above all which position.

use madang::domain::article::ArticleRejection;
use madang::domain::board::BoardRejection;
use madang::domain::{ArticleId, BoardId, Revision};
use madang::event_store::{EventStore as _, Expected, NewEvent};

use super::{Square, by, draft, refused, settings, text};
use madang::domain::Event;
use madang::domain::board::BoardEvent;
use madang::event_store::StreamName;
use madang::event_store::codec::{self, Metadata};

#[tokio::test]
async fn a_command_answers_the_position_of_what_it_appended() {
    let square = Square::open().await;
    let edited = square.retitle(&square.commands, "Mine").await.unwrap();
    let events = square.events().await;
    assert_eq!(edited.position, events[2].position);
    assert_eq!(edited.state.revision, events[2].revision);
}

#[tokio::test]
async fn a_command_that_changes_nothing_appends_nothing() {
    let square = Square::open().await;
    let commands = &square.commands;
    let again = square.retitle(commands, "First").await.unwrap();
    assert_eq!(
        (again.position.prepare(), again.state.revision),
        (2, Revision(0))
    );
    let board = (square.board, None);
    let again = commands
        .update_board(&by("root"), board, settings("Plaza"))
        .await;
    assert_eq!(again.unwrap().position.prepare(), 1);
    let closed = commands
        .close_board(&by("root"), square.board)
        .await
        .unwrap();
    let again = commands
        .close_board(&by("root"), square.board)
        .await
        .unwrap();
    assert_eq!((closed.position.prepare(), again), (3, closed));
    assert_eq!(square.head().await, 3);
}

#[tokio::test]
async fn a_rejection_carries_the_position_that_was_read() {
    let square = Square::open().await;
    let (commands, which) = (&square.commands, (square.article, None));
    square.retitle(commands, "Mine").await.unwrap();
    let theirs = commands.update_article(&by("lee"), which, text("x")).await;
    assert_eq!(refused(theirs), (ArticleRejection::NotWriter, Some(3)));
    let stale = (square.article, Some(Revision(0)));
    let late = commands.delete_article(&by("kim"), stale, false).await;
    let current = Revision(1);
    assert_eq!(
        refused(late),
        (ArticleRejection::Stale { current }, Some(3))
    );
    commands
        .close_board(&by("root"), square.board)
        .await
        .unwrap();
    let posted = commands
        .create_article(&by("kim"), draft(square.board))
        .await;
    assert_eq!(refused(posted), (ArticleRejection::BoardClosed, Some(4)));
    assert_eq!(square.head().await, 4);
}

#[tokio::test]
async fn what_never_was_has_no_position() {
    let square = Square::open().await;
    let (commands, seven) = (&square.commands, "7".parse().unwrap());
    let edit = commands
        .update_article(&by("kim"), (ArticleId(seven), None), text("x"))
        .await;
    assert_eq!(refused(edit), (ArticleRejection::NotFound, None));
    let posted = commands
        .create_article(&by("kim"), draft(BoardId(seven)))
        .await;
    assert_eq!(refused(posted), (ArticleRejection::BoardNotFound, None));
    let closed = commands.close_board(&by("root"), BoardId(seven)).await;
    assert_eq!(refused(closed), (BoardRejection::NotFound, None));
    assert_eq!(square.head().await, 2);
}

#[tokio::test]
async fn an_id_is_taken_once() {
    let square = Square::open().await;
    let (commands, board) = (&square.commands, square.board);
    let again = commands
        .create_board_as(&by("root"), board, settings("Plaza"))
        .await;
    assert_eq!(refused(again), (BoardRejection::Exists, Some(1)));
    let again = commands
        .create_article_as(&by("kim"), square.article, draft(board))
        .await;
    assert_eq!(refused(again), (ArticleRejection::Exists, Some(2)));
    assert_eq!(square.head().await, 2);
}

#[tokio::test]
async fn the_same_command_again_is_the_same_command() {
    let square = Square::open().await;
    let (commands, origin) = (&square.commands, by("kim"));
    let id = ArticleId("40".parse().unwrap());
    let first = commands.create_article_as(&origin, id, draft(square.board));
    let first = first.await.unwrap();
    commands
        .update_article(&by("kim"), (id, None), text("Edited"))
        .await
        .unwrap();
    let again = commands.create_article_as(&origin, id, draft(square.board));
    assert_eq!(again.await.unwrap(), first);
    assert_eq!(square.head().await, 4);
}

/// More events than one read answers with.
#[tokio::test]
async fn a_stream_longer_than_a_page_is_read_to_its_end() {
    let square = Square::open().await;
    let stream = StreamName::board(square.board);
    for hundred in 0..45 {
        let appended = (0..100)
            .map(|n| renamed(square.board, hundred * 100 + n))
            .collect();
        let expected = Expected::Revision(Revision(hundred * 100));
        square
            .yard
            .log
            .append(&stream, expected, appended)
            .await
            .unwrap();
    }
    let closed = square.commands.close_board(&by("root"), square.board).await;
    let closed = closed.unwrap();
    assert_eq!(closed.state.settings, settings("Name 4499"));
    assert_eq!(closed.state.revision, Revision(4501));
}

fn renamed(board_id: BoardId, number: u64) -> NewEvent {
    let origin = by("root");
    let metadata = Metadata {
        correlation_id: origin.correlation_id,
        causation_id: origin.command_id,
        actor: origin.actor,
        occurred_at: origin.occurred_at,
        trace_id: None,
        import: None,
    };
    let settings = settings(&format!("Name {number}"));
    let event = Event::Board(BoardEvent::Updated { board_id, settings });
    codec::encode(event, codec::event_id(origin.command_id, 0), &metadata)
}
