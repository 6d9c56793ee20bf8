//! Deleting a comment: its writer and moderators may.

use madang::domain::Revision;
use madang::domain::article::ArticleStanding;
use madang::domain::comment::{CommentCommand, CommentRejection};

use super::{created, created_under, deleted, given, updated, user};

fn delete(who: &str, moderator: bool, if_match: Option<u64>) -> CommentCommand {
    CommentCommand::Delete {
        by: user(who),
        article: ArticleStanding::Live,
        moderator,
        if_match: if_match.map(Revision),
    }
}

#[test]
fn its_writer_deletes_it() {
    given([created()])
        .when(delete("kim", false, None))
        .then([deleted()]);
}

#[test]
fn a_moderator_deletes_it() {
    given([created_under(&[47, 48])])
        .when(delete("mod", true, None))
        .then([deleted()]);
}

#[test]
fn nobody_else_deletes_it() {
    for stranger in ["lee", "Kim"] {
        given([created()])
            .when(delete(stranger, false, None))
            .rejected(CommentRejection::NotWriter);
    }
}

#[test]
fn a_comment_that_never_was_is_not_deleted() {
    given([])
        .when(delete("mod", true, Some(0)))
        .rejected(CommentRejection::NotFound);
}

#[test]
fn a_deleted_comment_is_not_deleted_again() {
    for (who, moderator) in [("kim", false), ("mod", true), ("lee", false)] {
        given([created(), deleted()])
            .when(delete(who, moderator, Some(9)))
            .rejected(CommentRejection::Deleted);
    }
}

/// Not by moderators either: nobody can see it any more.
#[test]
fn a_comment_under_a_deleted_article_is_not_deleted() {
    for (who, moderator) in [("kim", false), ("mod", true), ("lee", false)] {
        let command = CommentCommand::Delete {
            by: user(who),
            article: ArticleStanding::Deleted,
            moderator,
            if_match: Some(Revision(9)),
        };
        given([created()])
            .when(command)
            .rejected(CommentRejection::ArticleDeleted);
    }
}

#[test]
fn that_a_comment_is_deleted_is_told_before_that_its_article_is() {
    let command = CommentCommand::Delete {
        by: user("kim"),
        article: ArticleStanding::Deleted,
        moderator: false,
        if_match: None,
    };
    given([created(), deleted()])
        .when(command)
        .rejected(CommentRejection::Deleted);
}

#[test]
fn a_deletion_of_the_revision_that_was_seen_goes_through() {
    given([created(), updated("Me!")])
        .when(delete("kim", false, Some(1)))
        .then([deleted()]);
}

#[test]
fn a_deletion_of_an_older_revision_is_stale_for_moderators_too() {
    let current = Revision(1);
    given([created(), updated("Me!")])
        .when(delete("mod", true, Some(0)))
        .rejected(CommentRejection::Stale { current });
}

#[test]
fn whose_it_is_comes_before_the_revision() {
    given([created()])
        .when(delete("lee", false, Some(9)))
        .rejected(CommentRejection::NotWriter);
}
