//! The rules. Each answers with a sentence per violation: where, and which rule.

use madang::event_store::codec::WIRE_NAMES;

use super::paths::{Named, from_root, paths};
use super::tokens::{Token, tokens};

const MAX_LINES: usize = 500;

/// What sits on top and may know everything.
const TOP: &[&str] = &["lib", "main", "app", "cli", "config", "node", "telemetry"];

/// What every other module may know of the crate, besides itself.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("ambient", &["domain"]),
    ("file_lock", &["ambient"]),
    ("breaker", &[]),
    ("calendar", &["domain"]),
    ("change_counts", &[]),
    ("rfc3339", &["domain"]),
    (
        "event_store",
        &["domain", "ambient", "change_counts", "file_lock"],
    ),
    (
        "command",
        &[
            "domain",
            "event_store",
            "ambient",
            "calendar",
            "change_counts",
            "file_lock",
            "hot",
        ],
    ),
    (
        "audit",
        &["domain", "event_store", "ambient", "file_lock", "rfc3339"],
    ),
    (
        "views",
        &[
            "domain",
            "event_store::Position",
            "ambient",
            "breaker",
            "file_lock",
        ],
    ),
    (
        "hot",
        &["domain", "event_store::Position", "ambient", "calendar"],
    ),
    (
        "projections",
        &[
            "domain",
            "event_store",
            "hot",
            "views",
            "ambient",
            "calendar",
            "file_lock",
        ],
    ),
    (
        "query",
        &[
            "domain",
            "event_store::Position",
            "hot",
            "views",
            "ambient",
            "calendar",
            "change_counts",
        ],
    ),
    (
        "http",
        &[
            "domain",
            "ambient",
            "calendar",
            "file_lock",
            "event_store",
            "command",
            "audit",
            "views",
            "projections",
            "query",
            "rfc3339",
        ],
    ),
];

/// What pure rules do without: I/O, clocks, threads, logging.
const IMPURE: &[&str] = &[
    "async",
    "axum",
    "hyper",
    "sqlx",
    "tokio",
    "tracing",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::thread",
    "std::time",
];

/// Statuses that are no failure; every other constant of `StatusCode` is one.
const NO_FAILURE: &[&str] = &[
    "CONTINUE",
    "SWITCHING_PROTOCOLS",
    "PROCESSING",
    "EARLY_HINTS",
    "OK",
    "CREATED",
    "ACCEPTED",
    "NON_AUTHORITATIVE_INFORMATION",
    "NO_CONTENT",
    "RESET_CONTENT",
    "PARTIAL_CONTENT",
    "MULTI_STATUS",
    "ALREADY_REPORTED",
    "IM_USED",
    "MULTIPLE_CHOICES",
    "MOVED_PERMANENTLY",
    "FOUND",
    "SEE_OTHER",
    "NOT_MODIFIED",
    "USE_PROXY",
    "TEMPORARY_REDIRECT",
    "PERMANENT_REDIRECT",
];

/// What is wrong with the file at `file` (relative to `src/`), in words.
pub(super) fn violations(file: &str, source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let named = paths(&tokens);
    let mut broken = layout(file, source);
    broken.extend(named.iter().filter_map(|named| {
        let why = dependency(file, named)
            .or_else(|| impurity(file, named))
            .or_else(|| elsewhere(file, named))?;
        Some(format!("src/{file}:{}: {why}", named.line))
    }));
    broken.extend(wire_names(file, &tokens));
    broken.extend(printing(file, &tokens));
    broken.extend(clap_environment(file, &tokens));
    broken
}

fn layout(file: &str, source: &str) -> Vec<String> {
    let lines = source.lines().count();
    let mut broken = Vec::new();
    if file.rsplit('/').next() == Some("mod.rs") {
        broken.push(format!(
            "src/{file}: put the module into `foo.rs` beside `foo/`"
        ));
    }
    let module = |module: &str| is_in(file, module);
    if !TOP.iter().any(|top| module(top)) && !MAY_KNOW.iter().any(|(name, _)| module(name)) {
        broken.push(format!(
            "src/{file}: say in tests/architecture/rules.rs whom it may know"
        ));
    }
    if lines > MAX_LINES {
        broken.push(format!(
            "src/{file}: {lines} lines are more than {MAX_LINES}: split it"
        ));
    }
    if !source.starts_with("//!") {
        broken.push(format!(
            "src/{file}:1: begin with `//!`: what is this module for?"
        ));
    }
    broken
}

