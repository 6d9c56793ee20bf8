//! Likes: whoever has a token likes an article, or no more. Both say how things shall be, not what
//! shall change, so asking twice is asking once. A body is not read.

use axum::response::Response;

use super::error::Failure;
use super::json;
use super::params::PathId;
use super::side::Commanding;
use crate::domain::ArticleId;

/// `PUT /v1/articles/{article_id}/like`
pub(super) async fn like_article(
    by: Commanding,
    PathId(id): PathId<ArticleId>,
) -> Result<Response, Failure> {
    let position = by.commands.like(&by.origin, id, true).await?;
    Ok(json::gone(position))
}

/// `DELETE /v1/articles/{article_id}/like`
pub(super) async fn unlike_article(
    by: Commanding,
    PathId(id): PathId<ArticleId>,
) -> Result<Response, Failure> {
    let position = by.commands.like(&by.origin, id, false).await?;
    Ok(json::gone(position))
}
