//! What the files set is what the program knows, and takes.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args as _, Command, FromArgMatches as _};
use madang::config::{Config, ConfigError, Settings};

use super::files::{all_composes, fields, filled_in, text};
use crate::servers::certificates::Authority;

/// The flags of the program, by their variables.
fn known() -> BTreeMap<String, String> {
    let command = Settings::augment_args(Command::new("madang"));
    let flags = command.get_arguments();
    flags
        .filter_map(|flag| {
            let variable = flag.get_env()?.to_str()?.to_owned();
            Some((variable, flag.get_long()?.to_owned()))
        })
        .collect()
}

/// Every word of a text that looks like one of the program's variables.
fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    text.split(part).filter(|word| word.starts_with("MADANG_"))
}

/// What the program makes of the variables that the container gets from the first files, if the authority
/// that is made there has this certificate.
fn resolved(files: usize, authority: &Path) -> Result<Config, ConfigError> {
    let mut variables = BTreeMap::new();
    for compose in all_composes().into_iter().take(files) {
        for (name, value) in fields(&compose["services"]["madang"]["environment"]) {
            variables.insert(name.to_owned(), filled_in(value.as_str().unwrap()));
        }
    }
    let known = known();
    let here = |value: &str| value.replace("/run/trust/ca.crt", authority.to_str().unwrap());
    let flags = variables
        .iter()
        .map(|(name, value)| format!("--{}={}", known[name], here(value)));
    let words = ["madang".to_owned(), "--config=/dev/null".to_owned()];
    let command = Settings::augment_args(Command::new("madang"));
    let matches = command.get_matches_from(words.into_iter().chain(flags));
    Settings::from_arg_matches(&matches).unwrap().resolve()
}

#[test]
fn every_variable_is_one_of_the_programs() {
    let known = known();
    let files = [
        "Dockerfile",
        "docker-compose.yml",
        "docker-compose.tls.yml",
        ".env.example",
        "deploy/health",
    ];
    for file in files {
        let text = text(file);
        for variable in mentioned(&text) {
            assert!(known.contains_key(variable), "{file}: {variable}");
        }
    }
}

#[test]
fn the_program_takes_what_the_container_gets() {
    let config = resolved(1, Path::new("")).unwrap();
    assert_eq!(config.event_store.place(), "esdb://eventstore:2113");
    let database = format!("{:?}", config.database);
    assert_eq!(database, "Server(mysql://mysql:3306/madang)");
    assert_eq!(config.redis.unwrap().0.to_string(), "redis:6379");
    assert_eq!(config.node, None, "its number is leased");
}

#[test]
fn the_program_takes_the_authority_that_is_made_for_tls() {
    let authority = Authority::new();
    let config = resolved(2, &authority.certificate()).unwrap();
    assert_eq!(config.event_store.place(), "esdb://eventstore:2113");
    assert!(resolved(2, Path::new("/nothing")).is_err());
}