/// Whether `file` is the module `module` or below it: `http/error` is `http/error.rs` and
/// `http/error/…`.
fn is_in(file: &str, module: &str) -> bool {
    file.strip_prefix(module)
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn dependency(file: &str, named: &Named) -> Option<String> {
    let (module, allowed) = MAY_KNOW.iter().find(|(module, _)| is_in(file, module))?;
    let path = from_root(file, &named.path)?;
    let target = path.first()?;
    let known = target == module
        || allowed.iter().any(|known| {
            let known: Vec<&str> = known.split("::").collect();
            path.len() >= known.len() && path.iter().zip(&known).all(|(a, b)| a == b)
        });
    (!known).then(|| {
        let allowed = if allowed.is_empty() {
            "nobody"
        } else {
            &allowed.join(", ")
        };
        format!(
            "`{module}` knows {allowed}, but names `{}`",
            path.join("::")
        )
    })
}

fn impurity(file: &str, named: &Named) -> Option<String> {
    let path = named.path.join("::");
    let impure = IMPURE
        .iter()
        .any(|outside| path == *outside || path.starts_with(&format!("{outside}::")));
    (is_in(file, "domain") && impure).then(|| format!("`domain` is pure, but names `{path}`"))
}

/// Things that are named in one module only.
fn elsewhere(file: &str, named: &Named) -> Option<String> {
    let path: Vec<&str> = named.path.iter().map(String::as_str).collect();
    let status = path
        .windows(2)
        .any(|pair| pair[0] == "StatusCode" && is_failure(pair[1]));
    let environment = path.windows(2).any(|pair| {
        pair[0] == "env" && ["var", "var_os", "vars", "vars_os", "*"].contains(&pair[1])
    });
    let path = path.join("::");
    if status && !is_in(file, "http/error") {
        return Some(format!(
            "only http/error.rs names failures, but here is `{path}`"
        ));
    }
    if environment && !is_in(file, "config") {
        return Some(format!(
            "only config.rs reads the environment, but here is `{path}`"
        ));
    }
    if named.path[0] == "eventstore" && !is_in(file, "event_store/eventstoredb") {
        let rule = "only event_store/eventstoredb.rs knows the crate eventstore";
        return Some(format!("{rule}, but here is `{path}`"));
    }
    None
}

fn is_failure(constant: &str) -> bool {
    let is_constant = constant.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    is_constant && !NO_FAILURE.contains(&constant)
}

/// A name alone in a literal, or quoted within one (as in SQL), is spelled; a name within a
/// sentence is only talked about.
fn wire_names(file: &str, tokens: &[(usize, Token)]) -> Vec<String> {
    if is_in(file, "event_store/codec") {
        return Vec::new();
    }
    let spelled = |text: &str, name: &str| {
        text == name
            || ["'", "\""]
                .iter()
                .any(|q| text.contains(&format!("{q}{name}{q}")))
            || text.contains(&format!("\\\"{name}\\\""))
    };
    let mut broken = Vec::new();
    for (line, token) in tokens {
        let Token::Text(text) = token else { continue };
        for (name, _) in WIRE_NAMES.iter().filter(|(name, _)| spelled(text, name)) {
            broken.push(format!("src/{file}:{line}: only the codec spells `{name}`"));
        }
    }
    broken
}

fn printing(file: &str, tokens: &[(usize, Token)]) -> Vec<String> {
    let printers = ["print", "println", "eprint", "eprintln"];
    let calls = tokens.windows(2).filter(|pair| {
        pair[1].1 == Token::Sign('!')
            && matches!(&pair[0].1, Token::Word(word) if printers.contains(&word.as_str()))
    });
    calls
        .filter(|_| !is_in(file, "cli/output"))
        .map(|pair| format!("src/{file}:{}: only cli/output.rs prints", pair[0].0))
        .collect()
}

/// clap reads the environment where an attribute says `#[arg(env)]` or `#[arg(env = "…")]`.
fn clap_environment(file: &str, tokens: &[(usize, Token)]) -> Vec<String> {
    let word = |at: usize| match tokens.get(at) {
        Some((_, Token::Word(word))) => word.as_str(),
        _ => "",
    };
    let mut broken = Vec::new();
    let attributes = (2..tokens.len())
        .filter(|at| tokens[at - 2].1 == Token::Sign('#') && ["arg", "clap"].contains(&word(*at)));
    for begin in attributes.filter(|_| !is_in(file, "config")) {
        let inside = (begin..tokens.len()).take_while(|at| tokens[*at].1 != Token::Sign(']'));
        for at in inside.filter(|at| word(*at) == "env") {
            let line = tokens[at].0;
            broken.push(format!(
                "src/{file}:{line}: only config.rs reads the environment"
            ));
        }
    }
    broken
}
