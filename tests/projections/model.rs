//! The boards and articles of a log, made up in memory by the rules of the domain alone.

use std::collections::BTreeMap;

use madang::domain::article::{Article, ArticleEvent, Text};
use madang::domain::board::{Board, BoardEvent, BoardSettings};
use madang::domain::{Aggregate as _, ArticleId, BoardId, Event, Fact};
use madang::event_store::RecordedEvent;
use madang::event_store::codec::{self, Decoded, UPCASTERS};
use serde_json::{Value, json};

/// The boards and articles that the log tells of, by the rules of the domain alone.
#[derive(Default)]
pub(super) struct Model {
    boards: BTreeMap<BoardId, Board>,
    articles: BTreeMap<ArticleId, Article>,
}

impl Model {
    pub(super) fn of(events: &[RecordedEvent]) -> Self {
        let mut model = Self::default();
        for event in events {
            let Ok(Decoded::Known(fact)) = codec::decode(event, UPCASTERS) else {
                panic!("an event of ours");
            };
            model.take(*fact);
        }
        model
    }

    fn take(&mut self, fact: Fact<Event>) {
        let Fact {
            event,
            actor,
            occurred_at,
        } = fact;
        match event {
            Event::Board(event) => {
                let (BoardEvent::Created { board_id, .. }
                | BoardEvent::Updated { board_id, .. }
                | BoardEvent::Closed { board_id }) = event;
                let before = self.boards.remove(&board_id);
                let after = Board::evolve(
                    before,
                    &Fact {
                        event,
                        actor,
                        occurred_at,
                    },
                );
                self.boards.insert(board_id, after.unwrap());
            }
            Event::Article(event) => {
                let (ArticleEvent::Created { article_id, .. }
                | ArticleEvent::Updated { article_id, .. }
                | ArticleEvent::Deleted { article_id, .. }) = event;
                let before = self.articles.remove(&article_id);
                let after = Article::evolve(
                    before,
                    &Fact {
                        event,
                        actor,
                        occurred_at,
                    },
                );
                self.articles.insert(article_id, after.unwrap());
            }
            Event::Comment(_)
            | Event::Like(_)
            | Event::ArticlesViewed { .. }
            | Event::LogCreated { .. }
            | Event::ImportPlanned { .. } => {}
        }
    }

    pub(super) fn boards(&self) -> Vec<Value> {
        let live = |id| {
            self.articles
                .values()
                .filter(move |a| a.board_id == id && !a.deleted)
        };
        let row = |board: &Board| {
            let BoardSettings {
                name,
                description,
                max_comment_depth,
            } = &board.settings;
            json!([
                board.id.to_i64(),
                name.as_str(),
                description.as_str(),
                max_comment_depth.get(),
                live(board.id).count(),
                i64::from(board.closed),
                board.created_at.0,
                board.revision.0
            ])
        };
        self.boards.values().map(row).collect()
    }

    pub(super) fn articles(&self) -> Vec<Value> {
        let row = |article: &Article| {
            let Text { title, content } = &article.text;
            let said = (title.as_str(), content.as_str());
            let (title, content) = if article.deleted { ("", "") } else { said };
            json!([
                article.id.to_i64(),
                article.board_id.to_i64(),
                title,
                content,
                article.created_at.0,
                article.modified_at.map(|at| at.0),
                article.revision.0,
                i64::from(article.deleted)
            ])
        };
        self.articles.values().map(row).collect()
    }
}
