//! Comments: their writers write, edit and delete them; moderators delete.

use axum::response::Response;

use super::body::Object;
use super::error::Failure;
use super::etag::Precondition;
use super::fields::Fields;
use super::params::PathId;
use super::rejection::BodyError;
use super::role::Role;
use super::side::{Commanding, under};
use super::{json, show};
use crate::command::Done;
use crate::command::comment::CommentDraft;
use crate::domain::comment::CommentRejection;
use crate::domain::text::Content;
use crate::domain::{ArticleId, CommentId, Revision};

/// `POST /v1/articles/{article_id}/comments`
pub(super) async fn create_comment(
    by: Commanding,
    PathId(article_id): PathId<ArticleId>,
    body: Object,
) -> Result<Response, Failure> {
    let mut fields = Fields::of(body);
    let content = fields.text("content", Content::parse);
    let parent_id = fields.optional_id("parent_id");
    let content = fields.finish(content)?;
    let draft = CommentDraft {
        article_id,
        parent_id,
        content,
        writer_name: by.identity.name,
    };
    let Done { state, position } = by.commands.create_comment(&by.origin, draft).await?;
    let location = format!("/v1/comments/{}", state.id);
    let document = show::comment(show::comment_view(state, 0));
    Ok(json::created(&location, position, &document))
}

/// `PUT /v1/comments/{comment_id}`
pub(super) async fn update_comment(
    by: Commanding,
    PathId(id): PathId<CommentId>,
    precondition: Precondition,
    body: Object,
) -> Result<Response, Failure> {
    let content = content(body)?;
    let (commands, origin) = (&by.commands, &by.origin);
    let update = |if_match| commands.update_comment(origin, (id, if_match), content.clone());
    let done = under(&precondition, stale, update).await?;
    // The command stands whatever the views say, so a count that cannot be had is shown as 0.
    let replies = match &by.queries {
        Some(queries) => queries.reply_count(id).await.unwrap_or_default(),
        None => 0,
    };
    let document = show::comment(show::comment_view(done.state, replies));
    Ok(json::changed(done.position, &document))
}

/// `DELETE /v1/comments/{comment_id}`
pub(super) async fn delete_comment(
    by: Commanding,
    PathId(id): PathId<CommentId>,
    precondition: Precondition,
) -> Result<Response, Failure> {
    let moderator = by.identity.roles.has(Role::Moderator);
    let (commands, origin) = (&by.commands, &by.origin);
    let delete = |if_match| commands.delete_comment(origin, (id, if_match), moderator);
    let done = under(&precondition, stale, delete).await?;
    Ok(json::gone(done.position))
}

fn stale(rejection: &CommentRejection) -> Option<Revision> {
    match rejection {
        CommentRejection::Stale { current } => Some(*current),
        _ => None,
    }
}

fn content(body: Object) -> Result<Content, BodyError> {
    let mut fields = Fields::of(body);
    let content = fields.text("content", Content::parse);
    fields.finish(content)
}
