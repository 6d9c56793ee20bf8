//! Views: of articles that are there.

use madang::domain::article::{Article, ArticleEvent, ArticleStanding, Text};
use madang::domain::text::{Content, Title, WriterName};
use madang::domain::view::{ViewRejection, decide};
use madang::domain::{ArticleId, BoardId};

use super::{NOON, by_kim, fold};

/// An article as this many of its events leave it: posted, then deleted.
fn article_after(events: usize) -> Option<Article> {
    let article_id = ArticleId::from_i64(40).expect("an id");
    let board_id = BoardId::from_i64(7).expect("an id");
    let posted = ArticleEvent::Created {
        article_id,
        board_id,
        text: Text {
            title: Title::parse("Hello").expect("a title"),
            content: Content::parse("Come in.").expect("a content"),
        },
        writer_name: WriterName::parse("Kim").expect("a name"),
    };
    let deleted = ArticleEvent::Deleted {
        article_id,
        board_id,
        created_at: NOON,
    };
    fold(None, [posted, deleted].map(by_kim).into_iter().take(events))
}

#[test]
fn an_article_that_is_there_can_be_viewed() {
    assert_eq!(decide(ArticleStanding::Live), Ok(()));
}

#[test]
fn an_article_that_never_was_cannot_be_viewed() {
    let refused = decide(ArticleStanding::Missing);
    assert_eq!(refused, Err(ViewRejection::ArticleNotFound));
}

#[test]
fn a_deleted_article_cannot_be_viewed() {
    let refused = decide(ArticleStanding::Deleted);
    assert_eq!(refused, Err(ViewRejection::ArticleDeleted));
}

#[test]
fn an_article_stands_as_its_stream_says() {
    let standings = [0, 1, 2].map(|events| ArticleStanding::of(article_after(events).as_ref()));
    let expected = [
        ArticleStanding::Missing,
        ArticleStanding::Live,
        ArticleStanding::Deleted,
    ];
    assert_eq!(standings, expected);
}
