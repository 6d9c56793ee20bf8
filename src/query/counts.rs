//! What readers did with an article, as a number.

use std::sync::Arc;

use super::cache::Key;
use super::{Document, Lookup, Queries, QueryError, count};
use crate::domain::ArticleId;

impl Queries {
    /// How often an article was viewed, as the views have it now: for the answers of commands. 0 if
    /// they know of no such article. Cached, so that a crowd on one article is one read.
    pub async fn view_count(&self, id: ArticleId) -> Result<u64, QueryError> {
        let load = async {
            let views = self.read_views(id).await?;
            // The cache keeps what goes out, so it keeps a number as its digits.
            let body = views.to_string().into();
            Ok(Lookup::Found(Arc::new(Document { body, etag: None })))
        };
        let answer = self.through_cache(Key::Views(id), None, load).await?;
        Ok(match answer {
            Lookup::Found(document) => digits(&document.body),
            Lookup::Deleted | Lookup::NotFound | Lookup::Nowhere => 0,
        })
    }

    async fn read_views(&self, id: ArticleId) -> sqlx::Result<u64> {
        const SELECT: &str = "SELECT views FROM article_counts WHERE article_id = ?";
        let views: Option<i64> = sqlx::query_scalar(SELECT)
            .bind(id.to_i64())
            .fetch_optional(self.views.readers())
            .await?;
        Ok(views.map_or(0, count))
    }
}

fn digits(text: &[u8]) -> u64 {
    let text = std::str::from_utf8(text).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
