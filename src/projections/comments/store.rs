//! Reads the comments that a batch needs, level by level, and writes what changed.

use std::collections::BTreeSet;

use super::{Change, CommentRow, Comments, NO_PARENT};
use crate::domain::CommentId;
use crate::event_store::Position;
use crate::views::dialect::{Listed, Packed, Spelled, WIDE};
use crate::views::{Connection, rows};

/// A row as it is read: the comment, its article and its parent; its path in hexadecimal; whether
/// it is deleted and whether it is visible; its visible replies; its revision. Not its position:
/// the checkpoint lets no event pass twice.
type Found = (i64, i64, i64, String, i64, i64, i64, i64);

/// Bytes of an id in a path.
const ID_BYTES: usize = size_of::<i64>();

impl Comments {
    /// Reads the rows that are wanted, as far as they are there, and above each that may flip its
    /// parent: that is the ones that are deleted, or that this batch deletes. Most threads are live,
    /// so one or two statements do.
    pub async fn load(&mut self, transaction: &mut Connection) -> sqlx::Result<()> {
        const SELECT: Packed = Packed {
            columns: "comment_id, article_id, parent_id, hex(path), deleted, visible, \
                visible_replies, revision",
            rest: "comment WHERE comment_id IN ({})",
        };
        let wanted = self.wanted.known();
        let mut level: Vec<_> = wanted.iter().map(|id| id.to_i64()).collect();
        while !level.is_empty() {
            let found =
                rows::fetch_packed(transaction, &SELECT, &level, |query, id| query.bind(*id));
            let mut above = BTreeSet::new();
            for found in found.await? {
                let found: Found = found;
                let (id, row) = (found.0, CommentRow::of(found)?);
                if row.deleted || self.dying.contains(&id) {
                    above.insert(row.parent_id);
                }
                self.rows.insert(id, row);
            }
            above.retain(|id| self.is_to_be_read(*id));
            level = above.into_iter().collect();
        }
        Ok(())
    }

    fn is_to_be_read(&self, id: i64) -> bool {
        let is_new = CommentId::from_i64(id).is_some_and(|id| self.wanted.is_new(&id));
        id != NO_PARENT && !is_new && !self.rows.contains_key(&id)
    }

    /// Writes what changed of the rows.
    pub async fn write(self, transaction: &mut Connection) -> sqlx::Result<()> {
        let (mut new, mut changed, mut flipped) = (Vec::new(), Vec::new(), Vec::new());
        for (id, row) in self.rows {
            match row.change {
                Change::Nothing => {}
                Change::All { .. } => new.push((id, row)),
                Change::Some { visible } => {
                    if visible != row.visible {
                        flipped.push((id, row.visible));
                    }
                    changed.push((id, row));
                }
            }
        }
        insert(transaction, new).await?;
        update(transaction, changed).await?;
        show(transaction, flipped).await
    }
}

