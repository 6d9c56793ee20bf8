//! Ids as text, and who may call themselves what.

use madang::domain::id::{MalformedId, UserIdError};
use madang::domain::snowflake::Snowflake;
use madang::domain::{ArticleId, BoardId, Revision, UserId};
use proptest::prelude::*;

#[track_caller]
fn assert_malformed(texts: &[&str]) {
    for text in texts {
        assert_eq!(text.parse::<BoardId>(), Err(MalformedId), "{text:?}");
        assert_eq!(text.parse::<ArticleId>(), Err(MalformedId), "{text:?}");
    }
}

#[test]
fn one_and_the_greatest_are_ids() {
    let one: BoardId = "1".parse().unwrap();
    assert_eq!(one.to_i64(), 1);
    let greatest: ArticleId = "9223372036854775807".parse().unwrap();
    assert_eq!(greatest.to_i64(), i64::MAX);
}

#[test]
fn beyond_63_bits_is_no_id() {
    assert_malformed(&[
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "10000000000000000000",
        "99999999999999999999",
        "000000000000000000000000000000000000000001",
    ]);
}

#[test]
fn zero_and_leading_zeros_are_no_ids() {
    assert_malformed(&["0", "00", "01", "007"]);
}

#[test]
fn signs_spaces_and_other_spellings_are_no_ids() {
    assert_malformed(&[
        "", "+1", "-1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "1_0", "a",
    ]);
}

#[test]
fn digits_of_other_scripts_are_no_ids() {
    assert_malformed(&["١", "१२", "１", "²"]);
}

#[test]
fn a_column_that_is_not_positive_is_no_id() {
    assert_eq!(BoardId::from_i64(0), None);
    assert_eq!(ArticleId::from_i64(-1), None);
    assert_eq!(Snowflake::from_i64(i64::MIN), None);
}

#[test]
fn revisions_count_from_0_and_stop_at_the_end() {
    assert_eq!(Revision::FIRST.next(), Revision(1));
    assert_eq!(Revision(u64::MAX).next(), Revision(u64::MAX));
}

#[test]
fn kim_and_kim_in_capitals_are_two_people() {
    assert_ne!(UserId::parse("Kim"), UserId::parse("kim"));
}

#[test]
fn a_user_id_is_1_to_64_bytes() {
    assert_eq!(UserId::parse(""), Err(UserIdError::Length));
    assert!(UserId::parse(&"k".repeat(64)).is_ok());
    assert_eq!(UserId::parse(&"k".repeat(65)), Err(UserIdError::Length));
}

#[test]
fn the_length_of_a_user_id_is_in_bytes_not_characters() {
    assert!(UserId::parse(&"마".repeat(21)).is_ok());
    assert_eq!(UserId::parse(&"마".repeat(22)), Err(UserIdError::Length));
}

#[test]
fn a_user_id_holds_no_control_characters() {
    for id in ["k\0im", "kim\n", "\tkim", "kim\u{7f}", "k\u{85}im"] {
        assert_eq!(
            UserId::parse(id),
            Err(UserIdError::ControlCharacter),
            "{id:?}"
        );
    }
}

#[test]
fn nobody_claims_to_be_imported_or_the_system() {
    for id in [
        "imported:",
        "imported:0123456789abcdef",
        "system:node-1",
        "system:",
    ] {
        assert_eq!(UserId::parse(id), Err(UserIdError::Reserved), "{id:?}");
    }
}

#[test]
fn names_that_only_resemble_the_reserved_ones_are_users() {
    for id in [
        "imported",
        "system",
        "Imported:x",
        "ximported:",
        "systematic:x",
    ] {
        assert_eq!(UserId::parse(id).unwrap().as_str(), id);
    }
}

#[test]
fn the_system_and_imported_authors_have_their_own_names() {
    assert_eq!(UserId::system("node-3").as_str(), "system:node-3");
    assert_eq!(UserId::imported("00ff").into_string(), "imported:00ff");
}

proptest! {
    #[test]
    fn an_id_reads_back_from_text_and_from_a_column(number in 1..=i64::MAX) {
        let id = ArticleId::from_i64(number).unwrap();
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(ArticleId::from_i64(id.to_i64()), Some(id));
    }

    #[test]
    fn only_the_canonical_spelling_is_read(text in "[0-9+ ]{0,21}|\\PC{0,4}") {
        if let Ok(id) = text.parse::<BoardId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn any_subject_is_a_user_or_refused(claimed in "(imported:|system:)?\\PC{0,70}") {
        if let Ok(user) = UserId::parse(&claimed) {
            prop_assert_eq!(user.as_str(), claimed);
        }
    }
}
