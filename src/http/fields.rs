//! Takes the fields of a body one by one and remembers all that is wrong with them, so that a
//! caller hears of every bad field at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Value;

use super::body::Object;
use super::problem::FieldError;
use super::rejection::BodyError;
use crate::domain::id::MalformedId;
use crate::domain::text::TextError;

/// The most errors that one answer names.
const MAX_ERRORS: usize = 20;
/// The most characters of a caller's own text that an answer repeats.
const MAX_ECHO: usize = 64;

/// What is left of a text from a caller when an answer repeats it.
pub(super) fn abridged(text: &str) -> String {
    match text.char_indices().nth(MAX_ECHO) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The fields not yet taken, and what was wrong with those that were.
#[derive(Debug)]
pub(super) struct Fields {
    left: BTreeMap<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// All fields of a body.
    pub(super) fn of(object: Object) -> Self {
        Self {
            left: object.0,
            errors: Vec::new(),
        }
    }

    /// A text that must be there.
    pub(super) fn text<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, TextError>,
    ) -> Option<T> {
        let read = match self.left.remove(name) {
            Some(Value::String(text)) => parse(&text).map_err(|error| error.to_string().into()),
            Some(_) => Err("must be a string".into()),
            None => Err("is missing".into()),
        };
        self.noting(name, read)
    }

    /// A text that may be absent or null, which is the same as an empty one.
    pub(super) fn optional_text<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, TextError>,
    ) -> Option<T> {
        let absent = matches!(self.left.get(name), None | Some(Value::Null));
        if absent {
            self.left.insert(name.to_owned(), String::new().into());
        }
        self.text(name, parse)
    }

    /// A number that may be absent or null, which is the same as the default.
    pub(super) fn optional_number<T: Default>(
        &mut self,
        name: &str,
        parse: impl FnOnce(u64) -> Option<T>,
        must_be: &'static str,
    ) -> Option<T> {
        let read = match self.left.remove(name) {
            None | Some(Value::Null) => Ok(T::default()),
            Some(value) => value.as_u64().and_then(parse).ok_or(must_be.into()),
        };
        self.noting(name, read)
    }

    /// An id that may be absent or null; `None` then, and if it is none, which `finish` tells.
    pub(super) fn optional_id<T: FromStr<Err = MalformedId>>(&mut self, name: &str) -> Option<T> {
        let read = match self.left.remove(name)? {
            Value::Null => return None,
            Value::String(text) => text.parse().map_err(|e: MalformedId| e.to_string().into()),
            _ => Err("must be a string or null".into()),
        };
        self.noting(name, read)
    }

    /// What was made of the fields, unless something was wrong with one of them or one is left
    /// that nobody asked for.
    pub(super) fn finish<T>(mut self, made: Option<T>) -> Result<T, BodyError> {
        for name in self.left.into_keys() {
            self.errors.push(FieldError {
                field: abridged(&name),
                detail: "is not known here".into(),
            });
        }
        self.errors.truncate(MAX_ERRORS);
        match made {
            Some(made) if self.errors.is_empty() => Ok(made),
            _ => Err(BodyError::Fields(self.errors)),
        }
    }

    fn noting<T>(&mut self, name: &str, read: Result<T, Cow<'static, str>>) -> Option<T> {
        read.map_err(|detail| {
            let field = name.to_owned();
            self.errors.push(FieldError { field, detail });
        })
        .ok()
    }
}
