//! The golden files: one per event and schema version, as it stands on the wire.
//!
//! A file here is never edited, because logs hold the same bytes. A new schema version gets a new
//! file; the old one then proves that its upcaster lifts it to the event below.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use madang::domain::article::{ArticleEvent, Text};
use madang::domain::board::{BoardEvent, BoardSettings, CommentDepth};
use madang::domain::comment::CommentEvent;
use madang::domain::like::LikeEvent;
use madang::domain::text::{BoardDescription, BoardName, Content, Title, WriterName};
use madang::domain::view::Viewed;
use madang::domain::{ArticleId, BoardId, CommentId, Event, Timestamp, UserId};
use madang::event_store::RecordedEvent;
use madang::event_store::codec::{self, Metadata, UPCASTERS, WIRE_NAMES};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::uuid;

use super::{COMMAND, known};

const AT: Timestamp = Timestamp(1_732_190_400_123);

#[derive(Deserialize)]
struct Golden {
    #[serde(rename = "type")]
    event_type: String,
    data: Box<RawValue>,
    metadata: Box<RawValue>,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn read(file: &str) -> Golden {
    let text = fs::read_to_string(directory().join(file)).expect(file);
    serde_json::from_str(&text).expect(file)
}

/// A golden file as the log would give it back.
pub(super) fn recorded(file: &str) -> RecordedEvent {
    let golden = read(file);
    let event = codec::encode(event(&golden.event_type), COMMAND, &metadata("LogCreated"));
    RecordedEvent {
        event_type: golden.event_type,
        data: golden.data.get().to_owned(),
        metadata: golden.metadata.get().to_owned(),
        ..super::recorded(event)
    }
}

fn actor(event_type: &str) -> UserId {
    match event_type {
        "LogCreated" => UserId::system("log"),
        "ImportPlanned" => UserId::system("import"),
        "ArticlesViewed" => UserId::system("node-3"),
        _ => UserId::parse("kim").expect("a user id"),
    }
}

fn metadata(event_type: &str) -> Metadata {
    Metadata {
        correlation_id: uuid!("019350d7-7000-7000-8000-00000000000c"),
        causation_id: COMMAND,
        actor: actor(event_type),
        occurred_at: AT,
        trace_id: (event_type == "ArticleCreated")
            .then(|| "4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        import: (event_type == "ImportPlanned").then(|| "urho3d".to_owned()),
    }
}

/// What the golden files of this name say, in every version.
fn event(event_type: &str) -> Event {
    match event_type {
        "LogCreated" => Event::LogCreated {
            log_id: uuid!("019350d7-7000-7000-8000-0000000000ff"),
        },
        "ImportPlanned" => Event::ImportPlanned {
            ids: [("board/마당", 29_360_128), ("post/17", i64::MAX)]
                .map(|(key, id)| (key.to_owned(), BoardId::from_i64(id).expect("an id").0))
                .into(),
        },
        "ArticlesViewed" => Event::ArticlesViewed {
            views: [(29_360_129, 3), (i64::MAX, 1)]
                .map(|(id, count)| Viewed {
                    article_id: ArticleId::from_i64(id).expect("an id"),
                    count,
                })
                .into(),
        },
        "ArticleLiked" | "ArticleUnliked" => Event::Like(like_event(event_type)),
        name if name.starts_with("Board") => Event::Board(board_event(name)),
        name if name.starts_with("Comment") => Event::Comment(comment_event(name)),
        name => Event::Article(article_event(name)),
    }
}

fn like_event(event_type: &str) -> LikeEvent {
    let article_id: ArticleId = "29360129".parse().expect("an id");
    let user_id = UserId::parse("kim/민지").expect("a user id");
    match event_type {
        "ArticleLiked" => LikeEvent::Liked {
            article_id,
            user_id,
        },
        _ => LikeEvent::Unliked {
            article_id,
            user_id,
        },
    }
}

fn comment_event(event_type: &str) -> CommentEvent {
    let id = |text: &str| text.parse::<CommentId>().expect("an id");
    let comment_id = id("29360132");
    let article_id: ArticleId = "29360129".parse().expect("an id");
    let content = |text| Content::parse(text).expect("a content");
    match event_type {
        "CommentCreated" => CommentEvent::Created {
            comment_id,
            article_id,
            ancestors: vec![id("29360130"), id("29360131")],
            content: content(
                "Me, too.
\t is no tab: \"\\\"",
            ),
            writer_name: WriterName::parse("김민지").expect("a name"),
        },
        "CommentUpdated" => CommentEvent::Updated {
            comment_id,
            article_id,
            content: content("Me, too!"),
        },
        "CommentDeleted" => CommentEvent::Deleted {
            comment_id,
            article_id,
        },
        other => panic!("no golden event {other}"),
    }
}

fn board_event(event_type: &str) -> BoardEvent {
    let board_id: BoardId = "29360128".parse().expect("an id");
    let settings = |name, description, depth| BoardSettings {
        name: BoardName::parse(name).expect("a name"),
        description: BoardDescription::parse(description).expect("a description"),
        max_comment_depth: CommentDepth::new(depth).expect("a depth"),
    };
    match event_type {
        "BoardCreated" => BoardEvent::Created {
            board_id,
            settings: settings("마당", "Where the village meets", 100),
        },
        "BoardUpdated" => BoardEvent::Updated {
            board_id,
            settings: settings("The \"yard\"", "", 2),
        },
        "BoardClosed" => BoardEvent::Closed { board_id },
        other => panic!("write down what the golden files of {other} say"),
    }
}

fn article_event(event_type: &str) -> ArticleEvent {
    let article_id: ArticleId = "9223372036854775807".parse().expect("an id");
    let board_id: BoardId = "29360128".parse().expect("an id");
    let text = |title, content| Text {
        title: Title::parse(title).expect("a title"),
        content: Content::parse(content).expect("a content"),
    };
    match event_type {
        "ArticleCreated" => ArticleEvent::Created {
            article_id,
            board_id,
            text: text("Hello 🌱", "First line\n\tand \"second\" \\ line"),
            writer_name: WriterName::parse("Kim").expect("a name"),
        },
        "ArticleUpdated" => ArticleEvent::Updated {
            article_id,
            board_id,
            text: text("Hello again", "</script>"),
        },
        "ArticleDeleted" => ArticleEvent::Deleted {
            article_id,
            board_id,
            created_at: AT,
        },
        other => panic!("write down what the golden files of {other} say"),
    }
}

#[test]
fn every_version_of_every_event_has_a_golden_file_and_nothing_else_has() {
    let files: BTreeSet<String> = fs::read_dir(directory())
        .expect("the golden files")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    let expected: BTreeSet<String> = WIRE_NAMES
        .iter()
        .flat_map(|(name, current)| (1..=*current).map(move |v| format!("{name}.v{v}.json")))
        .collect();
    assert_eq!(files, expected);
}

#[test]
fn every_golden_file_decodes_to_its_event() {
    for (name, current) in WIRE_NAMES {
        for version in 1..=*current {
            let file = format!("{name}.v{version}.json");
            let decoded = codec::decode(&recorded(&file), UPCASTERS);
            assert_eq!(decoded, Ok(known(event(name), actor(name), AT)), "{file}");
        }
    }
}

#[test]
fn what_is_written_now_is_the_newest_golden_file_byte_for_byte() {
    for (name, current) in WIRE_NAMES {
        let golden = read(&format!("{name}.v{current}.json"));
        let encoded = codec::encode(event(name), COMMAND, &metadata(name));
        assert_eq!(encoded.event_type, golden.event_type);
        assert_eq!(encoded.data, golden.data.get());
        assert_eq!(encoded.metadata, golden.metadata.get());
    }
}

#[test]
fn absent_optional_metadata_is_left_out() {
    let bare = codec::encode(event("BoardClosed"), COMMAND, &metadata("BoardClosed"));
    assert!(!bare.metadata.contains("trace_id") && !bare.metadata.contains("import"));
}
