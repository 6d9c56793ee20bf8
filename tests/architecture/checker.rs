//! The checker itself, on small sources: it catches what it should, and nothing else.

use super::rules::violations;

/// What the checker says of a module with this body.
fn said(file: &str, body: &str) -> Vec<String> {
    violations(file, &format!("//! What for.\n{body}\n"))
}

#[track_caller]
fn assert_caught(file: &str, body: &str, rule: &str) {
    let said = said(file, body);
    assert!(
        said.len() == 1 && said[0].contains(rule) && said[0].starts_with("src/"),
        "{file}, {body:?}: {said:?}"
    );
}

#[track_caller]
fn assert_fine(file: &str, body: &str) {
    assert_eq!(said(file, body), Vec::<String>::new(), "{file}, {body:?}");
}

#[test]
fn the_domain_knows_nobody() {
    let rule = "`domain` knows nobody, but names";
    assert_caught("domain.rs", "use crate::ambient::Clock;", rule);
    assert_caught("domain/board.rs", "use super::super::event_store;", rule);
    assert_caught("domain/id.rs", "fn f() { crate::http::serve() }", rule);
    assert_fine(
        "domain/board.rs",
        "use super::id::BoardId; use crate::domain::Event;",
    );
}

#[test]
fn the_domain_is_pure() {
    let rule = "`domain` is pure, but names";
    assert_caught("domain/id.rs", "use tokio::sync::mpsc;", rule);
    assert_caught("domain/id.rs", "fn f() { tracing::info!(\"x\") }", rule);
    assert_caught("domain/id.rs", "async fn f() {}", rule);
    assert_caught("domain/id.rs", "use std::{fmt, time::SystemTime};", rule);
    assert_fine("domain/id.rs", "use std::{fmt, str::FromStr};");
}

#[test]
fn everyone_keeps_to_the_layers_below() {
    let cases = [
        ("event_store/sqlite.rs", "use crate::projections::Runner;"),
        ("event_store.rs", "use crate::{domain::Event, query};"),
        ("command.rs", "use crate::views::Views;"),
        ("audit/stream.rs", "use crate::query::Page;"),
        ("projections/board.rs", "use crate::query::Cache;"),
        ("query/article.rs", "use crate::event_store::EventStore;"),
        ("query.rs", "use crate::event_store::{Position, sqlite};"),
        ("query.rs", "use crate::event_store;"),
        ("views.rs", "use crate::event_store::codec::decode;"),
        ("http/board.rs", "use crate::cli::Output;"),
        ("ambient.rs", "use super::config::Config;"),
    ];
    for (file, body) in cases {
        assert_caught(file, body, " knows ");
    }
}

#[test]
fn what_lies_below_is_free_to_use() {
    assert_fine(
        "event_store/sqlite.rs",
        "use crate::{domain::Event, file_lock::FileLock};",
    );
    assert_fine(
        "command/board.rs",
        "use crate::event_store::{self, codec::{encode, *}};",
    );
    assert_fine(
        "query.rs",
        "use crate::{domain, views, event_store::Position};",
    );
    assert_fine(
        "cli/serve.rs",
        "use crate::{app::App, config::Config, http};",
    );
    assert_fine("main.rs", "use madang::cli;");
    assert_fine("lib.rs", "pub mod query; pub use query::Page;");
}

#[test]
fn comments_and_literals_are_not_dependencies() {
    assert_fine(
        "domain/id.rs",
        "/// See [`crate::http`].\n// tokio::spawn\nstruct A;",
    );
    assert_fine(
        "domain/id.rs",
        "const A: &str = \"crate::http tokio::spawn\";",
    );
}

#[test]
fn only_the_codec_spells_wire_names() {
    let rule = "only the codec spells `ArticleCreated`";
    assert_caught(
        "projections/article.rs",
        "const A: &str = \"ArticleCreated\";",
        rule,
    );
    assert_caught(
        "views.rs",
        "const A: &str = \"type = 'ArticleCreated'\";",
        rule,
    );
    assert_caught(
        "audit.rs",
        r##"const A: &str = r#"{"type":"ArticleCreated"}"#;"##,
        rule,
    );
    assert_fine(
        "event_store/codec/wire.rs",
        "const A: &str = \"ArticleCreated\";",
    );
    assert_fine(
        "projections.rs",
        "fn f() { ArticleCreated; \"no ArticleCreated seen\"; }",
    );
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let rule = "only config.rs reads the environment";
    assert_caught("cli.rs", "fn f() { std::env::var(\"HOME\"); }", rule);
    assert_caught("app.rs", "use std::env::{self, var_os};", rule);
    assert_caught(
        "cli.rs",
        "#[arg(long, env = \"MADANG_ROLE\")]\nrole: String,",
        rule,
    );
    assert_fine("config/file.rs", "use std::env::var; #[arg(env)] a: u8");
    assert_fine(
        "cli.rs",
        "const V: &str = env!(\"CARGO_PKG_VERSION\"); fn f(env: u8) { g(env) }",
    );
}

#[test]
fn only_the_problem_documents_name_failures() {
    let rule = "only http/error.rs names failures";
    assert_caught("http/board.rs", "fn f() { StatusCode::NOT_FOUND }", rule);
    assert_caught(
        "http.rs",
        "fn f() { axum::http::StatusCode::BAD_GATEWAY; }",
        rule,
    );
    assert_fine("http/error.rs", "fn f() { StatusCode::NOT_FOUND }");
    assert_fine(
        "http/board.rs",
        "fn f(s: StatusCode) { StatusCode::CREATED; StatusCode::from_u16 }",
    );
}

#[test]
fn only_one_adapter_knows_the_crate_eventstore() {
    let rule = "only event_store/eventstoredb.rs knows";
    assert_caught("event_store/sqlite.rs", "use eventstore::Client;", rule);
    assert_fine("event_store/eventstoredb.rs", "use eventstore::Client;");
}

#[test]
fn only_one_module_prints() {
    assert_caught(
        "cli/import.rs",
        "fn f() { println!(\"x\") }",
        "only cli/output.rs prints",
    );
    assert_caught(
        "main.rs",
        "fn f() { eprintln!(\"x\") }",
        "only cli/output.rs prints",
    );
    assert_fine("cli/output.rs", "fn f() { println!(\"x\") }");
}

#[test]
fn a_module_says_what_it_is_for() {
    let said = violations("query.rs", "use std::fmt;\n");
    assert_eq!(
        said,
        ["src/query.rs:1: begin with `//!`: what is this module for?"]
    );
}

#[test]
fn no_file_is_longer_than_500_lines_and_none_is_called_mod() {
    assert_fine("query.rs", &"\n".repeat(498));
    assert_caught("query.rs", &"\n".repeat(499), "501 lines are more than 500");
    assert_caught("query/mod.rs", "", "`foo.rs` beside `foo/`");
}

#[test]
fn a_module_has_its_place() {
    assert_caught(
        "helpers.rs",
        "",
        "say in tests/architecture/rules.rs whom it may know",
    );
}

#[test]
fn a_violation_names_its_line() {
    let said = said(
        "query.rs",
        "use std::fmt;\n\nuse crate::{\n    domain,\n    http,\n};",
    );
    assert!(said[0].starts_with("src/query.rs:6: "), "{said:?}");
}
