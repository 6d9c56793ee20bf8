//! Where the two SQL dialects differ. Everything else is one set of texts, written as SQLite wants
//! them.
//!
//! What must hold: each text is made once and lives as long as the process, since its address is
//! what prepared statements are found by. Texts are a small, closed set: one for each place in the
//! source and number of rows.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// A way to speak SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite, the embedded file.
    Sqlite,
    /// MySQL and MariaDB, as far as they agree.
    MySql,
}

/// A statement over a list of rows: `text` has one `{}`, which stands for as many `row`s as there are,
/// with `between` between them.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// The statement.
    pub text: &'static str,
    /// What stands in it for one row.
    pub row: &'static str,
    /// What stands between two rows.
    pub between: &'static str,
    /// The most rows of a statement.
    pub most: usize,
}

/// A statement over a list of rows, as each dialect wants it.
#[derive(Clone, Copy, Debug)]
pub struct Spelled {
    /// For SQLite.
    pub sqlite: Listed,
    /// For MySQL and MariaDB.
    pub mysql: Listed,
}

/// Rows to be written, whether they are there or not.
#[derive(Clone, Copy, Debug)]
pub struct Upsert {
    /// The table.
    pub table: &'static str,
    /// The columns of its key.
    pub key: &'static str,
    /// All columns, in the order in which they are bound.
    pub columns: &'static str,
    /// The columns that a row which is there takes over.
    pub updated: &'static str,
    /// Whether a row may hold the content of an article or a comment.
    pub wide: bool,
}

/// The most rows with contents in a statement to a server: the longest contents of as many are half of
/// the packet that it must take.
pub const WIDE: usize = 64;

/// Rows to be read whose columns nothing but numbers and ASCII texts come from.
#[derive(Clone, Copy, Debug)]
pub struct Packed {
    /// The columns.
    pub columns: &'static str,
    /// The table and the condition, with one `{}` for the list of keys.
    pub rest: &'static str,
}

impl Listed {
    /// Rows with commas between them.
    pub const fn new(text: &'static str, row: &'static str) -> Self {
        Self {
            text,
            row,
            between: ", ",
            most: usize::MAX,
        }
    }

    /// The same in statements of at most so many rows.
    #[must_use]
    pub const fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

impl Spelled {
    /// The same text for both.
    pub const fn alike(text: &'static str, row: &'static str) -> Self {
        let listed = Listed::new(text, row);
        Self {
            sqlite: listed,
            mysql: listed,
        }
    }

    /// The most rows of a statement.
    pub fn most(&self, dialect: Dialect) -> usize {
        self.listed(dialect).most
    }

    fn listed(&self, dialect: Dialect) -> Listed {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::MySql => self.mysql,
        }
    }

    /// The text for so many rows.
    pub fn text(&self, dialect: Dialect, rows: usize) -> &'static str {
        let Listed {
            text, row, between, ..
        } = self.listed(dialect);
        made((dialect, text, row, rows), || {
            text.replacen("{}", &vec![row; rows].join(between), 1)
        })
    }
}

impl Upsert {
    /// The most rows of a statement.
    pub fn most(&self, dialect: Dialect) -> usize {
        match dialect {
            Dialect::MySql if self.wide => WIDE,
            Dialect::MySql | Dialect::Sqlite => usize::MAX,
        }
    }

    /// The text for so many rows.
    pub fn text(&self, dialect: Dialect, rows: usize) -> &'static str {
        made((dialect, self.table, self.columns, rows), || {
            self.made(dialect, rows)
        })
    }

    fn made(&self, dialect: Dialect, rows: usize) -> String {
        let Self {
            table,
            key,
            columns,
            updated,
            ..
        } = self;
        let row = vec!["?"; columns.split(',').count()].join(", ");
        let values = vec![format!("({row})"); rows].join(", ");
        let updated = updated.split(", ");
        let (clash, updated): (_, Vec<_>) = match dialect {
            Dialect::Sqlite => (
                format!("ON CONFLICT ({key}) DO UPDATE SET"),
                updated.map(|c| format!("{c} = excluded.{c}")).collect(),
            ),
            // MySQL 8 would have a row alias instead, which MariaDB does not know.
            Dialect::MySql => (
                "ON DUPLICATE KEY UPDATE".to_owned(),
                updated.map(|c| format!("{c} = VALUES({c})")).collect(),
            ),
        };
        let updated = updated.join(", ");
        format!("INSERT INTO {table} ({columns}) VALUES {values} {clash} {updated}")
    }
}

impl Packed {
    /// The text for so many keys. SQLite answers with one JSON array of rows: a row by itself costs a
    /// change of threads, which is more than finding it. A server answers with rows: the packing of
    /// MariaDB cuts off what is long.
    pub fn text(&self, dialect: Dialect, keys: usize) -> &'static str {
        let Self { columns, rest } = self;
        made((dialect, columns, rest, keys), || {
            let rest = rest.replacen("{}", &vec!["?"; keys].join(", "), 1);
            match dialect {
                Dialect::Sqlite => {
                    format!("SELECT json_group_array(json_array({columns})) FROM {rest}")
                }
                Dialect::MySql => format!("SELECT {columns} FROM {rest}"),
            }
        })
    }
}

/// A text as the dialect wants it. SQLite takes all texts as they are; what MySQL reads otherwise is a
/// join whose order is to be kept, and an index that is to be taken.
pub(super) fn spelled(dialect: Dialect, text: &'static str) -> &'static str {
    match dialect {
        Dialect::Sqlite => text,
        Dialect::MySql => made((dialect, text, "", 0), || {
            let text = text.replace("CROSS JOIN", "STRAIGHT_JOIN");
            let mut parts = text.split("INDEXED BY ");
            let first = parts.next().unwrap_or_default().to_owned();
            parts.fold(first, |text, rest| {
                let (index, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                format!("{text}FORCE INDEX ({index}) {rest}")
            })
        }),
    }
}

type Key = (Dialect, &'static str, &'static str, usize);

fn made(key: Key, make: impl FnOnce() -> String) -> &'static str {
    static TEXTS: LazyLock<Mutex<HashMap<Key, &'static str>>> = LazyLock::new(Mutex::default);
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    texts
        .entry(key)
        .or_insert_with(|| Box::leak(make().into_boxed_str()))
}
