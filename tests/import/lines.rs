//! Lines of a file, read in bounded memory.

use std::io::Cursor;

use madang::cli::import::lines::{Lines, MAX_LINE_BYTES, Raw};

/// A line: its number, the bytes up to its end, its length and whether it ended, unless too long.
type Seen = (u64, u64, Option<(usize, bool)>);

fn lines(text: &[u8]) -> Vec<Seen> {
    let mut lines = Lines::of(Cursor::new(text));
    let mut all = Vec::new();
    while let Some(line) = lines.read().unwrap() {
        let content = match line.content {
            Raw::Whole { bytes, ended } => Some((bytes.len(), ended)),
            Raw::TooLong => None,
        };
        all.push((line.number, line.bytes, content));
    }
    all
}

#[test]
fn the_last_line_may_lack_its_end() {
    assert_eq!(lines(b""), []);
    assert_eq!(lines(b"ab"), [(1, 2, Some((2, false)))]);
    let two = [(1, 1, Some((0, true))), (2, 3, Some((1, true)))];
    assert_eq!(lines(b"\na\n"), two);
}

#[test]
fn a_line_that_is_too_long_is_skipped_to_its_end() {
    let mut text = vec![b'x'; 3 * MAX_LINE_BYTES];
    text.extend_from_slice(b"\nab\n");
    let bytes = text.len() as u64;
    let found = lines(&text);
    assert_eq!(found, [(1, bytes - 3, None), (2, bytes, Some((2, true)))]);
}

#[test]
fn the_longest_line_is_read_and_one_byte_more_is_not() {
    let mut text = vec![b'x'; MAX_LINE_BYTES];
    text.push(b'\n');
    assert_eq!(lines(&text)[0].2, Some((MAX_LINE_BYTES, true)));
    text.insert(0, b'x');
    let found = lines(&text);
    assert_eq!((found.len(), found[0].2), (1, None));
}
