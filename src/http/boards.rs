//! Boards: an admin opens, changes and closes them; everybody reads them.

use axum::http::HeaderMap;
use axum::response::Response;

use super::body::Object;
use super::error::Failure;
use super::etag::Precondition;
use super::fields::Fields;
use super::params::{PathId, Slice, WaitFor};
use super::rejection::BodyError;
use super::show::BoardJson;
use super::side::{AdminCommanding, Commanding, Querying, under};
use super::{json, lists, show};
use crate::command::Done;
use crate::domain::BoardId;
use crate::domain::board::{Board, BoardRejection, BoardSettings, CommentDepth};
use crate::domain::text::{BoardDescription, BoardName};
use crate::query::boards::BoardView;
use crate::query::{Document, Items, Lookup};

const LIST: &str = "boards";

/// `POST /v1/boards`
pub(super) async fn create_board(
    AdminCommanding(by): AdminCommanding,
    body: Object,
) -> Result<Response, Failure> {
    let settings = settings(body)?;
    let Done { state, position } = by.commands.create_board(&by.origin, settings).await?;
    let location = format!("/v1/boards/{}", state.id);
    let document = show::board(show::board_view(state, 0));
    Ok(json::created(&location, position, &document))
}

/// `PUT /v1/boards/{board_id}`
pub(super) async fn update_board(
    AdminCommanding(by): AdminCommanding,
    PathId(id): PathId<BoardId>,
    precondition: Precondition,
    body: Object,
) -> Result<Response, Failure> {
    let settings = settings(body)?;
    let (commands, origin) = (&by.commands, &by.origin);
    let update = |if_match| commands.update_board(origin, (id, if_match), settings.clone());
    let stale = |rejection: &BoardRejection| match rejection {
        BoardRejection::Stale { current } => Some(*current),
        BoardRejection::Exists | BoardRejection::NotFound => None,
    };
    let done = under(&precondition, stale, update).await?;
    Ok(changed(&by, done).await)
}

/// `POST /v1/boards/{board_id}/close`
pub(super) async fn close_board(
    AdminCommanding(by): AdminCommanding,
    PathId(id): PathId<BoardId>,
) -> Result<Response, Failure> {
    let done = by.commands.close_board(&by.origin, id).await?;
    Ok(changed(&by, done).await)
}

/// `GET /v1/boards/{board_id}`
pub(super) async fn get_board(
    Querying(queries): Querying,
    PathId(id): PathId<BoardId>,
    WaitFor(wait_for): WaitFor,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    match queries.board(id, wait_for, show::board).await? {
        Lookup::Found(document) => Ok(json::document(&headers, &document)),
        Lookup::Deleted | Lookup::NotFound | Lookup::Nowhere => {
            Err(BoardRejection::NotFound.into())
        }
    }
}

/// `GET /v1/boards`
pub(super) async fn list_boards(
    Querying(queries): Querying,
    WaitFor(wait_for): WaitFor,
    slice: Slice,
) -> Result<Response, Failure> {
    fn render(items: Items<BoardView>) -> Document {
        lists::document::<BoardView, BoardJson>(LIST, items)
    }
    let part = lists::part(slice, LIST)?;
    match queries.boards(part, wait_for, render).await? {
        Lookup::Found(document) => Ok(json::list(&document)),
        Lookup::Deleted | Lookup::NotFound | Lookup::Nowhere => {
            Err(BoardRejection::NotFound.into())
        }
    }
}

/// The command stands whatever the views say, so a count that cannot be had is shown as 0.
async fn changed(by: &Commanding, done: Done<Board>) -> Response {
    let counted = match &by.queries {
        Some(queries) => queries.article_count(done.state.id).await.unwrap_or(0),
        None => 0,
    };
    let document = show::board(show::board_view(done.state, counted));
    json::changed(done.position, &document)
}

fn settings(body: Object) -> Result<BoardSettings, BodyError> {
    let mut fields = Fields::of(body);
    let name = fields.text("name", BoardName::parse);
    let description = fields.optional_text("description", BoardDescription::parse);
    let max_comment_depth = fields.optional_number(
        "max_comment_depth",
        CommentDepth::new,
        "must be a number from 2 to 100",
    );
    let all = name.zip(description).zip(max_comment_depth);
    let ((name, description), max_comment_depth) = fields.finish(all)?;
    Ok(BoardSettings {
        name,
        description,
        max_comment_depth,
    })
}
