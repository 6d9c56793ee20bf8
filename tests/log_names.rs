//! What places in the log and streams are called: positions and stream names.

use madang::command::import::Source;
use madang::domain::snowflake::Node;
use madang::domain::{ArticleId, UserId};
use madang::event_store::{MalformedPosition, MalformedStreamName, Position, StreamName};
use proptest::prelude::*;

fn article(id: &str) -> ArticleId {
    id.parse().unwrap()
}

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

#[test]
fn a_position_is_32_hex_digits_commit_then_prepare() {
    let position = Position::new(0xab, 0x1f);
    assert_eq!(position.to_string(), "00000000000000ab000000000000001f");
    assert_eq!((position.commit(), position.prepare()), (0xab, 0x1f));
}

#[test]
fn the_empty_string_is_before_everything() {
    assert_eq!("".parse(), Ok(Position::START));
    assert_eq!(Position::START.to_string(), "");
    assert!(Position::START < Position::new(0, 1));
    assert_eq!(Position::default(), Position::START);
}

#[test]
fn nothing_is_after_the_end() {
    assert_eq!(Position::END.to_string(), "f".repeat(32));
    assert_eq!(Position::END, Position::new(u64::MAX, u64::MAX));
}

#[test]
fn any_other_spelling_of_a_position_is_malformed() {
    let texts = [
        "0000000000000000000000000000001F",
        "0000000000000000000000000000001",
        "000000000000000000000000000000001",
        "+000000000000000000000000000001f",
        " 0000000000000000000000000000001",
        "0x00000000000000000000000000001f",
        "１000000000000000000000000000f",
        "17",
        " ",
    ];
    for text in texts {
        assert_eq!(text.parse::<Position>(), Err(MalformedPosition), "{text:?}");
    }
}

#[test]
fn each_thing_has_its_stream() {
    assert_eq!(StreamName::log().as_str(), "madang-log");
    let board = StreamName::board("29360128".parse().unwrap());
    assert_eq!(board.to_string(), "board-29360128");
    let article = StreamName::article("9223372036854775807".parse().unwrap());
    assert_eq!(article.to_string(), "article-9223372036854775807");
    let import = StreamName::import("urho3d");
    assert_eq!(import.as_str(), "import-urho3d");
}

#[test]
fn comments_likes_and_views_have_their_streams() {
    let comment = StreamName::comment("29360132".parse().unwrap());
    assert_eq!(comment.as_str(), "comment-29360132");
    let like = StreamName::like(article("29360129"), &user("kim"));
    assert_eq!(like.as_str(), "like-29360129-kim");
    let node = Node::new(3).unwrap();
    let views = StreamName::views(node, 20_261_119);
    assert_eq!(views.as_str(), "view-3-20261119");
    let early = StreamName::views(node, 8_070_102);
    assert_eq!(early.as_str(), "view-3-08070102");
    let imported = StreamName::imported_views("urho3d");
    assert_eq!(imported.as_str(), "view-import-urho3d");
}

#[test]
fn a_user_in_a_name_is_percent_encoded() {
    for (id, encoded) in [
        ("Kim", "Kim"),
        ("kim-2.b_c~d", "kim-2.b_c~d"),
        ("kim/민지", "kim%2F%EB%AF%BC%EC%A7%80"),
        ("100%", "100%25"),
        ("%6bim", "%256bim"),
        (" kim", "%20kim"),
        ("a+b", "a%2Bb"),
        ("auth0|7", "auth0%7C7"),
    ] {
        let name = StreamName::like(article("7"), &user(id));
        assert_eq!(name.as_str(), format!("like-7-{encoded}"), "{id}");
    }
    let imported = UserId::imported("00ff");
    let name = StreamName::like(article("7"), &imported);
    assert_eq!(name.as_str(), "like-7-imported%3A00ff");
}

