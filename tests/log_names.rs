//! What places in the log and streams are called: positions and stream names.

use madang::event_store::{MalformedPosition, MalformedStreamName, Position, StreamName};
use proptest::prelude::*;

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
    let import = StreamName::import("urho3d").unwrap();
    assert_eq!(import.as_str(), "import-urho3d");
}

#[test]
fn a_source_that_cannot_name_a_stream_is_refused() {
    let longest = StreamName::MAX_BYTES - "import-".len();
    assert!(StreamName::import(&"s".repeat(longest)).is_ok());
    for source in ["a\nb", "\0", &"s".repeat(longest + 1)] {
        assert_eq!(StreamName::import(source), Err(MalformedStreamName));
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

    #[test]
    fn a_stream_name_reads_back(name in "\\PC{1,40}") {
        let parsed: StreamName = name.parse().unwrap();
        prop_assert_eq!(parsed.as_str(), name.as_str());
        prop_assert_eq!(StreamName::recorded(name), parsed);
    }
}
