//! What people write, read into types.

use madang::domain::text::{
    BoardDescription, BoardName, Content, Repairs, TextError, Title, WriterName,
};
use proptest::prelude::*;

fn title(raw: &str) -> Result<String, TextError> {
    Title::parse(raw).map(Title::into_string)
}

fn content(raw: &str) -> Result<String, TextError> {
    Content::parse(raw).map(Content::into_string)
}

fn repaired_title(raw: &str) -> (String, Repairs) {
    let (title, repairs) = Title::repaired(raw).expect("something is left");
    (title.into_string(), repairs)
}

const NONE: Repairs = Repairs {
    control_removed: false,
    cut: false,
};
const CUT: Repairs = Repairs { cut: true, ..NONE };
const REMOVED: Repairs = Repairs {
    control_removed: true,
    ..NONE
};

#[test]
fn every_line_end_becomes_a_line_feed() {
    assert_eq!(content("a\r\nb\rc\nd").unwrap(), "a\nb\nc\nd");
    assert_eq!(content("a\r\r\nb\n\rc").unwrap(), "a\n\nb\n\nc");
}

#[test]
fn the_ends_are_trimmed_and_the_middle_is_not() {
    assert_eq!(content(" \r\n\t a  b \u{3000}\r").unwrap(), "a  b");
    assert_eq!(title("\t Hello  there \n").unwrap(), "Hello  there");
}

#[test]
fn a_next_line_character_at_the_end_is_trimmed_like_any_white_space() {
    assert_eq!(title("Hello\u{85}").unwrap(), "Hello");
    assert_eq!(title("Hel\u{85}lo"), Err(TextError::ControlCharacter));
}

#[test]
fn a_content_has_lines_and_tabs() {
    assert_eq!(content("a\n\tb").unwrap(), "a\n\tb");
}

#[test]
fn a_title_has_neither() {
    for raw in ["a\nb", "a\tb", "a\rb", "a\r\nb"] {
        assert_eq!(title(raw), Err(TextError::ControlCharacter), "{raw:?}");
    }
}

#[test]
fn control_characters_are_refused_everywhere() {
    for raw in ["\0", "a\0b", "\u{1b}[31m", "a\u{7f}", "a\u{80}b", "\u{9f}a"] {
        assert_eq!(title(raw), Err(TextError::ControlCharacter), "{raw:?}");
        assert_eq!(content(raw), Err(TextError::ControlCharacter), "{raw:?}");
    }
}

#[test]
fn invisible_characters_that_are_no_control_characters_stay() {
    let joined = "\u{200d}\u{feff}a\u{202e}";
    assert_eq!(title(joined).unwrap(), joined);
}

#[test]
fn nothing_is_left_of_white_space() {
    for raw in ["", " ", "\r\n\t \u{a0}\u{3000}"] {
        assert_eq!(title(raw), Err(TextError::Empty), "{raw:?}");
        assert_eq!(content(raw), Err(TextError::Empty), "{raw:?}");
        assert_eq!(WriterName::parse(raw), Err(TextError::Empty), "{raw:?}");
        assert_eq!(BoardName::parse(raw), Err(TextError::Empty), "{raw:?}");
    }
}

#[test]
fn only_a_description_may_be_empty() {
    assert_eq!(BoardDescription::parse(" \n").unwrap().as_str(), "");
    let (repaired, repairs) = BoardDescription::repaired("\0").unwrap();
    assert_eq!((repaired.as_str(), repairs), ("", REMOVED));
}

#[test]
fn each_text_has_its_greatest_length() {
    let lengths = [
        Title::MAX_CHARS,
        Content::MAX_CHARS,
        BoardName::MAX_CHARS,
        BoardDescription::MAX_CHARS,
        WriterName::MAX_CHARS,
    ];
    assert_eq!(lengths, [300, 32_000, 100, 500, 100]);
}

#[test]
fn the_greatest_length_is_taken_and_one_more_is_not() {
    assert!(content(&"a".repeat(32_000)).is_ok());
    let too_long = TextError::TooLong { max: 32_000 };
    assert_eq!(content(&"a".repeat(32_001)), Err(too_long));
}

