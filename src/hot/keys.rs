//! The names of the keys. What changes together shares a hash tag, the part in braces, so that a
//! Cluster keeps it on one node.

use crate::calendar::Day;
use crate::domain::{ArticleId, UserId};

use super::entry::EntryId;
use super::pointer::GenerationName;
use super::url::HotPrefix;

/// Makes keys under a prefix.
pub(super) struct Keys(HotPrefix);

impl Keys {
    pub(super) fn new(prefix: HotPrefix) -> Self {
        Self(prefix)
    }

    /// The only key without a generation and without an end.
    pub(super) fn pointer(&self) -> String {
        format!("{}:generation", self.0.as_str())
    }

    /// An entry's keys: its hash, and the sorted set beside it if it has one.
    pub(super) fn entry(&self, generation: &GenerationName, entry: EntryId) -> Vec<String> {
        let start = format!("{}:{generation}", self.0.as_str());
        match entry {
            EntryId::Article(id) => vec![format!("{start}:article:{{{id}}}")],
            EntryId::Board(id) => {
                let hash = format!("{start}:board:{{{id}}}");
                let list = format!("{hash}:articles");
                vec![hash, list]
            }
            EntryId::Popular(day) => {
                let scores = format!("{start}:popular:{{{}}}", compact(day));
                vec![format!("{scores}:meta"), scores]
            }
        }
    }

    /// The guard of one user's views of an article. The user comes last: whatever is in the name, the
    /// first braces are the article's.
    pub(super) fn viewed(
        &self,
        generation: &GenerationName,
        (article, user): (ArticleId, &UserId),
    ) -> String {
        let start = format!("{}:{generation}", self.0.as_str());
        format!("{start}:viewed:{{{article}}}:{}", user.as_str())
    }
}

fn compact(day: Day) -> String {
    format!("{:08}", day.to_i64())
}

/// An article as a member of a sorted set: padded, so that the order of bytes is the order of ids.
pub(super) fn member(id: ArticleId) -> String {
    format!("{:019}", id.to_i64())
}

/// The article of a member.
pub(super) fn of_member(member: &str) -> Option<ArticleId> {
    ArticleId::from_i64(member.parse().ok()?)
}
