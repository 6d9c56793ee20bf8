//! What readers do: events about comments, likes and views, as tests make them.

use madang::domain::comment::CommentEvent;
use madang::domain::like::LikeEvent;
use madang::domain::text::{Content, WriterName};
use madang::domain::view::Viewed;
use madang::domain::{ArticleId, CommentId, Event, UserId};

use super::yard::article;

pub(crate) fn comment(number: i64) -> CommentId {
    CommentId::from_i64(number).unwrap()
}

fn content(text: &str) -> Content {
    Content::parse(text).unwrap()
}

/// The root comment with this number, under the article with that number.
pub(crate) fn commented(number: i64, on: i64) -> CommentEvent {
    replied(number, on, &[])
}

/// The comment with this number, under the article with that number and the comments with those.
pub(crate) fn replied(number: i64, on: i64, under: &[i64]) -> CommentEvent {
    CommentEvent::Created {
        comment_id: comment(number),
        article_id: article(on),
        ancestors: under.iter().copied().map(comment).collect(),
        content: content("well said"),
        writer_name: WriterName::parse("Kim Minji").unwrap(),
    }
}

pub(crate) fn reworded(number: i64, on: i64) -> CommentEvent {
    CommentEvent::Updated {
        comment_id: comment(number),
        article_id: article(on),
        content: content("better said"),
    }
}

pub(crate) fn removed(number: i64, on: i64) -> CommentEvent {
    CommentEvent::Deleted {
        comment_id: comment(number),
        article_id: article(on),
    }
}

fn of(on: i64, user: &str) -> (ArticleId, UserId) {
    (article(on), UserId::parse(user).unwrap())
}

pub(crate) fn liked(on: i64, user: &str) -> LikeEvent {
    let (article_id, user_id) = of(on, user);
    LikeEvent::Liked {
        article_id,
        user_id,
    }
}

pub(crate) fn unliked(on: i64, user: &str) -> LikeEvent {
    let (article_id, user_id) = of(on, user);
    LikeEvent::Unliked {
        article_id,
        user_id,
    }
}

/// Views of articles: their numbers, and how often each.
pub(crate) fn viewed(views: &[(i64, u64)]) -> Event {
    let views = views.iter().map(|(number, count)| Viewed {
        article_id: article(*number),
        count: *count,
    });
    Event::ArticlesViewed {
        views: views.collect(),
    }
}
