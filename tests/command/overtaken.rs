//! Commands that others get ahead of.

use async_trait::async_trait;
use bytes::Bytes;
use madang::ambient::Clock;
use madang::command::ids::Ids;
use madang::command::{CommandError, Commands};
use madang::domain::Revision;
use madang::domain::article::ArticleRejection;
use madang::domain::board::BoardRejection;
use madang::domain::snowflake;
use madang::event_store::{AppendError, EventStore as _};
use madang::node::Node;
use madang::query::boards::BoardView;
use madang::query::{Document, Lookup};
use tokio::task::JoinSet;

use super::{ArticleId, BoardId, Square, by, draft, settings, text};
use crate::stack::Home;
use crate::wayward::{Wayward, Whim};
use std::sync::Arc;

/// Somebody who does something right before each of the first appends of others.
struct Ahead {
    commands: Commands,
    times: usize,
    does: Does,
}

enum Does {
    Retitle(ArticleId),
    RetitleAlike(ArticleId),
    Delete(ArticleId),
    Close(BoardId),
}

#[async_trait]
impl Whim for Ahead {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append >= self.times {
            return Ok(());
        }
        let (commands, kim) = (&self.commands, by("kim"));
        match self.does {
            Does::Retitle(id) => {
                let title = text(&format!("Ahead {append}"));
                commands
                    .update_article(&kim, (id, None), title)
                    .await
                    .unwrap();
            }
            Does::RetitleAlike(id) => {
                let title = text("Mine");
                commands
                    .update_article(&kim, (id, None), title)
                    .await
                    .unwrap();
            }
            Does::Delete(id) => {
                commands
                    .delete_article(&kim, (id, None), false)
                    .await
                    .unwrap();
            }
            Does::Close(id) => {
                commands.close_board(&kim, id).await.unwrap();
            }
        }
        Ok(())
    }
}

fn ahead(square: &Square, times: usize, does: fn(ArticleId) -> Does) -> Ahead {
    Ahead {
        commands: square.commands.clone(),
        times,
        does: does(square.article),
    }
}

#[tokio::test]
async fn who_comes_second_decides_anew_on_what_the_first_has_done() {
    let square = Square::open().await;
    let (commands, log) = square.through(ahead(&square, 1, Does::Retitle));
    let done = square.retitle(&commands, "Mine").await.unwrap();
    assert_eq!(square.titles().await, ["First", "Ahead 0", "Mine"]);
    assert_eq!((done.state.revision, log.appends()), (Revision(2), 2));
    assert_eq!(done.position.prepare(), square.head().await);
}

#[tokio::test]
async fn who_comes_second_is_refused_what_the_first_has_made_impossible() {
    let square = Square::open().await;
    let (commands, _) = square.through(ahead(&square, 1, Does::Delete));
    let refused = square.retitle(&commands, "Mine").await.unwrap_err();
    let CommandError::Rejected {
        rejection,
        position,
    } = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(rejection, ArticleRejection::Deleted);
    assert_eq!(position.unwrap().prepare(), square.head().await);
    assert_eq!(square.titles().await, ["First"]);
}

#[tokio::test]
async fn who_wants_what_the_first_has_done_adds_nothing() {
    let square = Square::open().await;
    let (commands, log) = square.through(ahead(&square, 1, Does::RetitleAlike));
    let done = square.retitle(&commands, "Mine").await.unwrap();
    assert_eq!(square.titles().await, ["First", "Mine"]);
    assert_eq!((done.position.prepare(), log.appends()), (3, 1));
}

#[tokio::test]
async fn a_revision_that_was_overtaken_is_stale() {
    let square = Square::open().await;
    let (commands, _) = square.through(ahead(&square, 1, Does::Retitle));
    let which = (square.article, Some(Revision(0)));
    let refused = commands
        .update_article(&by("kim"), which, text("Mine"))
        .await;
    let stale = ArticleRejection::Stale {
        current: Revision(1),
    };
    assert!(
        matches!(&refused, Err(CommandError::Rejected { rejection, .. }) if *rejection == stale),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_fifth_attempt_is_the_last() {
    let square = Square::open().await;
    let (commands, log) = square.through(ahead(&square, 4, Does::Retitle));
    assert!(square.retitle(&commands, "Mine").await.is_ok());
    assert_eq!(log.appends(), 5);

    let (commands, log) = square.through(ahead(&square, usize::MAX, Does::Retitle));
    let refused = square.retitle(&commands, "Never").await;
    let position = Some(square.yard.log.head().await.unwrap());
    assert_eq!(refused.unwrap_err(), CommandError::Conflict { position });
    assert_eq!(log.appends(), 5);
    assert!(!square.titles().await.contains(&"Never".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_at_once_neither_is_lost() {
    let square = Square::open().await;
    for round in 0..50 {
        let (one, two) = (format!("One {round}"), format!("Two {round}"));
        let (first, second) = tokio::join!(
            square.retitle(&square.commands, &one),
            square.retitle(&square.commands, &two),
        );
        let mut done = [(first.unwrap(), one), (second.unwrap(), two)];
        done.sort_by_key(|(done, _)| done.position);
        let titles = square.titles().await;
        assert_eq!(
            titles[titles.len() - 2..],
            done.clone().map(|(_, title)| title)
        );
        let revisions = done.map(|(done, _)| done.state.revision.0);
        assert_eq!(revisions, [2 * round + 1, 2 * round + 2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_with_one_revision_one_wins() {
    let square = Square::open().await;
    let mut tasks = JoinSet::new();
    for n in 0..50 {
        let (commands, board) = (square.commands.clone(), square.board);
        tasks.spawn(async move {
            let which = (board, Some(Revision(0)));
            let name = settings(&format!("Name {n}"));
            commands.update_board(&by("root"), which, name).await
        });
    }
    let outcomes = tasks.join_all().await;
    let stale = BoardRejection::Stale {
        current: Revision(1),
    };
    let refused = |outcome: &&Result<_, _>| matches!(outcome, Err(CommandError::Rejected { rejection, .. }) if *rejection == stale);
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(refused).count(), 49);
    assert_eq!(square.head().await, 3);
}

/// The log stands: the board was open when it was read, so the article is there, in every view.
#[tokio::test]
async fn an_article_on_a_board_that_closes_meanwhile_stands() {
    let home = Home::new();
    let node = Node::start(&home.config().await, Clock::system()).await;
    let node = node.unwrap();
    let made = node
        .commands
        .create_board(&by("root"), settings("Plaza"))
        .await;
    let board = made.unwrap().state.id;
    let whim = Ahead {
        commands: node.commands.clone(),
        times: 1,
        does: Does::Close(board),
    };
    let lease = home.path("other.lease");
    let number = snowflake::Node::new(9).unwrap();
    let ids = Ids::open(&lease, number, Clock::system()).unwrap();
    let commands = Commands::new(Wayward::over(node.store.clone(), whim), Arc::new(ids));
    let posted = commands
        .create_article(&by("kim"), draft(board))
        .await
        .unwrap();

    let render = |board: BoardView| Document {
        body: Bytes::from(format!("{} {}", board.closed, board.article_count)),
        etag: None,
    };
    let shown = node
        .queries
        .board(board, Some(posted.position), render)
        .await;
    let Lookup::Found(shown) = shown.unwrap() else {
        panic!("there is no board");
    };
    assert_eq!(shown.body, "true 1");
    let refused = commands.create_article(&by("kim"), draft(board)).await;
    assert!(matches!(
        refused.unwrap_err(),
        CommandError::Rejected {
            rejection: ArticleRejection::BoardClosed,
            ..
        }
    ));
    node.stop().await;
}