/// However long and strange the user: the name is one that a log takes.
#[test]
fn the_longest_user_makes_a_name_that_can_be_read_back() {
    let longest = "민".repeat(21) + "/";
    assert_eq!(longest.len(), UserId::MAX_BYTES);
    let name = StreamName::like(article("9223372036854775807"), &user(&longest));
    assert_eq!(name.as_str().parse(), Ok(name));
}

#[test]
fn a_like_stream_is_of_one_article_and_one_user() {
    let name = StreamName::like(article("7"), &user("kim"));
    assert!(name.is_of_like(article("7"), &user("kim")));
    assert!(!name.is_of_like(article("7"), &user("Kim")));
    assert!(!name.is_of_like(article("70"), &user("kim")));
    assert!(!StreamName::article(article("7")).is_of_like(article("7"), &user("kim")));
    for text in ["like-07-kim", "like-7-%6bim", "LIKE-7-kim", "like-7-kim "] {
        let other = StreamName::recorded(text.to_owned());
        assert!(!other.is_of_like(article("7"), &user("kim")), "{text}");
    }
}

#[test]
fn a_comments_stream_is_of_that_comment() {
    let id = "7".parse().unwrap();
    let name = StreamName::comment(id);
    assert!(name.is_of_comment(id));
    assert!(!name.is_of_comment("70".parse().unwrap()));
    assert!(!name.is_of_article(article("7")));
    assert!(!StreamName::article(article("7")).is_of_comment(id));
    for text in ["comment-07", "comment-", "comment-7-", "comment-x"] {
        let other = StreamName::recorded(text.to_owned());
        assert!(!other.is_of_comment(id), "{text}");
    }
}

#[test]
fn the_longest_source_names_streams() {
    let longest = "\u{10ffff}".repeat(100);
    assert!(Source::parse(&longest).is_ok());
    for stream in [
        StreamName::import(&longest),
        StreamName::imported_views(&longest),
    ] {
        assert_eq!(stream.as_str().parse(), Ok(stream));
    }
}

#[test]
fn a_stream_name_is_1_to_512_bytes_without_control_characters() {
    for name in ["", "a\tb", "board-1\n", "\u{85}", &"마".repeat(171)] {
        assert_eq!(name.parse::<StreamName>(), Err(MalformedStreamName));
    }
    assert!("마".repeat(170).parse::<StreamName>().is_ok());
}

proptest! {
    #[test]
    fn a_position_reads_back(commit: u64, prepare: u64) {
        let position = Position::new(commit, prepare);
        prop_assert_eq!(position.to_string().parse(), Ok(position));
        prop_assert_eq!((position.commit(), position.prepare()), (commit, prepare));
    }

    #[test]
    fn positions_compare_as_their_strings(a in (0_u64..3, any::<u64>()), b in (0_u64..3, any::<u64>())) {
        let (a, b) = (Position::new(a.0, a.1), Position::new(b.0, b.1));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        prop_assert!(Position::START.to_string() <= a.to_string());
    }

    /// The stream is the unique key of a like, so two users never share one.
    #[test]
    fn no_two_likes_share_a_stream(
        a in (1..3_i64, "[a-bA-B%0-9/ :민-]{1,6}"),
        b in (1..3_i64, "[a-bA-B%0-9/ :민-]{1,6}"),
    ) {
        let key = |(article, user): &(i64, String)| {
            (ArticleId::from_i64(*article).unwrap(), UserId::recorded(user.clone()))
        };
        let ((one, kim), (other, lee)) = (key(&a), key(&b));
        let name = StreamName::like(one, &kim);
        prop_assert!(name.is_of_like(one, &kim));
        prop_assert_eq!(name.is_of_like(other, &lee), a == b);
        prop_assert_eq!(name.as_str().parse(), Ok(name));
    }

    #[test]
    fn a_stream_name_reads_back(name in "\\PC{1,40}") {
        let parsed: StreamName = name.parse().unwrap();
        prop_assert_eq!(parsed.as_str(), name.as_str());
        prop_assert_eq!(StreamName::recorded(name), parsed);
    }
}
