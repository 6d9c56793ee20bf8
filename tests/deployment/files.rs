//! The files, as others read them.

use std::fs;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::Value;

/// What [`Compose::filled_in`] puts in the place of a variable that must be set. As long as a signing key.
pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The root of the repository.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn text(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The compose file alone, and the one that is put on top of it.
pub(super) fn all_composes() -> [Value; 2] {
    ["docker-compose.yml", "docker-compose.tls.yml"].map(compose)
}

/// A file of YAML as JSON, which is easier to look at. Its variables are as they stand there.
pub(super) fn compose(name: &str) -> Value {
    let text = text(name);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(documents.len(), 1, "{name}");
    json(&documents[0])
}

fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(fields) => fields
            .iter()
            .map(|(name, value)| (name.as_str().expect("a name").to_owned(), json(value)))
            .collect(),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        other => panic!("{other:?} does not belong here"),
    }
}

/// The fields of an object, in order.
pub(super) fn fields(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// The items of a list; of none, if there is no list.
pub(super) fn items(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|item| item.as_str().expect("a text"))
        .collect()
}

/// A variable of compose as it is written in a text: `${NAME:-default}` or `${NAME:?why}`.
pub(super) struct Variable<'a> {
    pub(super) name: &'a str,
    /// What stands for it if it is not set; None if it must be.
    pub(super) default: Option<&'a str>,
}

/// The variables in a text.
pub(super) fn variables(text: &str) -> Vec<Variable<'_>> {
    let parts = text.split("${").skip(1);
    parts
        .map(|part| {
            let (inside, _) = part.split_once('}').expect("a brace that closes");
            let required = inside.split_once(":?").map(|(name, why)| {
                assert!(!why.is_empty(), "{inside} does not say what to do");
                Variable {
                    name,
                    default: None,
                }
            });
            required.unwrap_or_else(|| {
                let (name, default) = inside.split_once(":-").expect("a default, or a must");
                Variable {
                    name,
                    default: Some(default),
                }
            })
        })
        .collect()
}

/// A text as a container gets it when each variable that must be set is [`SECRET`].
pub(super) fn filled_in(text: &str) -> String {
    let mut filled = String::new();
    let mut parts = text.split("${");
    filled.push_str(parts.next().unwrap_or_default());
    let values = variables(text).into_iter();
    for (part, variable) in parts.zip(values) {
        filled.push_str(variable.default.unwrap_or(SECRET));
        filled.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    filled.replace("$$", "$")
}

/// All files below a directory of the repository, as paths from its root.
pub(super) fn files_below(directory: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            found.push(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
    found
}
