//! Articles: every command in every state (never was, there, deleted) by everyone concerned.

mod deleting;
mod posting;
mod updating;

use madang::domain::article::{
    Article, ArticleCommand, ArticleEvent, ArticleRejection, BoardStanding, Text, Writer, decide,
};
use madang::domain::text::{Content, Title, WriterName};
use madang::domain::{Aggregate, ArticleId, BoardId, Event, Revision, Timestamp};
use proptest::prelude::*;

use super::{Given, NOON, Rules, any, by, given_facts, user};
use super::{assert_folds_alike, assert_second_time_adds_nothing, fold};

impl Rules for Article {
    type Command = ArticleCommand;
    type Rejection = ArticleRejection;

    fn decide(
        command: ArticleCommand,
        state: Option<&Self>,
    ) -> Result<Vec<ArticleEvent>, ArticleRejection> {
        decide(command, state)
    }
}

fn given(events: impl IntoIterator<Item = ArticleEvent>) -> Given<Article> {
    super::given(events)
}

fn ids() -> (ArticleId, BoardId) {
    let id = |number: &str| number.parse().expect("an id");
    (ArticleId(id("40")), BoardId(id("7")))
}

fn text(title: &str) -> Text {
    Text {
        title: Title::parse(title).expect("a title"),
        content: Content::parse("Come in.").expect("a content"),
    }
}

fn name() -> WriterName {
    WriterName::parse("Kim").expect("a name")
}

fn created() -> ArticleEvent {
    let (article_id, board_id) = ids();
    ArticleEvent::Created {
        article_id,
        board_id,
        text: text("Hello"),
        writer_name: name(),
    }
}

fn updated(title: &str) -> ArticleEvent {
    let (article_id, board_id) = ids();
    ArticleEvent::Updated {
        article_id,
        board_id,
        text: text(title),
    }
}

fn deleted() -> ArticleEvent {
    let (article_id, board_id) = ids();
    ArticleEvent::Deleted {
        article_id,
        board_id,
        created_at: NOON,
    }
}

#[test]
fn an_article_folds_its_events() {
    let later = Timestamp(NOON.0 + 1);
    let article: Article =
        given_facts([by("kim", NOON, created()), by("kim", later, updated("Hi"))]).state();
    let (id, board_id) = ids();
    let writer = Writer {
        id: user("kim"),
        name: name(),
    };
    let expected = Article {
        id,
        board_id,
        text: text("Hi"),
        writer,
        created_at: NOON,
        modified_at: Some(later),
        deleted: false,
        revision: Revision(1),
    };
    assert_eq!(article, expected);
}

#[test]
fn a_deletion_is_no_modification() {
    let article: Article = given([created(), deleted()]).state();
    assert!(article.deleted);
    assert_eq!(article.modified_at, None);
    assert_eq!(article.revision, Revision(1));
}

#[test]
fn a_late_creation_does_not_revive_a_deleted_article() {
    let gone: Article = given([created(), deleted()]).state();
    let still: Article = given([created(), deleted(), created(), updated("Hi")]).state();
    let revision = Revision(3);
    assert_eq!(still, Article { revision, ..gone });
}

#[test]
fn events_before_the_creation_leave_nothing() {
    let before: Option<Article> = fold(None, [updated("Hi"), deleted()].map(super::by_kim));
    assert_eq!(before, None);
}

#[test]
fn only_its_own_events_are_an_articles() {
    assert_eq!(Article::event_of(created().into()), Some(created()));
    let log_id = uuid::Uuid::nil();
    assert_eq!(Article::event_of(Event::LogCreated { log_id }), None);
}

fn any_command() -> impl Strategy<Value = ArticleCommand> {
    let board = prop_oneof![
        Just(BoardStanding::Missing),
        Just(BoardStanding::Open),
        Just(BoardStanding::Closed),
    ];
    let (article_id, board_id) = ids();
    prop_oneof![
        (board, any::text()).prop_map(move |(board, text)| ArticleCommand::Create {
            article_id,
            board_id,
            board,
            text,
            writer_name: name(),
        }),
        (any::actor(), any::text(), any::if_match())
            .prop_map(|(by, text, if_match)| ArticleCommand::Update { by, text, if_match }),
        (any::actor(), any::<bool>(), any::if_match()).prop_map(|(by, moderator, if_match)| {
            ArticleCommand::Delete {
                by,
                moderator,
                if_match,
            }
        }),
    ]
}

proptest! {
    #[test]
    fn any_history_folds_the_same_however_it_is_cut(
        facts in any::history(any::article_event()),
        cut in 0_usize..12,
    ) {
        assert_folds_alike::<Article>(&facts, cut);
    }

    #[test]
    fn doing_it_twice_adds_nothing(
        facts in any::history(any::article_event()),
        command in any_command(),
    ) {
        assert_second_time_adds_nothing::<Article>(fold(None, facts), command);
    }

    #[test]
    fn whatever_follows_a_deletion_it_stays(facts in any::history(any::article_event())) {
        let gone: Article = given([created(), deleted()]).state();
        let later = fold(Some(gone.clone()), facts).expect("an article");
        let revision = later.revision;
        prop_assert_eq!(later, Article { revision, ..gone });
    }

    #[test]
    fn nothing_is_decided_about_a_deleted_article(command in any_command()) {
        let gone: Article = given([created(), deleted()]).state();
        prop_assert!(decide(command, Some(&gone)).is_err());
    }
}
