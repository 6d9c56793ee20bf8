//! Statements over many rows at once, in a few fixed sizes, so that each text is prepared once.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The numbers of rows that statements are made for, largest first.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// Cuts `total` rows into runs of the sizes that statements are made for.
pub fn runs(total: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= total - start)?;
        start += size;
        Some(start - size..start)
    })
}

/// A statement for one run: `text` with its one `{}` replaced by `rows` times `row`, separated by
/// commas.
pub fn statement(text: &'static str, row: &'static str, rows: usize) -> &'static str {
    // One text per place in the source and size: a small, closed set, so leaking it is a cache.
    type Texts = HashMap<(&'static str, usize), &'static str>;
    static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts.entry((text, rows)).or_insert_with(|| {
        let list = vec![row; rows].join(", ");
        Box::leak(text.replacen("{}", &list, 1).into_boxed_str())
    })
}
