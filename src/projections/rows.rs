//! The rows that a batch is about, of all views, in memory: read together, changed by one event
//! after the other, written together.

use std::collections::{BTreeSet, HashSet};

use super::articles::{self, Articles, Standing};
use super::boards::Boards;
use super::comments::{self, Comments};
use super::counts::{Counted, Counts, Moment};
use super::fold::Read;
use super::likes::{self, Likes};
use super::{Unfit, parked};
use crate::calendar::Calendar;
use crate::domain::article::ArticleEvent;
use crate::domain::comment::CommentEvent;
use crate::domain::like::LikeEvent;
use crate::domain::view::Viewed;
use crate::domain::{ArticleId, Event, Fact};
use crate::event_store::codec::Decoded;
use crate::event_store::{RecordedEvent, StreamName};
use crate::views::{Connection, Touched};

/// The rows, and what was noted while they changed.
pub struct Rows {
    calendar: Calendar,
    boards: Boards,
    articles: Articles,
    counts: Counts,
    comments: Comments,
    likes: Likes,
    parked: HashSet<StreamName>,
    threads: BTreeSet<ArticleId>,
}

impl Rows {
    /// Reads every row that an event of `batch` may need.
    pub async fn load(
        transaction: &mut Connection,
        batch: &[Read],
        calendar: &Calendar,
    ) -> sqlx::Result<Self> {
        let parked = parked::among(transaction, batch.iter().map(Read::recorded)).await?;
        let mut rows = Self {
            calendar: calendar.clone(),
            boards: Boards::default(),
            articles: Articles::default(),
            counts: Counts::default(),
            comments: Comments::default(),
            likes: Likes::default(),
            parked,
            threads: BTreeSet::new(),
        };
        for read in batch {
            if let Ok(Decoded::Known(fact)) = read.decoded() {
                rows.want(&fact.event, read.recorded());
            }
        }
        rows.boards.load(transaction).await?;
        rows.articles.load(transaction).await?;
        rows.counts.load(transaction).await?;
        rows.comments.load(transaction).await?;
        rows.likes.load(transaction).await?;
        Ok(rows)
    }

    fn want(&mut self, event: &Event, recorded: &RecordedEvent) {
        self.boards.want(event);
        self.articles.want(event, recorded);
        self.counts.want(event, recorded);
        self.comments.want(event, recorded);
        self.likes.want(event, recorded);
    }

    /// Folds an event, or says why it cannot be folded; then nothing has changed, and the rest of its
    /// stream cannot be folded either. Counts events never heard of in `unknown`.
    pub fn apply(&mut self, read: &Read, unknown: &mut u64) -> Result<(), String> {
        let folded = self.apply_any(read, unknown);
        if folded.is_err() {
            self.parked.insert(read.recorded().stream.clone());
        }
        folded
    }

    fn apply_any(&mut self, read: &Read, unknown: &mut u64) -> Result<(), String> {
        let recorded = read.recorded();
        if !self.parked.is_empty() && self.parked.contains(&recorded.stream) {
            return Err("an earlier event of the stream is parked".to_owned());
        }
        match read.decoded().map_err(|error| error.reason.clone())? {
            Decoded::Unknown => {
                *unknown += 1;
                Ok(())
            }
            Decoded::Known(fact) => self
                .apply_known(fact, recorded)
                .map_err(|Unfit(reason)| reason.to_owned()),
        }
    }

    fn apply_known(&mut self, fact: &Fact<Event>, recorded: &RecordedEvent) -> Result<(), Unfit> {
        match &fact.event {
            Event::LogCreated { .. } | Event::ImportPlanned { .. } => Ok(()),
            Event::Board(event) => self.boards.apply(event, fact.occurred_at, recorded),
            Event::Article(event) => self.apply_article(fact, event, recorded),
            Event::Comment(event) => self.apply_comment(fact, event, recorded),
            Event::Like(event) => self.apply_like(fact, event, recorded),
            Event::ArticlesViewed { views } => self.apply_views(fact, views, recorded),
        }
    }

