//! Editing a comment: only its writer may.

use madang::domain::Revision;
use madang::domain::article::ArticleStanding;
use madang::domain::comment::{CommentCommand, CommentRejection};

use super::{content, created, deleted, given, updated, user};

fn update(by: &str, text: &str, if_match: Option<u64>) -> CommentCommand {
    CommentCommand::Update {
        by: user(by),
        article: ArticleStanding::Live,
        content: content(text),
        if_match: if_match.map(Revision),
    }
}

fn update_under(article: ArticleStanding) -> CommentCommand {
    CommentCommand::Update {
        by: user("lee"),
        article,
        content: content("x"),
        if_match: Some(Revision(9)),
    }
}

#[test]
fn its_writer_edits_it() {
    given([created()])
        .when(update("kim", "Me!", None))
        .then([updated("Me!")]);
}

#[test]
fn an_edit_that_changes_nothing_is_none() {
    given([created()])
        .when(update("kim", "Me, too.", None))
        .then_nothing();
}

#[test]
fn an_edit_that_changes_nothing_still_needs_the_writer_and_the_revision() {
    given([created()])
        .when(update("lee", "Me, too.", None))
        .rejected(CommentRejection::NotWriter);
    let current = Revision(0);
    given([created()])
        .when(update("kim", "Me, too.", Some(1)))
        .rejected(CommentRejection::Stale { current });
}

#[test]
fn an_edit_back_to_an_earlier_text_is_one() {
    given([created(), updated("Me!")])
        .when(update("kim", "Me, too.", None))
        .then([updated("Me, too.")]);
}

#[test]
fn nobody_else_edits_it() {
    for stranger in ["lee", "Kim", "ki", "kim "] {
        given([created()])
            .when(update(stranger, "Me!", None))
            .rejected(CommentRejection::NotWriter);
    }
}

#[test]
fn a_comment_that_never_was_is_not_edited() {
    for article in [ArticleStanding::Missing, ArticleStanding::Live] {
        given([])
            .when(update_under(article))
            .rejected(CommentRejection::NotFound);
    }
}

#[test]
fn a_deleted_comment_is_not_edited() {
    for by in ["kim", "lee"] {
        given([created(), deleted()])
            .when(update(by, "Me!", Some(9)))
            .rejected(CommentRejection::Deleted);
    }
}

/// Whoever asks and whatever they saw: it went with its article.
#[test]
fn a_comment_under_a_deleted_article_is_not_edited() {
    given([created()])
        .when(update_under(ArticleStanding::Deleted))
        .rejected(CommentRejection::ArticleDeleted);
}

#[test]
fn an_edit_of_the_revision_that_was_seen_goes_through() {
    given([created(), updated("Me!")])
        .when(update("kim", "Not me.", Some(1)))
        .then([updated("Not me.")]);
}

#[test]
fn an_edit_of_another_revision_is_stale() {
    for seen in [0, 2] {
        let current = Revision(1);
        given([created(), updated("Me!")])
            .when(update("kim", "Not me.", Some(seen)))
            .rejected(CommentRejection::Stale { current });
    }
}

#[test]
fn whose_it_is_comes_before_the_revision() {
    given([created()])
        .when(update("lee", "Me!", Some(9)))
        .rejected(CommentRejection::NotWriter);
}