#[test]
fn lengths_count_scalar_values_not_bytes_or_utf_16_units() {
    for character in ["é", "마", "🌱", "\u{10ffff}"] {
        assert!(title(&character.repeat(300)).is_ok(), "{character}");
        let too_long = TextError::TooLong { max: 300 };
        assert_eq!(title(&character.repeat(301)), Err(too_long), "{character}");
    }
}

#[test]
fn an_emoji_of_several_scalar_values_counts_each() {
    let family = "👨\u{200d}👩\u{200d}👧";
    assert!(title(&family.repeat(60)).is_ok());
    assert!(title(&family.repeat(61)).is_err());
}

#[test]
fn a_line_end_of_two_bytes_counts_once() {
    let lines = format!("a{}b", "\r\n".repeat(31_998));
    assert_eq!(content(&lines).unwrap().len(), 32_000);
}

#[test]
fn what_is_trimmed_is_not_counted() {
    let padded = format!("{}{}{}", " ".repeat(500), "a".repeat(300), "\n".repeat(500));
    assert_eq!(title(&padded).unwrap().len(), 300);
}

#[test]
fn a_good_text_needs_no_repair() {
    assert_eq!(repaired_title(" Hello "), ("Hello".to_owned(), NONE));
}

#[test]
fn repair_removes_control_characters_and_says_so() {
    assert_eq!(
        repaired_title("He\0l\u{9f}lo"),
        ("Hello".to_owned(), REMOVED)
    );
    let (text, repairs) = Content::repaired("a\r\n\tb\u{7}").unwrap();
    assert_eq!((text.as_str(), repairs), ("a\n\tb", REMOVED));
}

#[test]
fn repair_cuts_what_is_too_long_and_says_so() {
    let (text, repairs) = repaired_title(&"🌱".repeat(301));
    assert_eq!((text, repairs), ("🌱".repeat(300), CUT));
}

#[test]
fn a_cut_that_ends_in_white_space_is_trimmed_again() {
    let raw = format!("{} b", "a".repeat(299));
    assert_eq!(repaired_title(&raw), ("a".repeat(299), CUT));
}

#[test]
fn white_space_that_removal_laid_bare_does_not_count() {
    let raw = format!("\0 {} \0", "a".repeat(300));
    assert_eq!(repaired_title(&raw), ("a".repeat(300), REMOVED));
}

#[test]
fn nothing_repairs_an_empty_text() {
    for raw in ["", " ", "\0", " \u{1} \r\n"] {
        assert_eq!(
            Title::repaired(raw).unwrap_err(),
            TextError::Empty,
            "{raw:?}"
        );
    }
}

/// Text with much of what is special about text in it.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab\r\n\t \u{0}\u{85}\u{3000}🌱]{0,12}",
        "[ab \u{0}🌱]{95,110}",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn what_was_parsed_parses_as_itself(raw in any_text()) {
        if let Ok(once) = content(&raw) {
            prop_assert_eq!(content(&once), Ok(once));
        }
        if let Ok(once) = title(&raw) {
            prop_assert_eq!(title(&once), Ok(once));
        }
    }

    #[test]
    fn what_was_repaired_parses_as_itself(raw in any_text()) {
        if let Ok((name, _)) = WriterName::repaired(&raw) {
            prop_assert_eq!(WriterName::parse(name.as_str()), Ok(name));
        }
        if let Ok((text, _)) = Content::repaired(&raw) {
            prop_assert_eq!(Content::parse(text.as_str()), Ok(text));
        }
    }

    #[test]
    fn what_parses_needs_no_repair(raw in any_text()) {
        if let Ok(name) = BoardName::parse(&raw) {
            prop_assert_eq!(BoardName::repaired(&raw), Ok((name, NONE)));
        }
    }

    #[test]
    fn repair_says_nothing_exactly_when_the_text_parses(raw in any_text()) {
        if let Ok((_, repairs)) = WriterName::repaired(&raw) {
            prop_assert_eq!(repairs == NONE, WriterName::parse(&raw).is_ok());
        }
    }
}