    fn apply_article(
        &mut self,
        fact: &Fact<Event>,
        event: &ArticleEvent,
        recorded: &RecordedEvent,
    ) -> Result<(), Unfit> {
        let (article_id, board_id) = articles::subject(event);
        if !self.boards.contains(board_id) {
            return Err(Unfit("the board of the article was never created"));
        }
        let delta = match self.articles.apply(fact, event, recorded)? {
            Standing::Appeared => {
                let moment = self.moment(fact, recorded);
                self.counts.begin((article_id, board_id), moment);
                self.threads.insert(article_id);
                1
            }
            Standing::Disappeared => {
                self.counts.end(article_id, recorded.position);
                self.threads.insert(article_id);
                -1
            }
            Standing::Same => return Ok(()),
        };
        self.boards
            .count_articles(board_id, delta, recorded.position);
        Ok(())
    }

    fn apply_comment(
        &mut self,
        fact: &Fact<Event>,
        event: &CommentEvent,
        recorded: &RecordedEvent,
    ) -> Result<(), Unfit> {
        let (_, article_id) = comments::subject(event);
        let late = self.counts.is_deleted(article_id)?;
        let by = self.comments.apply(fact, event, (recorded, late))?;
        self.count((article_id, by), fact, recorded);
        self.threads.insert(article_id);
        Ok(())
    }

    fn apply_like(
        &mut self,
        fact: &Fact<Event>,
        event: &LikeEvent,
        recorded: &RecordedEvent,
    ) -> Result<(), Unfit> {
        let (article_id, _) = likes::subject(event);
        self.counts.is_deleted(article_id)?;
        let by = self.likes.apply(event, fact.occurred_at, recorded)?;
        self.count((article_id, by), fact, recorded);
        Ok(())
    }

    /// One stream holds the views of many articles, so an article that has no row, since its creation
    /// is parked, must not park the views of the others.
    fn apply_views(
        &mut self,
        fact: &Fact<Event>,
        views: &[Viewed],
        recorded: &RecordedEvent,
    ) -> Result<(), Unfit> {
        if !recorded.stream.holds_views() {
            return Err(Unfit("the event stands in a stream that holds no views"));
        }
        let moment = self.moment(fact, recorded);
        for viewed in views {
            let by = Counted::views(viewed.count);
            self.counts.change(viewed.article_id, by, moment);
        }
        Ok(())
    }

    fn count(
        &mut self,
        (article_id, by): (ArticleId, Counted),
        fact: &Fact<Event>,
        recorded: &RecordedEvent,
    ) {
        if by != Counted::default() {
            let moment = self.moment(fact, recorded);
            self.counts.change(article_id, by, moment);
        }
    }

    fn moment(&self, fact: &Fact<Event>, recorded: &RecordedEvent) -> Moment {
        Moment {
            day: self.calendar.day_of(fact.occurred_at),
            position: recorded.position,
        }
    }

    /// What the events changed.
    pub fn touched(&self) -> Touched {
        let mut articles = BTreeSet::new();
        let boards: BTreeSet<_> = self.boards.changed().collect();
        let mut lists = boards.clone();
        for (article_id, board_id) in self.articles.changed().chain(self.counts.changed()) {
            articles.insert(article_id);
            lists.insert(board_id);
        }
        Touched {
            articles: articles.into_iter().collect(),
            boards: boards.into_iter().collect(),
            lists: lists.into_iter().collect(),
            threads: self.threads.iter().copied().collect(),
            everything: false,
        }
    }

    /// Writes the rows that changed.
    pub async fn write(self, transaction: &mut Connection) -> sqlx::Result<()> {
        self.boards.write(transaction).await?;
        self.articles.write(transaction).await?;
        self.counts.write(transaction).await?;
        self.comments.write(transaction).await?;
        self.likes.write(transaction).await
    }
}
