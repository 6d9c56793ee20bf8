//! Editing an article: only its writer may.

use madang::domain::Revision;
use madang::domain::article::{ArticleCommand, ArticleRejection};

use super::{created, deleted, given, text, updated, user};

fn update(by: &str, title: &str, if_match: Option<u64>) -> ArticleCommand {
    ArticleCommand::Update {
        by: user(by),
        text: text(title),
        if_match: if_match.map(Revision),
    }
}

#[test]
fn its_writer_edits_it() {
    given([created()])
        .when(update("kim", "Hi", None))
        .then([updated("Hi")]);
}

#[test]
fn an_edit_that_changes_nothing_is_none() {
    given([created()])
        .when(update("kim", "Hello", None))
        .then_nothing();
}

#[test]
fn an_edit_back_to_an_earlier_text_is_one() {
    given([created(), updated("Hi")])
        .when(update("kim", "Hello", None))
        .then([updated("Hello")]);
}

#[test]
fn nobody_else_edits_it() {
    given([created()])
        .when(update("lee", "Hi", None))
        .rejected(ArticleRejection::NotWriter);
}

#[test]
fn kim_in_capitals_is_somebody_else() {
    given([created()])
        .when(update("Kim", "Hi", None))
        .rejected(ArticleRejection::NotWriter);
}

#[test]
fn an_article_that_never_was_is_not_edited() {
    given([])
        .when(update("kim", "Hi", Some(0)))
        .rejected(ArticleRejection::NotFound);
}

#[test]
fn a_deleted_article_is_not_edited() {
    given([created(), deleted()])
        .when(update("kim", "Hi", None))
        .rejected(ArticleRejection::Deleted);
}

#[test]
fn that_it_is_deleted_is_told_before_whose_it_was() {
    given([created(), deleted()])
        .when(update("lee", "Hi", Some(9)))
        .rejected(ArticleRejection::Deleted);
}

#[test]
fn an_edit_of_the_revision_that_was_seen_goes_through() {
    given([created(), updated("Hi")])
        .when(update("kim", "Ho", Some(1)))
        .then([updated("Ho")]);
}

#[test]
fn an_edit_of_an_older_revision_is_stale() {
    given([created(), updated("Hi")])
        .when(update("kim", "Ho", Some(0)))
        .rejected(ArticleRejection::Stale {
            current: Revision(1),
        });
}

#[test]
fn whose_it_is_comes_before_the_revision() {
    given([created()])
        .when(update("lee", "Hi", Some(9)))
        .rejected(ArticleRejection::NotWriter);
}
