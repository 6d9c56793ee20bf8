//! Lists in both forms: pages with a total, or what follows a cursor.

use serde::Serialize;

use super::cursor;
use super::params::{self, Slice};
use super::rejection::ParamError;
use super::show::rendered;
use crate::query::{Document, Items, Part};

#[derive(Serialize)]
struct Page<T> {
    items: Vec<T>,
    #[serde(rename = "page")]
    number: u32,
    size: u32,
    total: u64,
    total_pages: u64,
}

/// What a cursor leads to.
#[derive(Serialize)]
pub(super) struct Following<T> {
    pub(super) items: Vec<T>,
    pub(super) next_cursor: Option<String>,
}

/// The part of the list of this name that was asked for.
pub(super) fn part(slice: Slice, list: &str) -> Result<Part, ParamError> {
    let size = slice.size;
    Ok(match slice.part {
        params::Part::Page(number) => Part::Page { number, size },
        params::Part::After(None) => Part::After { after: None, size },
        params::Part::After(Some(text)) => {
            let after = Some(cursor::decode(list, &text)?);
            Part::After { after, size }
        }
    })
}

/// A part of the list of this name, ready to be sent.
pub(super) fn document<V, T: From<V> + Serialize>(list: &str, items: Items<V>) -> Document {
    let next_cursor = items
        .next_after
        .map(|id| cursor::encode(list, &id.to_string()));
    let total = items.total;
    let part = items.part;
    let items = items.items.into_iter().map(T::from).collect();
    let body = match part {
        Part::Page { number, size } => rendered(&Page::<T> {
            items,
            number,
            size,
            total,
            total_pages: total.div_ceil(u64::from(size.max(1))),
        }),
        Part::After { .. } => rendered(&Following::<T> { items, next_cursor }),
    };
    Document { body, etag: None }
}
