//! Comments: every command in every state (never was, there, deleted, under a deleted article) by
//! everyone concerned.

mod deleting;
mod editing;
mod writing;

use madang::domain::article::{ArticleStanding, Writer};
use madang::domain::board::CommentDepth;
use madang::domain::comment::{
    Comment, CommentCommand, CommentEvent, CommentRejection, Parent, decide,
};
use madang::domain::text::{Content, WriterName};
use madang::domain::{Aggregate, ArticleId, CommentId, Event, Revision, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Given, NOON, Rules, any, by, given_facts, user};
use super::{assert_folds_alike, assert_second_time_adds_nothing, fold};

impl Rules for Comment {
    type Command = CommentCommand;
    type Rejection = CommentRejection;

    fn decide(
        command: CommentCommand,
        state: Option<&Self>,
    ) -> Result<Vec<CommentEvent>, CommentRejection> {
        decide(command, state)
    }
}

fn given(events: impl IntoIterator<Item = CommentEvent>) -> Given<Comment> {
    super::given(events)
}

fn ids() -> (CommentId, ArticleId) {
    (comment_id(50), ArticleId::from_i64(40).expect("an id"))
}

fn comment_id(number: i64) -> CommentId {
    CommentId::from_i64(number).expect("an id")
}

fn content(text: &str) -> Content {
    Content::parse(text).expect("a content")
}

fn name() -> WriterName {
    WriterName::parse("Kim").expect("a name")
}

/// Written under these ancestors.
fn created_under(ancestors: &[i64]) -> CommentEvent {
    let (comment_id, article_id) = ids();
    CommentEvent::Created {
        comment_id,
        article_id,
        ancestors: ancestors.iter().copied().map(self::comment_id).collect(),
        content: content("Me, too."),
        writer_name: name(),
    }
}

fn created() -> CommentEvent {
    created_under(&[])
}

fn updated(text: &str) -> CommentEvent {
    let (comment_id, article_id) = ids();
    CommentEvent::Updated {
        comment_id,
        article_id,
        content: content(text),
    }
}

fn deleted() -> CommentEvent {
    let (comment_id, article_id) = ids();
    CommentEvent::Deleted {
        comment_id,
        article_id,
    }
}

#[test]
fn a_comment_folds_its_events() {
    let later = Timestamp(NOON.0 + 1);
    let events = [
        by("kim", NOON, created_under(&[47, 48])),
        by("kim", later, updated("Me!")),
    ];
    let comment: Comment = given_facts(events).state();
    let (id, article_id) = ids();
    let writer = Writer {
        id: user("kim"),
        name: name(),
    };
    let expected = Comment {
        id,
        article_id,
        ancestors: vec![comment_id(47), comment_id(48)],
        content: content("Me!"),
        writer,
        created_at: NOON,
        modified_at: Some(later),
        deleted: false,
        revision: Revision(1),
    };
    assert_eq!(comment, expected);
}

#[test]
fn the_way_to_a_comment_ends_with_itself() {
    let root: Comment = given([created()]).state();
    assert_eq!(root.path(), [comment_id(50)]);
    let reply: Comment = given([created_under(&[47, 48])]).state();
    assert_eq!(reply.path(), [47, 48, 50].map(comment_id));
}

#[test]
fn a_deletion_is_no_modification() {
    let comment: Comment = given([created(), deleted()]).state();
    assert!(comment.deleted);
    assert_eq!(comment.modified_at, None);
    assert_eq!(comment.revision, Revision(1));
}

#[test]
fn a_late_creation_does_not_revive_a_deleted_comment() {
    let gone: Comment = given([created(), deleted()]).state();
    let still: Comment = given([created(), deleted(), created_under(&[47]), updated("x")]).state();
    let revision = Revision(3);
    assert_eq!(still, Comment { revision, ..gone });
}

#[test]
fn a_second_creation_moves_no_comment() {
    let there: Comment = given([created_under(&[47])]).state();
    let still: Comment = given([created_under(&[47]), created_under(&[48])]).state();
    let revision = Revision(1);
    assert_eq!(still, Comment { revision, ..there });
}

