//! Articles: their writers post, edit and delete them; moderators delete; everybody reads.

use axum::http::HeaderMap;
use axum::response::Response;

use super::body::Object;
use super::error::Failure;
use super::etag::Precondition;
use super::fields::Fields;
use super::params::{PathId, Slice, WaitFor};
use super::rejection::BodyError;
use super::role::Role;
use super::show::ArticleJson;
use super::side::{Commanding, Querying, under};
use super::{json, lists, show};
use crate::command::Done;
use crate::command::article::Draft;
use crate::domain::article::{ArticleRejection, Text};
use crate::domain::text::{Content, Title};
use crate::domain::{ArticleId, BoardId, Revision};
use crate::query::articles::{ArticleSummary, Counts};
use crate::query::{Document, Items, Lookup};

/// `POST /v1/boards/{board_id}/articles`
pub(super) async fn create_article(
    by: Commanding,
    PathId(board_id): PathId<BoardId>,
    body: Object,
) -> Result<Response, Failure> {
    let draft = Draft {
        board_id,
        text: text(body)?,
        writer_name: by.identity.name,
    };
    let Done { state, position } = by.commands.create_article(&by.origin, draft).await?;
    let location = format!("/v1/articles/{}", state.id);
    let document = show::article(show::article_view(state, Counts::default()));
    Ok(json::created(&location, position, &document))
}

/// `PUT /v1/articles/{article_id}`
pub(super) async fn update_article(
    by: Commanding,
    PathId(id): PathId<ArticleId>,
    precondition: Precondition,
    body: Object,
) -> Result<Response, Failure> {
    let text = text(body)?;
    let (commands, origin) = (&by.commands, &by.origin);
    let update = |if_match| commands.update_article(origin, (id, if_match), text.clone());
    let done = under(&precondition, stale, update).await?;
    // The command stands whatever the views say, so counts that cannot be had are shown as 0.
    let counts = match &by.queries {
        Some(queries) => queries.counts(id).await.unwrap_or_default(),
        None => Counts::default(),
    };
    let document = show::article(show::article_view(done.state, counts));
    Ok(json::changed(done.position, &document))
}

/// `DELETE /v1/articles/{article_id}`
pub(super) async fn delete_article(
    by: Commanding,
    PathId(id): PathId<ArticleId>,
    precondition: Precondition,
) -> Result<Response, Failure> {
    let moderator = by.identity.roles.has(Role::Moderator);
    let (commands, origin) = (&by.commands, &by.origin);
    let delete = |if_match| commands.delete_article(origin, (id, if_match), moderator);
    let done = under(&precondition, stale, delete).await?;
    Ok(json::gone(done.position))
}

/// `GET /v1/articles/{article_id}`
pub(super) async fn get_article(
    Querying(queries): Querying,
    PathId(id): PathId<ArticleId>,
    WaitFor(wait_for): WaitFor,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    match queries.article(id, wait_for, show::article).await? {
        Lookup::Found(document) => Ok(json::document(&headers, &document)),
        Lookup::Deleted => Err(ArticleRejection::Deleted.into()),
        Lookup::NotFound | Lookup::Nowhere => Err(ArticleRejection::NotFound.into()),
    }
}

/// `GET /v1/boards/{board_id}/articles`
pub(super) async fn list_articles(
    Querying(queries): Querying,
    PathId(board_id): PathId<BoardId>,
    WaitFor(wait_for): WaitFor,
    slice: Slice,
) -> Result<Response, Failure> {
    fn render(board_id: BoardId, items: Items<ArticleSummary>) -> Document {
        lists::document::<ArticleSummary, ArticleJson>(&list(board_id), items)
    }
    let part = lists::part(slice, &list(board_id))?;
    match queries
        .board_articles((board_id, part), wait_for, render)
        .await?
    {
        Lookup::Found(document) => Ok(json::list(&document)),
        Lookup::Deleted | Lookup::NotFound | Lookup::Nowhere => {
            Err(ArticleRejection::BoardNotFound.into())
        }
    }
}

fn list(board_id: BoardId) -> String {
    format!("board-articles/{board_id}")
}

fn stale(rejection: &ArticleRejection) -> Option<Revision> {
    match rejection {
        ArticleRejection::Stale { current } => Some(*current),
        _ => None,
    }
}

fn text(body: Object) -> Result<Text, BodyError> {
    let mut fields = Fields::of(body);
    let title = fields.text("title", Title::parse);
    let content = fields.text("content", Content::parse);
    let (title, content) = fields.finish(title.zip(content))?;
    Ok(Text { title, content })
}
