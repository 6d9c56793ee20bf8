//! One batch of events into the views, in one transaction.

use std::collections::{BTreeSet, HashSet};

use sqlx::SqliteConnection;

use super::articles::{Articles, Standing, subject};
use super::boards::Boards;
use super::checkpoint::Checkpoint;
use super::{Unfit, parked};
use crate::domain::article::ArticleEvent;
use crate::domain::board::BoardEvent;
use crate::domain::{ArticleId, BoardId, Event, Fact, Revision};
use crate::event_store::codec::{self, DecodeError, Decoded, UPCASTERS};
use crate::event_store::{Position, RecordedEvent, StreamName};
use crate::views::{Touched, Views};

/// What to do about an event that cannot be folded because of what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnfit {
    /// Park it and go on.
    Park,
    /// Stop: nothing of the batch is folded.
    Fail,
}

/// A batch that is in the views now.
#[derive(Clone, Debug)]
pub struct Folded {
    /// Where the views stand.
    pub checkpoint: Checkpoint,
    /// What changed.
    pub touched: Touched,
    /// Events that were parked.
    pub parked: u64,
    /// Events of types that this release has never heard of.
    pub unknown: u64,
}

/// Why a batch is not in the views.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// Another projector has moved the checkpoint: read it and go on from there.
    #[error("another projector is ahead")]
    Overtaken,
    /// The database failed; the batch can be tried again.
    #[error(transparent)]
    Views(#[from] sqlx::Error),
    /// An event cannot be folded, and the caller asked to stop at such a one.
    #[error("event {revision} of stream {stream} (position {position}): {reason}")]
    Unfit {
        /// Its place in the log.
        position: Position,
        /// Its stream.
        stream: StreamName,
        /// Its place in the stream.
        revision: u64,
        /// Why.
        reason: String,
    },
}

/// A recorded event with what the codec made of it.
pub struct Read {
    recorded: RecordedEvent,
    decoded: Result<Decoded, DecodeError>,
}

impl Read {
    /// Decodes an event. What cannot be decoded is an outcome like any other here.
    pub fn new(recorded: RecordedEvent) -> Self {
        let decoded = codec::decode(&recorded, UPCASTERS);
        Self { recorded, decoded }
    }

    /// The event as the log holds it.
    pub fn recorded(&self) -> &RecordedEvent {
        &self.recorded
    }

    /// Whether this is the first event of the article's own stream.
    fn begins(&self, article_id: ArticleId) -> bool {
        self.recorded.revision == Revision::FIRST && self.recorded.stream.is_of_article(article_id)
    }

    fn fact(&self) -> Option<&Fact<Event>> {
        match &self.decoded {
            Ok(Decoded::Known(fact)) => Some(fact),
            _ => None,
        }
    }
}

/// Events to be folded together, and how far the log has been read with them.
#[derive(Default)]
pub struct Batch {
    /// The events, in position order.
    pub events: Vec<Read>,
    /// The log holds nothing else of interest up to here.
    pub end: Position,
}

impl Batch {
    /// A batch that follows `position`.
    pub fn after(position: Position) -> Self {
        Self {
            events: Vec::new(),
            end: position,
        }
    }

    /// Adds the next event of the log.
    pub fn push(&mut self, recorded: RecordedEvent) {
        self.end = recorded.position;
        self.events.push(Read::new(recorded));
    }

    /// Notes that the log holds nothing of interest up to `position`.
    pub fn skip_to(&mut self, position: Position) {
        self.end = self.end.max(position);
    }
}

/// Folds `batch`, which follows `from` without a gap, and moves the checkpoint behind it.
pub async fn fold(
    views: &Views,
    from: &Checkpoint,
    batch: &Batch,
    on_unfit: OnUnfit,
) -> Result<Folded, FoldError> {
    let Batch { events: batch, end } = batch;
    let next = from.advanced(batch.last().map(Read::recorded), *end);
    let mut transaction = views.writer().begin().await?;
    if !from.advance(&mut transaction, &next).await? {
        return Err(FoldError::Overtaken);
    }
    let mut rows = Rows::load(&mut transaction, batch).await?;
    let mut folded = Folded {
        checkpoint: next,
        touched: rows.touched(),
        parked: 0,
        unknown: 0,
    };
    for read in batch {
        let Err(reason) = rows.apply(read, &mut folded.unknown) else {
            continue;
        };
        if on_unfit == OnUnfit::Fail {
            return Err(unfit(&read.recorded, reason));
        }
        rows.parked.insert(read.recorded.stream.clone());
        parked::park(&mut transaction, &read.recorded, &reason).await?;
        folded.parked += 1;
    }
    rows.boards.write(&mut transaction).await?;
    rows.articles.write(&mut transaction).await?;
    transaction.commit().await?;
    Ok(folded)
}

