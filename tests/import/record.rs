//! Every kind of line.

use madang::cli::import::lines::Raw;
use madang::cli::import::record::{LeftOut, Line, read};
use madang::command::import::{Record, author_id};
use madang::domain::Timestamp;
use serde_json::{Value, json};

fn line(text: &str) -> Line {
    let bytes = text.as_bytes();
    read(5, Raw::Whole { bytes, ended: true })
}

fn post_with(field: &str, value: Value) -> Line {
    let mut post = json!({
        "type": "post", "id": 1, "board": "b", "author": "x", "title": "t", "body": "w",
        "created_at": 1_389_889_052_000_i64, "pinned": false,
    });
    post[field] = value;
    line(&post.to_string())
}

fn comment_with(field: &str, value: Value) -> Line {
    let mut comment = json!({
        "type": "comment", "id": 9, "post_id": 1, "parent_id": null, "author": "x", "body": "w",
        "created_at": 1_389_889_052_000_i64,
    });
    comment[field] = value;
    line(&comment.to_string())
}

fn reason(line: Line) -> String {
    match line {
        Line::Broken(reason) => reason,
        other => panic!("{other:?} should be broken"),
    }
}

fn record(line: Line) -> (Record, LeftOut) {
    match line {
        Line::Record {
            record, left_out, ..
        } => (record, left_out),
        other => panic!("{other:?} is no record"),
    }
}

fn left_out(line: Line) -> LeftOut {
    record(line).1
}

#[test]
fn a_post_is_read() {
    let (Record::Post(post), left_out) = record(post_with("views", json!(20))) else {
        panic!("this is a post");
    };
    assert_eq!((post.line, post.id), (5, 1));
    assert_eq!(post.created_at, Timestamp(1_389_889_052_000));
    assert_eq!((post.views, post.liked_by.len()), (20, 0));
    assert_eq!(left_out, LeftOut::default());
}

#[test]
fn an_author_likes_a_post_once() {
    let named = json!(["a", "b", "a", "", " ", "A"]);
    let (Record::Post(post), left_out) = record(post_with("liked_by", named)) else {
        panic!("this is a post");
    };
    assert_eq!(post.liked_by, ["a", "b", "A"].map(author_id));
    assert_eq!((left_out.repeated, left_out.liked_by), (1, 2));
}

#[test]
fn views_and_likes_may_be_missing() {
    for field in ["views", "liked_by"] {
        let (Record::Post(post), _) = record(post_with(field, Value::Null)) else {
            panic!("this is a post");
        };
        assert_eq!((post.views, post.liked_by.len()), (0, 0));
    }
}

#[test]
fn as_many_views_as_a_column_holds_are_read() {
    let most = u64::try_from(i64::MAX).unwrap();
    let (Record::Post(post), _) = record(post_with("views", json!(most))) else {
        panic!("this is a post");
    };
    assert_eq!(post.views, most);
}

#[test]
fn what_has_no_place_is_counted() {
    assert_eq!(left_out(post_with("likes", json!(3))).likes, 3);
    assert_eq!(left_out(comment_with("likes", json!(3))).likes, 3);
    let many = left_out(post_with("likes", json!("many")));
    assert_eq!(many, LeftOut::default());
    let named = json!(["a", "a", ""]);
    assert_eq!(left_out(comment_with("liked_by", named)).liked_by, 3);
    assert_eq!(left_out(comment_with("views", json!(9))).views, 9);
}

#[test]
fn texts_are_repaired_and_it_says_so() {
    let repairs = |line| match line {
        Line::Record { repairs, .. } => repairs.join("; "),
        other => panic!("{other:?} is no record"),
    };
    let bell = post_with("title", json!("a\u{7}b"));
    assert_eq!(repairs(bell), "title: control characters removed");
    let long = post_with("body", json!("x".repeat(32_001)));
    assert_eq!(repairs(long), "body: cut, it was too long");
    let both = post_with("author", json!(format!("\u{0}{}", "x".repeat(101))));
    assert_eq!(repairs(both), "author: control characters removed, and cut");
    let board = post_with("board", json!("x".repeat(101)));
    assert_eq!(repairs(board), "board: cut, it was too long");
}

