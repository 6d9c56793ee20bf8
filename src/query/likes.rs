//! Whether somebody likes an article.

use super::{Queries, QueryError, Row};
use crate::domain::{ArticleId, Timestamp, UserId};
use crate::event_store::Position;

/// One row, whose two halves are of one moment.
pub(super) const LIKE: &str = "SELECT a.deleted, CASE WHEN l.liked = 1 THEN l.since END \
     FROM article_counts AS a LEFT JOIN article_like AS l \
     ON l.article_id = a.article_id AND l.user_id = ? WHERE a.article_id = ?";

impl Queries {
    /// Since when somebody likes an article; `Live(None)` if they do not. Not cached: few ask twice,
    /// and there would be an answer for each user of each article.
    pub async fn liked(
        &self,
        (id, user): (ArticleId, &UserId),
        wait_for: Option<Position>,
    ) -> Result<Row<Option<Timestamp>>, QueryError> {
        self.reach_if(wait_for).await?;
        let mut reader = self.views.readers().acquire().await?;
        let found = reader.statement(LIKE).bind(user.as_str()).bind(id.to_i64());
        let Some(found) = found.fetch_optional(&mut reader).await? else {
            return Ok(Row::Missing);
        };
        if found.try_get(0)? {
            return Ok(Row::Deleted);
        }
        let since: Option<i64> = found.try_get(1)?;
        Ok(Row::Live(since.map(Timestamp)))
    }
}
