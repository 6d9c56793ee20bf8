//! Just enough of Rust's lexical structure to tell code from comments and literals.

/// A piece of source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier, a keyword or a number.
    Word(String),
    /// The inside of a string literal, escapes left as they are.
    Text(String),
    /// `::`
    PathSeparator,
    /// Any other character.
    Sign(char),
}

/// The tokens of a source text, each with the line that it begins on. Comments, character literals
/// and white space are left out.
pub(super) fn tokens(source: &str) -> Vec<(usize, Token)> {
    let mut lexer = Lexer {
        rest: source,
        line: 1,
    };
    std::iter::from_fn(|| lexer.token()).collect()
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.rest = rest;
        self.line += taken.matches('\n').count();
        taken
    }

    fn token(&mut self) -> Option<(usize, Token)> {
        self.skip_what_is_no_token();
        let line = self.line;
        let first = self.rest.chars().next()?;
        let token = if let Some(text) = self.string() {
            Token::Text(text)
        } else if is_word(first) {
            let end = self.rest.find(|c| !is_word(c));
            Token::Word(self.take(end.unwrap_or(self.rest.len())).to_owned())
        } else if self.rest.starts_with("::") {
            self.take(2);
            Token::PathSeparator
        } else {
            self.take(first.len_utf8());
            Token::Sign(first)
        };
        Some((line, token))
    }

    fn skip_what_is_no_token(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            let skipped = if blank > 0 {
                blank
            } else if self.rest.starts_with("//") {
                self.rest.find('\n').unwrap_or(self.rest.len())
            } else if self.rest.starts_with("/*") {
                block_comment(self.rest)
            } else {
                character(self.rest)
            };
            if skipped == 0 {
                return;
            }
            self.take(skipped);
        }
    }

    /// `"…"`, `r"…"`, `r#"…"#` and the same with `b` or `c` before it.
    fn string(&mut self) -> Option<String> {
        let prefix = self.rest.find(|c| !matches!(c, 'b' | 'c' | 'r'))?;
        let raw = self.rest[..prefix].ends_with('r');
        let hashes = self.rest[prefix..].find(|c| c != '#')?;
        let opened = prefix + hashes;
        if prefix > 2 || (hashes > 0 && !raw) || !self.rest[opened..].starts_with('"') {
            return None;
        }
        self.take(opened + 1);
        let end = if raw {
            let close = format!("\"{}", "#".repeat(hashes));
            self.rest.find(&close)
        } else {
            closing_quote(self.rest)
        };
        let text = self.take(end.unwrap_or(self.rest.len())).to_owned();
        self.take(1 + hashes);
        Some(text)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// The length of the comment that `text` begins with; comments nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match text.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of the character literal that `text` begins with; 0 for a lifetime or anything else.
fn character(text: &str) -> usize {
    let mut inside = text.strip_prefix('\'').unwrap_or_default().chars();
    match (inside.next(), inside.next()) {
        (Some('\\'), Some(escaped)) => {
            let begun = 2 + escaped.len_utf8();
            text[begun..].find('\'').map_or(0, |end| begun + end + 1)
        }
        (Some(c), Some('\'')) => 2 + c.len_utf8(),
        _ => 0,
    }
}

#[test]
fn comments_and_characters_are_no_tokens() {
    let source = "// a\n/* b /* c */ d */ 'x' '\\'' '\"' '\\u{1}' /// e";
    assert_eq!(tokens(source), []);
}

#[test]
fn strings_are_texts_however_they_are_quoted() {
    let source = r##""a\"b" r"c\" br#"d"e"# b"f""##;
    let texts = ["a\\\"b", "c\\", "d\"e", "f"].map(|text| (1, Token::Text(text.to_owned())));
    assert_eq!(tokens(source), texts);
}

#[test]
fn lifetimes_and_paths_are_code() {
    let found: Vec<Token> = tokens("&'a b::c").into_iter().map(|(_, t)| t).collect();
    let word = |word: &str| Token::Word(word.to_owned());
    let expected = [
        Token::Sign('&'),
        Token::Sign('\''),
        word("a"),
        word("b"),
        Token::PathSeparator,
        word("c"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn tokens_know_their_line() {
    let lines: Vec<usize> = tokens("a /*\n*/ b\n\"c\nd\" e")
        .iter()
        .map(|t| t.0)
        .collect();
    assert_eq!(lines, [1, 2, 3, 4]);
}
