//! How boards, articles and comments look as JSON. Null fields are sent; ids are strings.

use bytes::Bytes;
use serde::Serialize;

use super::etag;
use crate::domain::article::Article;
use crate::domain::board::Board;
use crate::domain::comment::Comment;
use crate::domain::{CommentId, Revision};
use crate::query::Document;
use crate::query::articles::{ArticleSummary, ArticleView, Counts};
use crate::query::boards::BoardView;
use crate::query::comments::{CommentView, Said};
use crate::rfc3339;

#[derive(Serialize)]
pub(super) struct BoardJson {
    board_id: String,
    name: String,
    description: String,
    max_comment_depth: u64,
    article_count: u64,
    closed: bool,
    created_at: String,
    revision: u64,
}

#[derive(Serialize)]
struct WriterJson {
    id: String,
    name: String,
}

#[derive(Serialize)]
pub(super) struct ArticleJson {
    article_id: String,
    board_id: String,
    title: String,
    /// Left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    writer: WriterJson,
    created_at: String,
    modified_at: Option<String>,
    revision: u64,
    comment_count: u64,
    like_count: u64,
    view_count: u64,
}

#[derive(Serialize)]
pub(super) struct CommentJson {
    comment_id: String,
    article_id: String,
    parent_id: Option<String>,
    depth: u64,
    writer: Option<WriterJson>,
    content: Option<String>,
    deleted: bool,
    created_at: String,
    modified_at: Option<String>,
    reply_count: u64,
    revision: u64,
}

impl From<BoardView> for BoardJson {
    fn from(view: BoardView) -> Self {
        Self {
            board_id: view.board_id.to_string(),
            name: view.name,
            description: view.description,
            max_comment_depth: view.max_comment_depth,
            article_count: view.article_count,
            closed: view.closed,
            created_at: rfc3339::write(view.created_at),
            revision: view.revision,
        }
    }
}

impl From<ArticleSummary> for ArticleJson {
    fn from(summary: ArticleSummary) -> Self {
        Self {
            article_id: summary.article_id.to_string(),
            board_id: summary.board_id.to_string(),
            title: summary.title,
            content: None,
            writer: WriterJson {
                id: summary.writer_id,
                name: summary.writer_name,
            },
            created_at: rfc3339::write(summary.created_at),
            modified_at: summary.modified_at.map(rfc3339::write),
            revision: summary.revision,
            comment_count: summary.counts.comments,
            like_count: summary.counts.likes,
            view_count: summary.counts.views,
        }
    }
}

impl From<ArticleView> for ArticleJson {
    fn from(view: ArticleView) -> Self {
        Self {
            content: Some(view.content),
            ..view.summary.into()
        }
    }
}

impl From<CommentView> for CommentJson {
    fn from(view: CommentView) -> Self {
        let deleted = view.said.is_none();
        let (writer, content) = view.said.map(spoken).unzip();
        Self {
            comment_id: view.comment_id.to_string(),
            article_id: view.article_id.to_string(),
            parent_id: view.parent_id.map(|id| id.to_string()),
            depth: view.depth,
            writer,
            content,
            deleted,
            created_at: rfc3339::write(view.created_at),
            modified_at: view.modified_at.map(rfc3339::write),
            reply_count: view.reply_count,
            revision: view.revision,
        }
    }
}

fn spoken(said: Said) -> (WriterJson, String) {
    let writer = WriterJson {
        id: said.writer_id,
        name: said.writer_name,
    };
    (writer, said.content)
}

/// A board, ready to be sent.
pub(super) fn board(view: BoardView) -> Document {
    let revision = Revision(view.revision);
    tagged(revision, &BoardJson::from(view))
}

/// An article, ready to be sent.
pub(super) fn article(view: ArticleView) -> Document {
    let revision = Revision(view.summary.revision);
    tagged(revision, &ArticleJson::from(view))
}

/// A comment, ready to be sent.
pub(super) fn comment(view: CommentView) -> Document {
    let revision = Revision(view.revision);
    tagged(revision, &CommentJson::from(view))
}

fn tagged(revision: Revision, json: &impl Serialize) -> Document {
    let body = rendered(json);
    let etag = Some(etag::of(revision, &body));
    Document { body, etag }
}

/// The bytes of an answer.
pub(super) fn rendered(json: &impl Serialize) -> Bytes {
    // Structs of strings and numbers always have a JSON form.
    serde_json::to_vec(json).unwrap_or_default().into()
}

/// A board as a command left it, with what the views count on it.
pub(super) fn board_view(board: Board, article_count: u64) -> BoardView {
    BoardView {
        board_id: board.id.to_i64(),
        name: board.settings.name.into_string(),
        description: board.settings.description.into_string(),
        max_comment_depth: board.settings.max_comment_depth.get().into(),
        article_count,
        closed: board.closed,
        created_at: board.created_at,
        revision: board.revision.0,
    }
}

/// An article as a command left it, with what the views count for it.
pub(super) fn article_view(article: Article, counts: Counts) -> ArticleView {
    ArticleView {
        summary: ArticleSummary {
            article_id: article.id.to_i64(),
            board_id: article.board_id.to_i64(),
            title: article.text.title.into_string(),
            writer_id: article.writer.id.into_string(),
            writer_name: article.writer.name.into_string(),
            created_at: article.created_at,
            modified_at: article.modified_at,
            revision: article.revision.0,
            counts,
        },
        content: article.text.content.into_string(),
    }
}

/// A comment as a command left it, live, with what the views count for it.
pub(super) fn comment_view(comment: Comment, reply_count: u64) -> CommentView {
    let depth = comment.ancestors.len() + 1;
    CommentView {
        comment_id: comment.id.to_i64(),
        article_id: comment.article_id.to_i64(),
        parent_id: comment.ancestors.last().copied().map(CommentId::to_i64),
        depth: depth as u64,
        said: Some(Said {
            writer_id: comment.writer.id.into_string(),
            writer_name: comment.writer.name.into_string(),
            content: comment.content.into_string(),
        }),
        created_at: comment.created_at,
        modified_at: comment.modified_at,
        reply_count,
        revision: comment.revision.0,
    }
}
