//! The queries, over views that were folded from a real log.

mod counts;
mod hot;
mod likes;
mod lists;
mod one;
mod plans;
mod popular;
mod replies;
mod threads;
mod trees;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use madang::domain::{ArticleId, BoardId};
use madang::event_store::Position;
use madang::hot::{At, Hot};
use madang::query::articles::{ArticleSummary, ArticleView};
use madang::query::boards::BoardView;
use madang::query::wait::Progress;
use madang::query::{Document, Items, Lookup, Part, Queries};
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use crate::projections::yard::{Yard, calendar};

/// Queries over the views of a yard, and what tells them how far the views have got.
struct Desk {
    yard: Yard,
    queries: Queries,
    progress: watch::Sender<Position>,
    /// On servers, what is read before SQL.
    hot: Option<Hot>,
}

impl Desk {
    async fn over(yard: Yard) -> Self {
        yard.fold().await;
        let (progress, told) = watch::channel(yard.checkpoint().await.position);
        let mut queries = Queries::new(yard.views.clone(), Progress::told_by(told), calendar());
        let hot = yard.hot().await;
        if let Some(hot) = &hot {
            queries = queries.with_hot(hot.clone());
        }
        let desk = Self {
            yard,
            queries,
            progress,
            hot,
        };
        desk.warm_up().await;
        desk
    }

    /// Begins anew in Redis where SQL is, and waits until the queries know.
    async fn warm_up(&self) {
        let Some(hot) = &self.hot else {
            return;
        };
        let checkpoint = self.yard.checkpoint().await;
        let at = At {
            log_id: self.yard.log_id,
            checkpoint: checkpoint.position,
            last: checkpoint.last.map(|(_, id)| id),
            replication: hot.replication().await.unwrap(),
        };
        let seen = hot.pointer().await.unwrap();
        hot.begin(seen.as_ref(), &at).await.unwrap();
        know(hot, at.log_id, at.checkpoint).await;
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

/// Waits until `hot` knows that Redis has reached `position`, which it has, or is about to. It looks
/// twice a second only, but at once when it begins to follow.
pub(crate) async fn know(hot: &Hot, log_id: Uuid, position: Position) {
    const WITHIN: Duration = Duration::from_mins(1);
    let (_, sql) = watch::channel(position);
    let known = || {
        hot.generation()
            .is_some_and(|known| known.checkpoint() >= position)
    };
    let mut patience = Duration::from_millis(5);
    while !known() {
        let _ = timeout(patience, hot.follow(log_id, sql.clone())).await;
        patience *= 2;
        assert!(patience < WITHIN, "Redis is never at {position}");
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
