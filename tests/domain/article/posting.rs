//! Posting an article, as its board stands.

use madang::domain::article::{ArticleCommand, ArticleRejection, BoardStanding};

use super::{created, deleted, given, ids, name, text};

fn post(board: BoardStanding) -> ArticleCommand {
    let (article_id, board_id) = ids();
    ArticleCommand::Create {
        article_id,
        board_id,
        board,
        text: text("Hello"),
        writer_name: name(),
    }
}

#[test]
fn an_open_board_takes_it() {
    given([]).when(post(BoardStanding::Open)).then([created()]);
}

#[test]
fn a_closed_board_takes_none() {
    given([])
        .when(post(BoardStanding::Closed))
        .rejected(ArticleRejection::BoardClosed);
}

#[test]
fn a_board_that_never_was_takes_none() {
    given([])
        .when(post(BoardStanding::Missing))
        .rejected(ArticleRejection::BoardNotFound);
}

#[test]
fn an_article_is_not_posted_again() {
    for board in [BoardStanding::Open, BoardStanding::Closed] {
        given([created()])
            .when(post(board))
            .rejected(ArticleRejection::Exists);
    }
}

#[test]
fn a_deleted_article_is_not_posted_again() {
    given([created(), deleted()])
        .when(post(BoardStanding::Open))
        .rejected(ArticleRejection::Exists);
}

#[test]
fn a_missing_board_is_told_before_an_existing_article() {
    given([created()])
        .when(post(BoardStanding::Missing))
        .rejected(ArticleRejection::BoardNotFound);
}
