//! What the views of a log should hold, made up in memory by the rules of the domain, and otherwise
//! in the most obvious way: counts are counted, trees are walked from their roots.
//!
//! For logs that hold only what commands may have recorded: nothing in them has to be parked.

mod readers;

use std::collections::BTreeMap;

use madang::calendar::Calendar;
use madang::domain::article::{Article, ArticleEvent, Text};
use madang::domain::board::{Board, BoardEvent, BoardSettings};
use madang::domain::like::Like;
use madang::domain::{Aggregate, ArticleId, BoardId, CommentId, Event, Fact, Timestamp, UserId};
use madang::event_store::RecordedEvent;
use madang::event_store::codec::{self, Decoded, UPCASTERS};
use serde_json::{Value, json};

use super::yard::calendar;
use readers::{Noted, Said};

/// What the log tells.
pub(crate) struct Model {
    calendar: Calendar,
    boards: BTreeMap<BoardId, Board>,
    articles: BTreeMap<ArticleId, Article>,
    comments: BTreeMap<CommentId, Said>,
    likes: BTreeMap<(ArticleId, UserId), (Like, u64)>,
    /// What was noted of each article while it was there.
    noted: BTreeMap<ArticleId, Noted>,
}

/// One more event in the life of `id`.
fn evolve<I: Ord, A: Aggregate>(
    all: &mut BTreeMap<I, A>,
    id: I,
    (event, actor, occurred_at): (A::Event, UserId, Timestamp),
) {
    let fact = Fact {
        event,
        actor,
        occurred_at,
    };
    let after = A::evolve(all.remove(&id), &fact);
    all.insert(id, after.unwrap());
}

impl Model {
    pub(crate) fn of(events: &[RecordedEvent]) -> Self {
        let mut model = Self {
            calendar: calendar(),
            boards: BTreeMap::new(),
            articles: BTreeMap::new(),
            comments: BTreeMap::new(),
            likes: BTreeMap::new(),
            noted: BTreeMap::new(),
        };
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
                evolve(&mut self.boards, board_id, (event, actor, occurred_at));
            }
            Event::Article(event) => self.take_article(event, actor, occurred_at),
            Event::Comment(event) => self.take_comment(event, actor, occurred_at),
            Event::Like(event) => self.take_like(event, occurred_at),
            Event::ArticlesViewed { views } => self.take_views(&views, occurred_at),
            Event::LogCreated { .. } | Event::ImportPlanned { .. } => {}
        }
    }

    fn take_article(&mut self, event: ArticleEvent, actor: UserId, occurred_at: Timestamp) {
        let (ArticleEvent::Created { article_id, .. }
        | ArticleEvent::Updated { article_id, .. }
        | ArticleEvent::Deleted { article_id, .. }) = event;
        if matches!(event, ArticleEvent::Deleted { .. }) {
            self.close_the_books(article_id);
        }
        evolve(&mut self.articles, article_id, (event, actor, occurred_at));
    }

    pub(crate) fn boards(&self) -> Vec<Value> {
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

    pub(crate) fn articles(&self) -> Vec<Value> {
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
