//! The queries, over views that were folded from a real log.

mod counts;
mod hot;
mod likes;
mod lists;
mod one;
mod popular;
mod replies;
mod threads;
mod trees;
mod waiting;

use std::sync::Arc;

use madang::domain::{ArticleId, BoardId};
use madang::event_store::Position;
use madang::query::articles::{ArticleSummary, ArticleView};
use madang::query::boards::BoardView;
use madang::query::wait::Progress;
use madang::query::{Document, Items, Lookup, Part, Queries};
use tokio::sync::watch;

use crate::projections::yard::{Yard, calendar};

/// Queries over the views of a yard, and what tells them how far the views have got.
struct Desk {
    yard: Yard,
    queries: Queries,
    progress: watch::Sender<Position>,
}

impl Desk {
    async fn over(yard: Yard) -> Self {
        yard.fold().await;
        let (progress, told) = watch::channel(yard.checkpoint().await.position);
        Self {
            queries: Queries::new(yard.views.clone(), Progress::told_by(told), calendar()),
            yard,
            progress,
        }
    }

    async fn article(&self, id: ArticleId, wait_for: Option<Position>) -> Answer {
        Answer::of(
            self.queries
                .article(id, wait_for, show_article)
                .await
                .unwrap(),
        )
    }

    async fn board(&self, id: BoardId) -> Answer {
        Answer::of(self.queries.board(id, None, show_board).await.unwrap())
    }

    async fn board_articles(&self, id: BoardId, part: Part) -> Answer {
        let lookup = self
            .queries
            .board_articles((id, part), None, show_articles)
            .await;
        Answer::of(lookup.unwrap())
    }

    async fn boards(&self, part: Part) -> Answer {
        Answer::of(self.queries.boards(part, None, show_boards).await.unwrap())
    }
}

/// What a query answers, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Found(String),
    Deleted,
    NotFound,
    Nowhere,
}

impl Answer {
    fn of(lookup: Lookup) -> Self {
        match lookup {
            Lookup::Found(document) => Self::Found(text(&document)),
            Lookup::Deleted => Self::Deleted,
            Lookup::NotFound => Self::NotFound,
            Lookup::Nowhere => Self::Nowhere,
        }
    }

    fn found(text: &str) -> Self {
        Self::Found(text.to_owned())
    }

    /// The document of a list, taken apart again.
    fn listed(self) -> Listed {
        let Self::Found(text) = self else {
            panic!("{self:?} is no list");
        };
        let mut parts = text.split('|');
        let mut part = || parts.next().unwrap().to_owned();
        Listed {
            ids: part()
                .split_whitespace()
                .map(|id| id.parse().unwrap())
                .collect(),
            total: part().parse().unwrap(),
            next_after: part().parse().ok(),
        }
    }
}

/// A part of a list.
struct Listed {
    ids: Vec<i64>,
    total: usize,
    next_after: Option<i64>,
}

fn text(document: &Arc<Document>) -> String {
    String::from_utf8(document.body.to_vec()).unwrap()
}

fn document(body: String) -> Document {
    Document {
        body: body.into(),
        etag: None,
    }
}

fn show_article(view: ArticleView) -> Document {
    let ArticleSummary {
        article_id,
        title,
        revision,
        ..
    } = view.summary;
    document(format!(
        "{article_id} {title} {} at {revision}",
        view.content
    ))
}

fn show_board(view: BoardView) -> Document {
    let BoardView {
        board_id,
        name,
        article_count,
        closed,
        ..
    } = view;
    document(format!("{board_id} {name} {article_count} {closed}"))
}

fn show_list(ids: impl Iterator<Item = i64>, total: u64, next_after: Option<i64>) -> Document {
    let ids: Vec<_> = ids.map(|id| id.to_string()).collect();
    let next = next_after.map_or("none".to_owned(), |id| id.to_string());
    document(format!("{}|{total}|{next}", ids.join(" ")))
}

fn show_articles(_: BoardId, items: Items<ArticleSummary>) -> Document {
    let ids = items.items.into_iter().map(|item| item.article_id);
    show_list(ids, items.total, items.next_after)
}

fn show_boards(items: Items<BoardView>) -> Document {
    let ids = items.items.into_iter().map(|item| item.board_id);
    show_list(ids, items.total, items.next_after)
}
