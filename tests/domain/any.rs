//! Any value of the domain, for properties. Ids come from a small range, so that events of one
//! sequence often speak of the same thing.

use std::ops::RangeInclusive;

use madang::domain::article::{ArticleEvent, Text};
use madang::domain::board::{BoardEvent, BoardSettings, CommentDepth};
use madang::domain::comment::CommentEvent;
use madang::domain::like::LikeEvent;
use madang::domain::snowflake::Snowflake;
use madang::domain::text::{BoardDescription, BoardName, Content, Title, WriterName};
use madang::domain::view::Viewed;
use madang::domain::{ArticleId, BoardId, CommentId, Event, Fact, Revision, Timestamp, UserId};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;

const FEW: RangeInclusive<i64> = 1..=3;

fn snowflake(range: RangeInclusive<i64>) -> impl Strategy<Value = Snowflake> {
    range.prop_map(|id| Snowflake::from_i64(id).expect("a positive id"))
}

pub(crate) fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

pub(crate) fn settings() -> impl Strategy<Value = BoardSettings> {
    let depth = u64::from(CommentDepth::MIN)..=u64::from(CommentDepth::MAX);
    ("[A-Da-d가나]{1,2}", "[a-b\n]{0,2}", depth).prop_map(|(name, description, depth)| {
        BoardSettings {
            name: BoardName::parse(&name).expect("a name"),
            description: BoardDescription::parse(&description).expect("a description"),
            max_comment_depth: CommentDepth::new(depth).expect("a depth"),
        }
    })
}

pub(crate) fn text() -> impl Strategy<Value = Text> {
    ("[A-D🌱\"\\\\]{1,3}", content()).prop_map(|(title, content)| Text {
        title: Title::parse(&title).expect("a title"),
        content,
    })
}

pub(crate) fn content() -> impl Strategy<Value = Content> {
    "[a-d\u{10ffff}\t\n]{0,3}x".prop_map(|text| Content::parse(&text).expect("a content"))
}

fn writer_name() -> impl Strategy<Value = WriterName> {
    "[a-c]{1,3}".prop_map(|name| WriterName::parse(&name).expect("a name"))
}

pub(crate) fn board_event() -> impl Strategy<Value = BoardEvent> {
    let id = || snowflake(FEW).prop_map(BoardId);
    prop_oneof![
        (id(), settings())
            .prop_map(|(board_id, settings)| BoardEvent::Created { board_id, settings }),
        (id(), settings())
            .prop_map(|(board_id, settings)| BoardEvent::Updated { board_id, settings }),
        id().prop_map(|board_id| BoardEvent::Closed { board_id }),
    ]
}

pub(crate) fn article_event() -> impl Strategy<Value = ArticleEvent> {
    let ids = || (snowflake(FEW), snowflake(FEW)).prop_map(|(a, b)| (ArticleId(a), BoardId(b)));
    prop_oneof![
        (ids(), text(), writer_name()).prop_map(|((article_id, board_id), text, writer_name)| {
            ArticleEvent::Created {
                article_id,
                board_id,
                text,
                writer_name,
            }
        }),
        (ids(), text()).prop_map(|((article_id, board_id), text)| ArticleEvent::Updated {
            article_id,
            board_id,
            text,
        }),
        (ids(), any::<i64>()).prop_map(|((article_id, board_id), at)| ArticleEvent::Deleted {
            article_id,
            board_id,
            created_at: Timestamp(at),
        }),
    ]
}

pub(crate) fn comment_event() -> impl Strategy<Value = CommentEvent> {
    let id = || snowflake(FEW).prop_map(CommentId);
    let ids = || (id(), snowflake(FEW).prop_map(ArticleId));
    prop_oneof![
        (ids(), vec(id(), 0..4), content(), writer_name()).prop_map(
            |((comment_id, article_id), ancestors, content, writer_name)| CommentEvent::Created {
                comment_id,
                article_id,
                ancestors,
                content,
                writer_name,
            }
        ),
        (ids(), content()).prop_map(|((comment_id, article_id), content)| {
            CommentEvent::Updated {
                comment_id,
                article_id,
                content,
            }
        }),
        ids().prop_map(|(comment_id, article_id)| CommentEvent::Deleted {
            comment_id,
            article_id,
        }),
    ]
}

pub(crate) fn like_event() -> impl Strategy<Value = LikeEvent> {
    let article = snowflake(FEW).prop_map(ArticleId);
    (article, actor(), any::<bool>()).prop_map(|(article_id, user_id, liked)| {
        if liked {
            LikeEvent::Liked {
                article_id,
                user_id,
            }
        } else {
            LikeEvent::Unliked {
                article_id,
                user_id,
            }
        }
    })
}

fn viewed() -> impl Strategy<Value = Viewed> {
    let article = snowflake(1..=i64::MAX).prop_map(ArticleId);
    (article, any::<u64>()).prop_map(|(article_id, count)| Viewed { article_id, count })
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        uuid().prop_map(|log_id| Event::LogCreated { log_id }),
        board_event().prop_map(Event::Board),
        article_event().prop_map(Event::Article),
        comment_event().prop_map(Event::Comment),
        like_event().prop_map(Event::Like),
        vec(viewed(), 0..5).prop_map(|views| Event::ArticlesViewed { views }),
        btree_map(
            "(post|board)/[a-z0-9\"]{1,8}",
            snowflake(1..=i64::MAX),
            0..5
        )
        .prop_map(|ids| Event::ImportPlanned { ids }),
    ]
}

pub(crate) fn actor() -> impl Strategy<Value = UserId> {
    prop_oneof![
        "[A-Za-z]{1,4}|[a%/\"\\\\ 민🌱]{1,4}".prop_map(|id| UserId::parse(&id).expect("a user id")),
        "[0-9a-f]{16}".prop_map(|digest| UserId::imported(&digest)),
        "node-[0-9]{1,4}".prop_map(|part| UserId::system(&part)),
    ]
}

/// A history that no rule has looked at: anything in any order.
pub(crate) fn history<E: Clone + std::fmt::Debug>(
    event: impl Strategy<Value = E>,
) -> impl Strategy<Value = Vec<Fact<E>>> {
    let fact = (event, actor(), any::<i64>()).prop_map(|(event, actor, at)| Fact {
        event,
        actor,
        occurred_at: Timestamp(at),
    });
    vec(fact, 0..12)
}

pub(crate) fn if_match() -> impl Strategy<Value = Option<Revision>> {
    option::of((0_u64..4).prop_map(Revision))
}
