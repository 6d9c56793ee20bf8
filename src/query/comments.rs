//! Comments as readers see them.

use super::{Queries, QueryError, count};
use crate::domain::{CommentId, Timestamp};

/// What readers see of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentView {
    /// Which comment.
    pub comment_id: i64,
    /// Under which article.
    pub article_id: i64,
    /// What it replies to; `None` for the root of a thread.
    pub parent_id: Option<i64>,
    /// How deep it stands; a root's is 1.
    pub depth: u64,
    /// What it says, and who says so; `None` in a placeholder.
    pub said: Option<Said>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub modified_at: Option<Timestamp>,
    /// Direct replies that can be seen.
    pub reply_count: u64,
    /// The newest event's place in its stream.
    pub revision: u64,
}

/// What a placeholder hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who wrote it.
    pub writer_id: String,
    /// The writer's name at that time.
    pub writer_name: String,
    /// What it says.
    pub content: String,
}

impl Queries {
    /// How many direct replies to a comment can be seen, as the views have it: for the answers of
    /// commands.
    pub async fn reply_count(&self, id: CommentId) -> Result<u64, QueryError> {
        const SELECT: &str = "SELECT visible_replies FROM comment WHERE comment_id = ?";
        let replies: Option<i64> = sqlx::query_scalar(SELECT)
            .bind(id.to_i64())
            .fetch_optional(self.views.readers())
            .await?;
        Ok(replies.map_or(0, count))
    }
}