fn unfit(recorded: &RecordedEvent, reason: String) -> FoldError {
    FoldError::Unfit {
        position: recorded.position,
        stream: recorded.stream.clone(),
        revision: recorded.revision.0,
        reason,
    }
}

/// The rows that a batch is about, in memory.
struct Rows {
    boards: Boards,
    articles: Articles,
    parked: HashSet<StreamName>,
    article_ids: Vec<ArticleId>,
    board_ids: Vec<BoardId>,
}

impl Rows {
    async fn load(transaction: &mut SqliteConnection, batch: &[Read]) -> sqlx::Result<Self> {
        let mut article_ids = BTreeSet::new();
        let mut new_articles = BTreeSet::new();
        let mut board_ids = BTreeSet::new();
        for (read, fact) in batch.iter().filter_map(|read| Some((read, read.fact()?))) {
            match &fact.event {
                Event::Board(
                    BoardEvent::Created { board_id, .. }
                    | BoardEvent::Updated { board_id, .. }
                    | BoardEvent::Closed { board_id },
                ) => {
                    board_ids.insert(*board_id);
                }
                Event::Article(event) => {
                    let (article_id, board_id) = subject(event);
                    article_ids.insert(article_id);
                    board_ids.insert(board_id);
                    if read.begins(article_id) {
                        new_articles.insert(article_id);
                    }
                }
                Event::Comment(_)
                | Event::Like(_)
                | Event::ArticlesViewed { .. }
                | Event::LogCreated { .. }
                | Event::ImportPlanned { .. } => {}
            }
        }
        let article_ids: Vec<_> = article_ids.into_iter().collect();
        let board_ids: Vec<_> = board_ids.into_iter().collect();
        let boards = Boards::load(transaction, &board_ids).await?;
        // An article whose stream begins in this batch has no row yet: it has one first event, and
        // the checkpoint lets no event pass twice.
        let known: Vec<_> = article_ids
            .iter()
            .copied()
            .filter(|id| !new_articles.contains(id))
            .collect();
        let articles = Articles::load(transaction, &known).await?;
        let parked = parked::among(transaction, batch.iter().map(Read::recorded)).await?;
        Ok(Self {
            boards,
            articles,
            parked,
            article_ids,
            board_ids,
        })
    }

    fn touched(&self) -> Touched {
        Touched {
            articles: self.article_ids.clone(),
            boards: self.board_ids.clone(),
            lists: self.board_ids.clone(),
            threads: Vec::new(),
        }
    }

    fn apply(&mut self, read: &Read, unknown: &mut u64) -> Result<(), String> {
        if !self.parked.is_empty() && self.parked.contains(&read.recorded.stream) {
            return Err("an earlier event of the stream is parked".to_owned());
        }
        match read
            .decoded
            .as_ref()
            .map_err(|error| error.reason.clone())?
        {
            Decoded::Unknown => {
                *unknown += 1;
                Ok(())
            }
            Decoded::Known(fact) => self
                .apply_known(fact, &read.recorded)
                .map_err(|Unfit(reason)| reason.to_owned()),
        }
    }

    fn apply_known(&mut self, fact: &Fact<Event>, recorded: &RecordedEvent) -> Result<(), Unfit> {
        match &fact.event {
            Event::Comment(_)
            | Event::Like(_)
            | Event::ArticlesViewed { .. }
            | Event::LogCreated { .. }
            | Event::ImportPlanned { .. } => Ok(()),
            Event::Board(event) => self.boards.apply(event, fact.occurred_at, recorded),
            Event::Article(event) => self.apply_article(fact, event, recorded),
        }
    }

    fn apply_article(
        &mut self,
        fact: &Fact<Event>,
        event: &ArticleEvent,
        recorded: &RecordedEvent,
    ) -> Result<(), Unfit> {
        let (_, board_id) = subject(event);
        if !self.boards.contains(board_id) {
            return Err(Unfit("the board of the article was never created"));
        }
        let delta = match self.articles.apply(fact, event, recorded)? {
            Standing::Appeared => 1,
            Standing::Disappeared => -1,
            Standing::Same => return Ok(()),
        };
        self.boards
            .count_articles(board_id, delta, recorded.position);
        Ok(())
    }
}
