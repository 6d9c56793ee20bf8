//! Deleting an article: its writer and moderators may.

use madang::domain::Revision;
use madang::domain::article::{Article, ArticleCommand, ArticleRejection};

use super::{NOON, by, created, deleted, given, given_facts, updated, user};

fn delete(who: &str, moderator: bool, if_match: Option<u64>) -> ArticleCommand {
    ArticleCommand::Delete {
        by: user(who),
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
    given([created()])
        .when(delete("mod", true, None))
        .then([deleted()]);
}

#[test]
fn nobody_else_deletes_it() {
    for stranger in ["lee", "Kim"] {
        given([created()])
            .when(delete(stranger, false, None))
            .rejected(ArticleRejection::NotWriter);
    }
}

#[test]
fn a_deletion_names_the_time_of_posting_not_of_the_last_edit() {
    let later = madang::domain::Timestamp(NOON.0 + 86_400_000);
    given_facts::<Article>([by("kim", NOON, created()), by("kim", later, updated("Hi"))])
        .when(delete("kim", false, None))
        .then([deleted()]);
}

#[test]
fn an_article_that_never_was_is_not_deleted() {
    given([])
        .when(delete("mod", true, None))
        .rejected(ArticleRejection::NotFound);
}

#[test]
fn a_deleted_article_is_not_deleted_again() {
    for moderator in [true, false] {
        given([created(), deleted()])
            .when(delete("kim", moderator, None))
            .rejected(ArticleRejection::Deleted);
    }
}

#[test]
fn a_deletion_of_the_revision_that_was_seen_goes_through() {
    given([created(), updated("Hi")])
        .when(delete("kim", false, Some(1)))
        .then([deleted()]);
}

#[test]
fn a_deletion_of_an_older_revision_is_stale_for_moderators_too() {
    given([created(), updated("Hi")])
        .when(delete("mod", true, Some(0)))
        .rejected(ArticleRejection::Stale {
            current: Revision(1),
        });
}

#[test]
fn whose_it_is_comes_before_the_revision() {
    given([created()])
        .when(delete("lee", false, Some(9)))
        .rejected(ArticleRejection::NotWriter);
}
