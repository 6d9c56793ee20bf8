//! The paths that a source text names, `use` trees spread out.

use super::tokens::Token;

/// A path as written, and the line that it begins on. A single word is a path too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) path: Vec<String>,
}

/// Every path in `tokens`, outermost first: `a::{b, c::d}` names `a::b` and `a::c::d`.
pub(super) fn paths(tokens: &[(usize, Token)]) -> Vec<Named> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        at = match &tokens[at].1 {
            Token::Word(_) => tree(tokens, at, &[], &mut found),
            _ => at + 1,
        };
    }
    found
}

/// Reads the tree that begins at `at` below `above`; answers where it ends.
fn tree(
    tokens: &[(usize, Token)],
    mut at: usize,
    above: &[String],
    found: &mut Vec<Named>,
) -> usize {
    let line = tokens[at].0;
    let mut path = above.to_vec();
    let token = |at: usize| tokens.get(at).map(|(_, token)| token);
    loop {
        match token(at) {
            Some(Token::Word(word)) => path.push(word.clone()),
            Some(Token::Sign('*')) if path.len() > above.len() => path.push("*".to_owned()),
            Some(Token::Sign('{')) if path.len() > above.len() => {
                return group(tokens, at + 1, &path, found);
            }
            _ => break,
        }
        at += 1;
        if token(at) != Some(&Token::PathSeparator) {
            break;
        }
        at += 1;
    }
    found.push(Named { line, path });
    at
}

fn group(
    tokens: &[(usize, Token)],
    mut at: usize,
    above: &[String],
    found: &mut Vec<Named>,
) -> usize {
    while let Some((_, token)) = tokens.get(at) {
        at = match token {
            Token::Sign('}') => return at + 1,
            Token::Word(_) => tree(tokens, at, above, found),
            _ => at + 1,
        };
    }
    at
}

/// The path from the crate's root, if it leads to one of its modules: `super` climbs from `file`
/// (`domain/board.rs`), and another crate's path is `None`.
pub(super) fn from_root(file: &str, path: &[String]) -> Option<Vec<String>> {
    let first = path.first()?.as_str();
    if first == "crate" || first == "madang" {
        return Some(path[1..].to_vec());
    }
    let climbed = path.iter().take_while(|part| *part == "super").count();
    let mut module: Vec<String> = match file.trim_end_matches(".rs") {
        "lib" | "main" => Vec::new(),
        module => module.split('/').map(str::to_owned).collect(),
    };
    if climbed == 0 {
        return None;
    }
    // An inline module climbs once more than its file could: it stays where the file is.
    module.truncate(module.len().saturating_sub(climbed));
    module.extend_from_slice(&path[climbed..]);
    Some(module)
}
