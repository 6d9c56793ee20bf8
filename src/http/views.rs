//! Views: readers say that they read an article. What they send with it is ignored.

use axum::response::Response;
use serde::Serialize;

use super::error::Failure;
use super::json;
use super::params::PathId;
use super::side::Commanding;
use crate::domain::ArticleId;

#[derive(Serialize)]
struct ViewJson {
    /// Whether it counts.
    counted: bool,
    /// How often the article was viewed, as the views have it now.
    view_count: u64,
}

/// `POST /v1/articles/{article_id}/views`
pub(super) async fn view_article(
    by: Commanding,
    PathId(id): PathId<ArticleId>,
) -> Result<Response, Failure> {
    let done = by.viewing.view(&by.origin, id).await?;
    // The command stands whatever the views say, so a count that cannot be had is shown as 0.
    let view_count = match &by.queries {
        Some(queries) => queries.view_count(id).await.unwrap_or(0),
        None => 0,
    };
    let mut response = json::ok(&ViewJson {
        counted: done.counted,
        view_count,
    })?;
    json::put_position(&mut response, done.position);
    Ok(response)
}