async fn insert(transaction: &mut Connection, new: Vec<(i64, CommentRow)>) -> sqlx::Result<()> {
    const LISTED: Listed = Listed::new(
        "INSERT INTO comment (comment_id, article_id, parent_id, depth, deleted, visible_replies, \
         visible, revision, created_at, modified_at, position, path, writer_id, writer_name, \
         content) VALUES {}",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    const INSERT: Spelled = Spelled {
        sqlite: LISTED,
        mysql: LISTED.at_most(WIDE),
    };
    rows::write(transaction, &INSERT, new, |query, (id, row)| {
        let depth = i64::try_from(row.path.len() / ID_BYTES).unwrap_or(i64::MAX);
        let (created_at, writer_id, writer_name) = row.change.birth();
        query
            .bind(id)
            .bind(row.article_id)
            .bind(row.parent_id)
            .bind(depth)
            .bind(row.deleted)
            .bind(row.visible_replies)
            .bind(row.visible)
            .bind(row.revision)
            .bind(created_at)
            .bind(row.modified_at)
            .bind(row.position.to_string())
            .bind(row.path)
            .bind(writer_id)
            .bind(writer_name)
            .bind(row.content.unwrap_or_default())
    })
    .await
}

/// No column of an index is named here: SQLite would write the index anew, changed or not.
async fn update(transaction: &mut Connection, changed: Vec<(i64, CommentRow)>) -> sqlx::Result<()> {
    const UPDATE: Spelled = Spelled {
        sqlite: Listed::new(
            "UPDATE comment SET deleted = v.column2, visible_replies = v.column3, \
             revision = v.column4, position = v.column5 \
             FROM (VALUES {}) AS v WHERE comment_id = v.column1",
            "(?, ?, ?, ?, ?)",
        ),
        // The casts say what the values are: without them the server compares ids as texts, and
        // reads the whole table.
        mysql: Listed {
            text: "UPDATE comment AS c JOIN ({}) AS v ON c.comment_id = v.id \
                 SET c.deleted = v.deleted, c.visible_replies = v.visible_replies, \
                 c.revision = v.revision, c.position = v.position",
            row: "SELECT CAST(? AS SIGNED) AS id, CAST(? AS SIGNED) AS deleted, \
                 CAST(? AS SIGNED) AS visible_replies, CAST(? AS SIGNED) AS revision, \
                 CAST(? AS CHAR(32)) AS position",
            between: " UNION ALL ",
            most: WIDE,
        },
    };
    let (edited, moved) = changed
        .into_iter()
        .partition(|(_, row): &(_, CommentRow)| row.content.is_some());
    edit(transaction, edited).await?;
    rows::write(transaction, &UPDATE, moved, |query, (id, row)| {
        query
            .bind(id)
            .bind(row.deleted)
            .bind(row.visible_replies)
            .bind(row.revision)
            .bind(row.position.to_string())
    })
    .await
}

/// The same, where there is new content.
async fn edit(transaction: &mut Connection, edited: Vec<(i64, CommentRow)>) -> sqlx::Result<()> {
    const EDIT: Spelled = Spelled {
        sqlite: Listed::new(
            "UPDATE comment SET deleted = v.column2, visible_replies = v.column3, \
             revision = v.column4, position = v.column5, \
             modified_at = coalesce(v.column6, modified_at), content = v.column7 \
             FROM (VALUES {}) AS v WHERE comment_id = v.column1",
            "(?, ?, ?, ?, ?, ?, ?)",
        ),
        // The server cuts a text that is a value of a table made up on the way, or refuses it. As a
        // value of a row to be inserted it may be as long as the column. None is: all of them were
        // read in this transaction.
        mysql: Listed::new(
            "INSERT INTO comment (comment_id, deleted, visible_replies, revision, position, \
             modified_at, content, article_id, parent_id, depth, visible, created_at, path, \
             writer_id, writer_name) VALUES {} ON DUPLICATE KEY UPDATE \
             deleted = VALUES(deleted), visible_replies = VALUES(visible_replies), \
             revision = VALUES(revision), position = VALUES(position), \
             modified_at = COALESCE(VALUES(modified_at), modified_at), \
             content = VALUES(content)",
            "(?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, '', '', '')",
        )
        .at_most(WIDE),
    };
    rows::write(transaction, &EDIT, edited, |query, (id, row)| {
        query
            .bind(id)
            .bind(row.deleted)
            .bind(row.visible_replies)
            .bind(row.revision)
            .bind(row.position.to_string())
            .bind(row.modified_at)
            .bind(row.content.unwrap_or_default())
    })
    .await
}

async fn show(transaction: &mut Connection, flipped: Vec<(i64, bool)>) -> sqlx::Result<()> {
    const UPDATE: Spelled = Spelled {
        sqlite: Listed::new(
            "UPDATE comment SET visible = v.column2 FROM (VALUES {}) AS v \
             WHERE comment_id = v.column1",
            "(?, ?)",
        ),
        mysql: Listed {
            text: "UPDATE comment AS c JOIN ({}) AS v ON c.comment_id = v.id \
                 SET c.visible = v.visible",
            row: "SELECT CAST(? AS SIGNED) AS id, CAST(? AS SIGNED) AS visible",
            between: " UNION ALL ",
            most: WIDE,
        },
    };
    rows::write(transaction, &UPDATE, flipped, |query, row| {
        query.bind(row.0).bind(row.1)
    })
    .await
}

impl Change {
    /// When the comment was written, by whom and under which name.
    fn birth(self) -> (i64, String, String) {
        match self {
            Self::All {
                created_at,
                writer_id,
                writer_name,
            } => (created_at, writer_id, writer_name),
            Self::Nothing | Self::Some { .. } => Default::default(),
        }
    }
}

impl CommentRow {
    fn of(found: Found) -> sqlx::Result<Self> {
        let (_, article_id, parent_id, path, deleted, visible, visible_replies, revision) = found;
        Ok(Self {
            article_id,
            parent_id,
            path: bytes(&path).ok_or_else(|| sqlx::Error::Decode("a path is bytes".into()))?,
            deleted: deleted != 0,
            visible: visible != 0,
            visible_replies,
            revision,
            position: Position::START,
            content: None,
            modified_at: None,
            change: Change::Nothing,
        })
    }
}

/// The bytes that hexadecimal digits stand for.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    hex.as_bytes().chunks(2).map(byte).collect()
}
