//! What people write, as parsed types: a value of one of these types has been checked.
//!
//! All of them read text the same way: CRLF and CR become LF, the ends are trimmed, then control
//! characters (Unicode's Cc) other than LF and TAB are refused. Lengths count Unicode scalar
//! values. `repaired` is for records of other forums, where nobody is left to correct the input:
//! it removes and cuts, and says what it did.

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// More characters than the maximum.
    #[error("must be at most {max} characters")]
    TooLong {
        /// The greatest length, in Unicode scalar values.
        max: usize,
    },
    /// Holds a control character that is not allowed here.
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// What `repaired` had to do to a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs {
    /// Control characters were removed.
    pub control_removed: bool,
    /// The end was cut off.
    pub cut: bool,
}

#[derive(Clone, Copy)]
struct Shape {
    min: usize,
    max: usize,
    multi_line: bool,
}

impl Shape {
    fn refuses(self, c: char) -> bool {
        c.is_control() && !(self.multi_line && (c == '\n' || c == '\t'))
    }

    fn parse(self, raw: &str) -> Result<String, TextError> {
        let text = normalized(raw);
        if text.chars().any(|c| self.refuses(c)) {
            return Err(TextError::ControlCharacter);
        }
        // Bytes bound characters from above, so most texts need not be counted.
        if text.len() > self.max && text.chars().count() > self.max {
            return Err(TextError::TooLong { max: self.max });
        }
        if text.len() < self.min {
            return Err(TextError::Empty);
        }
        Ok(text)
    }

    fn repaired(self, raw: &str) -> Result<(String, Repairs), TextError> {
        let mut repairs = Repairs::default();
        let mut text = normalized(raw);
        if text.chars().any(|c| self.refuses(c)) {
            repairs.control_removed = true;
            text.retain(|c| !self.refuses(c));
            text = text.trim().to_owned();
        }
        if let Some((end, _)) = text.char_indices().nth(self.max) {
            repairs.cut = true;
            text.truncate(end);
        }
        let text = text.trim_end().to_owned();
        if text.len() < self.min {
            return Err(TextError::Empty);
        }
        Ok((text, repairs))
    }
}

fn normalized(raw: &str) -> String {
    let raw = raw.trim();
    if raw.contains('\r') {
        raw.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        raw.to_owned()
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $shape:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            const SHAPE: Shape = $shape;
            /// The greatest length, in Unicode scalar values.
            pub const MAX_CHARS: usize = Self::SHAPE.max;

            /// Checks what a caller sent.
            pub fn parse(raw: &str) -> Result<Self, TextError> {
                Self::SHAPE.parse(raw).map(Self)
            }

            /// Makes the best of a foreign record; the only error left is an empty text.
            pub fn repaired(raw: &str) -> Result<(Self, Repairs), TextError> {
                Self::SHAPE.repaired(raw).map(|(text, repairs)| (Self(text), repairs))
            }

            /// A text that stands in the log, which was checked when it was written.
            pub fn recorded(text: String) -> Self {
                Self(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Gives the text away.
            pub fn into_string(self) -> String {
                self.0
            }
        }
    };
}

text!(
    /// An article's title: one line of 1 to 300 characters.
    Title,
    Shape { min: 1, max: 300, multi_line: false }
);
text!(
    /// What an article or a comment says: 1 to 32,000 characters.
    Content,
    Shape { min: 1, max: 32_000, multi_line: true }
);
text!(
    /// A board's name: one line of 1 to 100 characters. Names need not be unique.
    BoardName,
    Shape { min: 1, max: 100, multi_line: false }
);
text!(
    /// What a board is for: at most 500 characters, possibly none.
    BoardDescription,
    Shape { min: 0, max: 500, multi_line: true }
);
text!(
    /// The name that readers see beside what somebody wrote: one line of 1 to 100 characters.
    WriterName,
    Shape { min: 1, max: 100, multi_line: false }
);
