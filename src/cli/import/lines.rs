//! A file, line by line, in bounded memory.

use std::io::{self, BufRead, Read};

/// The longest line that is read, in bytes.
pub const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// A line and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Bytes of the file up to its end.
    pub bytes: u64,
    /// What it holds.
    pub content: Raw<'a>,
}

/// What a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    /// Its bytes, without the end of line.
    Whole {
        /// The bytes.
        bytes: &'a [u8],
        /// Whether an end of line follows; only the last line of a file may lack it.
        ended: bool,
    },
    /// More than [`MAX_LINE_BYTES`], which were skipped.
    TooLong,
}

/// Reads lines and counts them.
pub struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`.
    pub fn of(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            number: 0,
            bytes: 0,
        }
    }

    /// Reads the next line; `None` at the end.
    pub fn read(&mut self) -> io::Result<Option<Numbered<'_>>> {
        self.buffer.clear();
        let mut limited = self.input.by_ref().take(MAX_LINE_BYTES as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += read as u64;
        let ended = self.buffer.pop_if(|last| *last == b'\n').is_some();
        if self.buffer.len() > MAX_LINE_BYTES {
            if !ended {
                self.bytes += skip_line(&mut self.input)?;
            }
            return Ok(Some(self.numbered(Raw::TooLong)));
        }
        let bytes = &self.buffer;
        Ok(Some(self.numbered(Raw::Whole { bytes, ended })))
    }

    fn numbered<'a>(&self, content: Raw<'a>) -> Numbered<'a> {
        Numbered {
            number: self.number,
            bytes: self.bytes,
            content,
        }
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            filled => filled?,
        };
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        skipped += used as u64;
        if end.is_some() || used == 0 {
            return Ok(skipped);
        }
    }
}
