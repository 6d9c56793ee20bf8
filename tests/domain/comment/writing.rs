//! Writing a comment, as its article and its parent stand.

use madang::domain::ArticleId;
use madang::domain::article::ArticleStanding;
use madang::domain::board::CommentDepth;
use madang::domain::comment::{Comment, CommentCommand, CommentRejection, Parent};

use super::{comment_id, content, created, created_under, deleted, given, ids, name, updated};

const LIVE: ArticleStanding = ArticleStanding::Live;

/// A comment under `article` that replies to `parent`, on a board that allows `max` levels.
fn write(article: ArticleStanding, parent: Parent, max: u64) -> CommentCommand {
    let (comment_id, article_id) = ids();
    CommentCommand::Create {
        comment_id,
        article_id,
        article,
        max_depth: CommentDepth::new(max).expect("a depth"),
        parent,
        content: content("Me, too."),
        writer_name: name(),
    }
}

/// A live comment under the same article, at the end of this path.
fn at(path: &[i64]) -> Parent {
    Parent::Comment {
        article_id: ids().1,
        path: path.iter().copied().map(comment_id).collect(),
        deleted: false,
    }
}

/// A comment that has everything against it that `wrong` says, below one other.
fn against(elsewhere: bool, deleted: bool) -> Parent {
    let other = ArticleId::from_i64(41).expect("an id");
    Parent::Comment {
        article_id: if elsewhere { other } else { ids().1 },
        path: [47, 48].map(comment_id).into(),
        deleted,
    }
}

#[test]
fn a_root_has_nothing_above_it() {
    given([])
        .when(write(LIVE, Parent::Article, 100))
        .then([created()]);
}

#[test]
fn a_reply_has_its_parent_and_all_that_is_above_that() {
    given([])
        .when(write(LIVE, at(&[47, 48]), 100))
        .then([created_under(&[47, 48])]);
}

#[test]
fn a_parent_is_what_its_stream_says() {
    assert_eq!(Parent::of(None), Parent::Missing);
    let reply: Comment = given([created_under(&[47])]).state();
    assert_eq!(Parent::of(Some(&reply)), at(&[47, 50]));
    let gone: Comment = given([created_under(&[47]), deleted()]).state();
    let Parent::Comment { deleted, .. } = Parent::of(Some(&gone)) else {
        panic!("there is one");
    };
    assert!(deleted);
}

#[test]
fn two_levels_are_roots_and_replies_to_roots() {
    given([])
        .when(write(LIVE, Parent::Article, 2))
        .then([created()]);
    given([])
        .when(write(LIVE, at(&[47]), 2))
        .then([created_under(&[47])]);
    given([])
        .when(write(LIVE, at(&[47, 48]), 2))
        .rejected(CommentRejection::TooDeep { max: 2 });
}

#[test]
fn a_hundred_levels_are_the_most() {
    let path: Vec<i64> = (1..=100).collect();
    given([])
        .when(write(LIVE, at(&path[..99]), 100))
        .then([created_under(&path[..99])]);
    given([])
        .when(write(LIVE, at(&path), 100))
        .rejected(CommentRejection::TooDeep { max: 100 });
}

/// The board may have allowed more when the parent was written.
#[test]
fn what_stands_too_deep_already_takes_no_reply() {
    given([])
        .when(write(LIVE, at(&[44, 45, 46, 47]), 3))
        .rejected(CommentRejection::TooDeep { max: 3 });
}

#[test]
fn an_article_that_never_was_takes_none() {
    for parent in [Parent::Article, Parent::Missing, against(true, true)] {
        given([])
            .when(write(ArticleStanding::Missing, parent, 2))
            .rejected(CommentRejection::ArticleNotFound);
    }
}

#[test]
fn a_deleted_article_takes_none() {
    for parent in [Parent::Article, at(&[47]), against(true, true)] {
        given([])
            .when(write(ArticleStanding::Deleted, parent, 2))
            .rejected(CommentRejection::ArticleDeleted);
    }
}

#[test]
fn a_comment_that_never_was_is_not_replied_to() {
    for article in [LIVE, ArticleStanding::Deleted] {
        given([])
            .when(write(article, Parent::Missing, 2))
            .rejected(CommentRejection::ParentNotFound);
    }
}

#[test]
fn a_deleted_comment_is_not_replied_to() {
    for elsewhere in [false, true] {
        given([])
            .when(write(LIVE, against(elsewhere, true), 2))
            .rejected(CommentRejection::ParentDeleted);
    }
}

#[test]
fn a_comment_under_another_article_is_not_replied_to() {
    for max in [2, 100] {
        given([])
            .when(write(LIVE, against(true, false), max))
            .rejected(CommentRejection::ParentElsewhere);
    }
}

#[test]
fn a_comment_is_not_written_again_whatever_became_of_it() {
    for events in [
        vec![created()],
        vec![created(), updated("Me!")],
        vec![created(), deleted()],
    ] {
        for article in [LIVE, ArticleStanding::Deleted, ArticleStanding::Missing] {
            given(events.clone())
                .when(write(article, Parent::Article, 100))
                .rejected(CommentRejection::Exists);
        }
    }
}