#[test]
fn events_before_the_creation_leave_nothing() {
    let before: Option<Comment> = fold(None, [updated("x"), deleted()].map(super::by_kim));
    assert_eq!(before, None);
}

#[test]
fn only_its_own_events_are_a_comments() {
    assert_eq!(Comment::event_of(created().into()), Some(created()));
    let log_id = uuid::Uuid::nil();
    assert_eq!(Comment::event_of(Event::LogCreated { log_id }), None);
}

fn any_standing() -> impl Strategy<Value = ArticleStanding> {
    prop::sample::select(vec![
        ArticleStanding::Missing,
        ArticleStanding::Live,
        ArticleStanding::Deleted,
    ])
}

fn any_parent() -> impl Strategy<Value = Parent> {
    let comment = (39..=40_i64, vec(1..=40_i64, 1..5), any::<bool>());
    prop_oneof![
        Just(Parent::Article),
        Just(Parent::Missing),
        comment.prop_map(|(article, path, deleted)| Parent::Comment {
            article_id: ArticleId::from_i64(article).expect("an id"),
            path: path.into_iter().map(comment_id).collect(),
            deleted,
        }),
    ]
}

fn any_writing() -> impl Strategy<Value = CommentCommand> {
    let (comment_id, article_id) = ids();
    let depth = (2..=5_u64).prop_map(|depth| CommentDepth::new(depth).expect("a depth"));
    (any_standing(), any_parent(), depth).prop_map(move |(article, parent, max_depth)| {
        CommentCommand::Create {
            comment_id,
            article_id,
            article,
            max_depth,
            parent,
            content: content("Me, too."),
            writer_name: name(),
        }
    })
}

fn any_change() -> impl Strategy<Value = CommentCommand> {
    let update = (
        any::actor(),
        any_standing(),
        any::content(),
        any::if_match(),
    );
    let delete = (any::actor(), any_standing(), any::<bool>(), any::if_match());
    prop_oneof![
        update.prop_map(|(by, article, content, if_match)| CommentCommand::Update {
            by,
            article,
            content,
            if_match,
        }),
        delete.prop_map(
            |(by, article, moderator, if_match)| CommentCommand::Delete {
                by,
                article,
                moderator,
                if_match,
            }
        ),
    ]
}

fn any_command() -> impl Strategy<Value = CommentCommand> {
    prop_oneof![any_writing(), any_change()]
}

proptest! {
    #[test]
    fn any_history_folds_the_same_however_it_is_cut(
        facts in any::history(any::comment_event()),
        cut in 0_usize..12,
    ) {
        assert_folds_alike::<Comment>(&facts, cut);
    }

    #[test]
    fn doing_it_twice_adds_nothing(
        facts in any::history(any::comment_event()),
        command in any_command(),
    ) {
        assert_second_time_adds_nothing::<Comment>(fold(None, facts), command);
    }

    #[test]
    fn whatever_follows_a_deletion_it_stays(facts in any::history(any::comment_event())) {
        let gone: Comment = given([created(), deleted()]).state();
        let later = fold(Some(gone.clone()), facts).expect("a comment");
        let revision = later.revision;
        prop_assert_eq!(later, Comment { revision, ..gone });
    }

    #[test]
    fn nothing_is_decided_about_a_deleted_comment(command in any_command()) {
        let gone: Comment = given([created(), deleted()]).state();
        prop_assert!(decide(command, Some(&gone)).is_err());
    }

    #[test]
    fn what_is_written_hangs_on_its_parent_and_not_too_deep(command in any_writing()) {
        let CommentCommand::Create { max_depth, parent, .. } = command.clone() else {
            unreachable!("that is no writing");
        };
        let Ok(events) = decide(command, None) else { return Ok(()) };
        let comment = fold::<Comment>(None, events.into_iter().map(super::by_kim));
        let comment = comment.expect("a comment");
        let above = match parent {
            Parent::Comment { path, .. } => path,
            Parent::Article | Parent::Missing => Vec::new(),
        };
        prop_assert_eq!(&comment.ancestors, &above);
        prop_assert!(comment.path().len() <= usize::from(max_depth.get()));
    }
}