#[test]
fn a_wrong_field_breaks_a_line() {
    let wrong = [
        ("type", json!("poll"), "unknown type \"poll\""),
        ("type", json!(1), "invalid type: integer `1`"),
        ("id", json!(-1), "invalid value: integer `-1`"),
        ("id", json!(1.5), "invalid type: floating point"),
        ("id", json!("1"), "invalid type: string"),
        ("title", json!(" \n"), "title must not be empty"),
        ("title", json!("\u{1}"), "title must not be empty"),
        ("body", json!(""), "body must not be empty"),
        ("author", json!(""), "author must not be empty"),
        ("board", json!(""), "board must not be empty"),
        ("board", json!(["b"]), "invalid type: sequence"),
        ("created_at", json!(-1), "created_at -1 is no time"),
        ("created_at", json!(i64::MAX), "is no time"),
        ("created_at", json!(u64::MAX), "invalid value"),
        ("created_at", json!("2014"), "invalid type"),
        ("views", json!(-3), "invalid value"),
        ("views", json!(1_u64 << 63), "more than can be counted"),
        ("views", json!(1.5), "invalid type"),
        ("liked_by", json!([1]), "invalid type"),
    ];
    for (field, value, expected) in wrong {
        let found = reason(post_with(field, value.clone()));
        assert!(found.contains(expected), "{field} = {value}: {found}");
    }
}

#[test]
fn a_missing_field_breaks_a_line() {
    for field in [
        "type",
        "id",
        "board",
        "author",
        "title",
        "body",
        "created_at",
    ] {
        let whole = r#"{"type":"post","id":1,"board":"b","author":"x","title":"t","body":"w","created_at":1}"#;
        let text = whole.replace(&format!("\"{field}\""), "\"other\"");
        assert_eq!(reason(line(&text)), format!("missing field `{field}`"));
    }
    let rootless =
        r#"{"type":"comment","id":1,"post_id":1,"author":"x","body":"w","created_at":1}"#;
    assert_eq!(reason(line(rootless)), "missing field `parent_id`");
}

#[test]
fn a_comment_is_read() {
    let (Record::Comment(comment), _) = record(comment_with("parent_id", json!(4))) else {
        panic!("this is a comment");
    };
    let place = (comment.line, comment.id, comment.post, comment.parent);
    assert_eq!(place, (5, 9, 1, Some(4)));
    assert_eq!(comment.author, author_id("x"));
    let (Record::Comment(root), _) = record(comment_with("id", json!(1))) else {
        panic!("this is a comment");
    };
    assert_eq!(root.parent, None);
}

#[test]
fn a_comment_is_checked_too() {
    let wrong = [
        ("parent_id", json!("4")),
        ("post_id", Value::Null),
        ("body", json!("\u{7}")),
        ("views", json!(1_u64 << 63)),
        ("liked_by", json!("a")),
        ("created_at", json!(i64::MAX)),
    ];
    for (field, value) in wrong {
        reason(comment_with(field, value));
    }
}

#[test]
fn what_is_no_json_object_breaks_a_line() {
    let wrong = [
        ("[\"post\",1]", "not a JSON object"),
        ("17", "not a JSON object"),
        ("post", "broken JSON: expected value (column 1)"),
        (
            "{\"type\":\"post\"",
            "broken JSON: EOF while parsing an object (column 14)",
        ),
        ("{}", "missing field `type`"),
        ("{\"type\":\"post\"} {}", "broken JSON: trailing characters"),
        (r#"{"type":"\ud800"}"#, "broken JSON: "),
    ];
    for (text, expected) in wrong {
        let found = reason(line(text));
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}

#[test]
fn bytes_that_are_no_text_break_a_line() {
    let bytes = b"{\"type\":\"\xff\"}";
    let found = read(1, Raw::Whole { bytes, ended: true });
    assert_eq!(reason(found), "not UTF-8 after byte 9");
    assert_eq!(reason(read(1, Raw::TooLong)), "longer than 4 MiB");
}

#[test]
fn a_file_that_ends_within_a_line_is_named_so() {
    let bytes = br#"{"type":"post","id":1,"bo"#;
    let found = reason(read(
        1,
        Raw::Whole {
            bytes,
            ended: false,
        },
    ));
    assert!(
        found.starts_with("the file ends in the middle of this line"),
        "{found}"
    );
}

#[test]
fn white_space_is_no_record_and_no_mistake() {
    for text in ["", " ", "\r", "\t \r", "\u{feff}"] {
        assert_eq!(line(text), Line::Blank);
    }
}
