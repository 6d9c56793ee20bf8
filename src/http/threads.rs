//! Comments as everybody reads them: the tree under an article, one level of it, one comment.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;

use super::error::Failure;
use super::params::{self, PathId, Query, Slice, WaitFor};
use super::rejection::ParamError;
use super::show::CommentJson;
use super::side::Querying;
use super::{json, lists, show};
use crate::domain::article::ArticleRejection;
use crate::domain::comment::CommentRejection;
use crate::domain::{ArticleId, CommentId};
use crate::query::comments::{CommentView, Level};
use crate::query::{Document, Items, Lookup, Part, Row};

/// What `?parent=` says for the roots of the threads.
const ROOT: &str = "root";

/// What a reader wants of an article's comments. As an extractor: 400 if it cannot be read.
pub(super) struct Wanted {
    slice: Slice,
    scope: Scope,
}

/// Which of an article's comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The whole tree.
    Tree,
    /// The roots of the threads.
    Roots,
    /// The direct replies to a comment.
    Replies(CommentId),
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let slice = Slice::from_request_parts(parts, state).await?;
        let scope = Query::of(parts).parsed("parent", "root or a comment's id", |text| {
            if text == ROOT {
                return Some(Scope::Roots);
            }
            text.parse().ok().map(Scope::Replies)
        })?;
        match (&slice.part, scope.unwrap_or(Scope::Tree)) {
            (params::Part::Page(_), Scope::Roots | Scope::Replies(_)) => {
                Err(ParamError::NoPages.into())
            }
            (_, scope) => Ok(Self { slice, scope }),
        }
    }
}

impl Scope {
    /// The one level that is wanted, if one is.
    fn level(self, article_id: ArticleId) -> Option<Level> {
        let parent = match self {
            Self::Tree => return None,
            Self::Roots => None,
            Self::Replies(parent) => Some(parent),
        };
        Some(Level { article_id, parent })
    }
}

/// `GET /v1/articles/{article_id}/comments`
pub(super) async fn list_comments(
    Querying(queries): Querying,
    PathId(article_id): PathId<ArticleId>,
    WaitFor(wait_for): WaitFor,
    wanted: Wanted,
) -> Result<Response, Failure> {
    let level = wanted.scope.level(article_id);
    let name = level.map_or_else(|| tree_name(article_id), level_name);
    let part = lists::part(wanted.slice, &name)?;
    let lookup = match (level, part) {
        (Some(level), Part::After { after, size }) => {
            let wanted = (level, after, size);
            queries.level(wanted, wait_for, show_level).await?
        }
        _ => {
            queries
                .comments((article_id, part), wait_for, show_tree)
                .await?
        }
    };
    let under_comment = level.is_some_and(|level| level.parent.is_some());
    match lookup {
        Lookup::Found(document) => Ok(json::list(&document)),
        Lookup::Nowhere => Err(ParamError::MalformedCursor.into()),
        Lookup::Deleted if under_comment => Err(CommentRejection::Deleted.into()),
        Lookup::Deleted => Err(ArticleRejection::Deleted.into()),
        Lookup::NotFound if under_comment => Err(CommentRejection::NotFound.into()),
        Lookup::NotFound => Err(ArticleRejection::NotFound.into()),
    }
}

/// `GET /v1/comments/{comment_id}`
pub(super) async fn get_comment(
    Querying(queries): Querying,
    PathId(id): PathId<CommentId>,
    WaitFor(wait_for): WaitFor,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    match queries.comment(id, wait_for).await? {
        Row::Live(view) => Ok(json::document(&headers, &show::comment(view))),
        Row::Deleted => Err(CommentRejection::Deleted.into()),
        Row::Missing => Err(CommentRejection::NotFound.into()),
    }
}

fn tree_name(article_id: ArticleId) -> String {
    format!("article-comments/{article_id}")
}

fn level_name(level: Level) -> String {
    let tree = tree_name(level.article_id);
    match level.parent {
        None => format!("{tree}/{ROOT}"),
        Some(parent) => format!("{tree}/{parent}"),
    }
}

fn show_tree(article_id: ArticleId, items: Items<CommentView>) -> Document {
    lists::document::<CommentView, CommentJson>(&tree_name(article_id), items)
}

fn show_level(level: Level, items: Items<CommentView>) -> Document {
    lists::document::<CommentView, CommentJson>(&level_name(level), items)
}
