//! Likes: whoever has a token likes an article, or no more. Both say how things shall be, not what
//! shall change, so asking twice is asking once. A body is not read. And they see whether they do.

use axum::response::Response;
use serde::Serialize;

use super::error::Failure;
use super::json;
use super::params::{PathId, WaitFor};
use super::side::{Asking, Commanding};
use crate::domain::ArticleId;
use crate::domain::like::LikeRejection;
use crate::query::Row;
use crate::rfc3339;

#[derive(Serialize)]
struct LikeJson {
    liked: bool,
    liked_at: Option<String>,
}

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

/// `GET /v1/articles/{article_id}/like`
pub(super) async fn get_like(
    by: Asking,
    PathId(id): PathId<ArticleId>,
    WaitFor(wait_for): WaitFor,
) -> Result<Response, Failure> {
    match by.queries.liked((id, &by.user), wait_for).await? {
        Row::Live(since) => json::ok(&LikeJson {
            liked: since.is_some(),
            liked_at: since.map(rfc3339::write),
        }),
        Row::Deleted => Err(LikeRejection::ArticleDeleted.into()),
        Row::Missing => Err(LikeRejection::ArticleNotFound.into()),
    }
}
