//! What is hot: read from Redis before SQL is asked, and filled with what SQL answered (`fill`).
//!
//! What must hold:
//!
//! - Redis never makes an answer fail. Whatever it does or does not say, SQL answers.
//! - A caller who waits for a position sees only what is at least as new: an entry holds every event
//!   up to the checkpoint of its generation.
//! - A list is shown from here only if every article in it is live. Its ids are of one moment and
//!   the articles of the next; if one has gone in between, SQL answers the whole page.
//!
//! Comments, a caller's likes and the list of boards are read from SQL only.

mod fill;

use std::sync::Arc;

use super::articles::{ArticleSummary, ArticleView, Counts};
use super::boards::BoardView;
use super::popular::{RankedView, TOP};
use super::{Items, Part, Queries, QueryError, Row};
use crate::calendar::Day;
use crate::domain::{ArticleId, BoardId};
use crate::event_store::Position;
use crate::hot::{Generation, Hot, HotArticle, HotBoard, HotError, HotPart, Missed, Read, Span};

/// One generation of what is hot.
pub(super) struct Warm<'q> {
    hot: &'q Hot,
    generation: Arc<Generation>,
}

impl Queries {
    /// What is hot, if a caller who waits for `wait_for` may see it.
    fn warm(&self, wait_for: Option<Position>) -> Option<Warm<'_>> {
        self.warm_from(Hot::generation, wait_for)
    }

    fn warm_from(
        &self,
        known: impl FnOnce(&Hot) -> Option<Arc<Generation>>,
        wait_for: Option<Position>,
    ) -> Option<Warm<'_>> {
        let hot = self.hot.as_ref()?;
        let generation = known(hot)?;
        let reached = wait_for.is_none_or(|position| generation.checkpoint() >= position);
        reached.then_some(Warm { hot, generation })
    }

    /// What is hot, if SQL was asked in vain: its projector waits for SQL, too, so it is as new as
    /// anything can be.
    fn warm_instead<T>(
        &self,
        read: &Result<T, QueryError>,
        wait_for: Option<Position>,
    ) -> Option<Warm<'_>> {
        let away = matches!(read, Err(QueryError::Unavailable(_)));
        let warm = || self.warm_from(Hot::last_resort, wait_for);
        away.then(warm).flatten()
    }

    /// An article, from wherever it is.
    pub(super) async fn find_article(
        &self,
        id: ArticleId,
        wait_for: Option<Position>,
    ) -> Result<Row<ArticleView>, QueryError> {
        if let Some(warm) = self.warm(wait_for) {
            return Box::pin(self.warm_article(warm, id)).await;
        }
        let read = self.read_article(id).await.map_err(QueryError::from);
        match self.warm_instead(&read, wait_for) {
            Some(warm) => Box::pin(self.warm_article(warm, id)).await,
            None => read,
        }
    }

    async fn warm_article(
        &self,
        warm: Warm<'_>,
        id: ArticleId,
    ) -> Result<Row<ArticleView>, QueryError> {
        match heard(warm.hot.article(&warm.generation, id).await) {
            Read::Entry(article) => Ok(Row::Live(article_view(id, article))),
            Read::Deleted => Ok(Row::Deleted),
            Read::Beyond => Ok(self.read_article(id).await?),
            Read::Miss(missed) => {
                let found = Box::pin(self.fill_articles(warm.hot, &[(id, missed)])).await?;
                Ok(found.into_iter().next().unwrap_or(Row::Missing))
            }
        }
    }

    /// A board, from wherever it is.
    pub(super) async fn find_board(
        &self,
        id: BoardId,
        wait_for: Option<Position>,
    ) -> Result<Option<BoardView>, QueryError> {
        if let Some(warm) = self.warm(wait_for) {
            return Box::pin(self.warm_board(warm, id)).await;
        }
        let read = self.read_board(id).await.map_err(QueryError::from);
        match self.warm_instead(&read, wait_for) {
            Some(warm) => Box::pin(self.warm_board(warm, id)).await,
            None => read,
        }
    }

    async fn warm_board(
        &self,
        warm: Warm<'_>,
        id: BoardId,
    ) -> Result<Option<BoardView>, QueryError> {
        match heard(warm.hot.board(&warm.generation, id).await) {
            Read::Entry(board) => Ok(Some(board_view(id, board))),
            Read::Miss(missed) if missed.can_fill() => {
                Box::pin(self.fill_board(warm.hot, (id, missed))).await
            }
            Read::Deleted | Read::Beyond | Read::Miss(_) => Ok(self.read_board(id).await?),
        }
    }

    /// A part of a board's list, from wherever it is.
    pub(super) async fn find_board_articles(
        &self,
        (id, part): (BoardId, Part),
        wait_for: Option<Position>,
    ) -> Result<Option<Items<ArticleSummary>>, QueryError> {
        let Some(span) = span(part) else {
            return Ok(self.read_board_articles(id, part).await?);
        };
        if let Some(warm) = self.warm(wait_for) {
            return Box::pin(self.warm_board_articles(warm, (id, part), span)).await;
        }
        let read = self.read_board_articles(id, part).await;
        let read = read.map_err(QueryError::from);
        match self.warm_instead(&read, wait_for) {
            Some(warm) => Box::pin(self.warm_board_articles(warm, (id, part), span)).await,
            None => read,
        }
    }

    async fn warm_board_articles(
        &self,
        warm: Warm<'_>,
        (id, part): (BoardId, Part),
        span: Span,
    ) -> Result<Option<Items<ArticleSummary>>, QueryError> {
        let missed = match heard(warm.hot.board_list(&warm.generation, (id, span)).await) {
            Read::Entry(list) => match self.warm_items(&warm, part, list).await? {
                Some(items) => return Ok(Some(items)),
                None => None,
            },
            Read::Deleted | Read::Beyond => None,
            Read::Miss(missed) => Some(missed).filter(Missed::can_fill),
        };
        let items = self.read_board_articles(id, part).await?;
        if let Some(missed) = missed.filter(|_| items.is_some()) {
            // The page is there; only the next ones profit.
            let filled = Box::pin(self.fill_board(warm.hot, (id, missed))).await;
            filled.map_or_else(
                |error| tracing::debug!(%error, "a board was not filled"),
                drop,
            );
        }
        Ok(items)
    }

    /// A day's popular list, from wherever it is.
    pub(super) async fn find_popular(
        &self,
        day: Day,
        wait_for: Option<Position>,
    ) -> Result<Vec<RankedView>, QueryError> {
        if let Some(warm) = self.warm(wait_for) {
            return Box::pin(self.warm_popular(warm, day)).await;
        }
        let read = self.read_popular(day).await.map_err(QueryError::from);
        match self.warm_instead(&read, wait_for) {
            Some(warm) => Box::pin(self.warm_popular(warm, day)).await,
            None => read,
        }
    }

    async fn warm_popular(&self, warm: Warm<'_>, day: Day) -> Result<Vec<RankedView>, QueryError> {
        let missed = match heard(warm.hot.popular(&warm.generation, (day, TOP)).await) {
            Read::Entry(top) => match self.warm_ranking(&warm, top).await? {
                Some(ranking) => return Ok(ranking),
                None => None,
            },
            Read::Deleted | Read::Beyond => None,
            Read::Miss(missed) => Some(missed).filter(Missed::can_fill),
        };
        let ranking = self.read_popular(day).await?;
        if let Some(missed) = missed {
            let filled = self.fill_popular(warm.hot, (day, missed)).await;
            filled.unwrap_or_else(|error| tracing::debug!(%error, "a day was not filled"));
        }
        Ok(ranking)
    }

    async fn warm_items(
        &self,
        warm: &Warm<'_>,
        part: Part,
        list: HotPart,
    ) -> Result<Option<Items<ArticleSummary>>, QueryError> {
        let (mut ids, mut next_after) = (list.articles, None);
        if let Part::After { size, .. } = part {
            let room = usize::try_from(size).unwrap_or(usize::MAX);
            let more = ids.len() > room;
            ids.truncate(room);
            next_after = ids.last().filter(|_| more).map(|id| id.to_i64());
        }
        let total = match part {
            Part::Page { .. } => list.article_count,
            Part::After { .. } => 0,
        };
        if ids.is_empty() {
            return Ok(Some(Items {
                items: Vec::new(),
                part,
                total,
                next_after,
            }));
        }
        let read = warm.hot.listed_articles(&warm.generation, &ids).await;
        let articles = self.warm_articles(warm, (&ids, read)).await?;
        Ok(articles.map(|articles| Items {
            items: articles.into_iter().map(|view| view.summary).collect(),
            part,
            total,
            next_after,
        }))
    }

    async fn warm_ranking(
        &self,
        warm: &Warm<'_>,
        top: Vec<(ArticleId, u64)>,
    ) -> Result<Option<Vec<RankedView>>, QueryError> {
        let (ids, scores): (Vec<_>, Vec<_>) = top.into_iter().unzip();
        if ids.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let read = warm.hot.articles(&warm.generation, &ids).await;
        let articles = self.warm_articles(warm, (&ids, read)).await?;
        let ranked = |(score, article)| RankedView { score, article };
        Ok(articles.map(|articles| scores.into_iter().zip(articles).map(ranked).collect()))
    }

    /// Articles in the order of `ids`, those that are not hot from SQL. `None` if SQL had better
    /// answer the whole: Redis does not say, or one of them is not live.
    async fn warm_articles(
        &self,
        warm: &Warm<'_>,
        (ids, read): (&[ArticleId], Result<Vec<Read<HotArticle>>, HotError>),
    ) -> Result<Option<Vec<ArticleView>>, QueryError> {
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                unheard(&error);
                return Ok(None);
            }
        };
        let Some((mut views, missed)) = sorted(ids, read) else {
            return Ok(None);
        };
        if !missed.is_empty() {
            let filled = Box::pin(self.fill_articles(warm.hot, &missed)).await?;
            for ((id, _), row) in missed.into_iter().zip(filled) {
                let Row::Live(view) = row else {
                    return Ok(None);
                };
                views.push((id, view));
            }
        }
        Ok(in_order(ids, views))
    }
}

type Views = Vec<(ArticleId, ArticleView)>;
type Misses = Vec<(ArticleId, Missed)>;

/// What is there and what was missed; `None` if one is known to be gone.
fn sorted(ids: &[ArticleId], read: Vec<Read<HotArticle>>) -> Option<(Views, Misses)> {
    let (mut views, mut missed) = (Vec::with_capacity(ids.len()), Vec::new());
    for (id, read) in ids.iter().zip(read) {
        match read {
            Read::Entry(article) => views.push((*id, article_view(*id, article))),
            Read::Miss(miss) => missed.push((*id, miss)),
            Read::Deleted | Read::Beyond => return None,
        }
    }
    Some((views, missed))
}

fn in_order(ids: &[ArticleId], views: Views) -> Option<Vec<ArticleView>> {
    let place = |id: &ArticleId| ids.iter().position(|other| other == id);
    let mut placed: Vec<_> = views
        .into_iter()
        .map(|(id, view)| (place(&id), view))
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    let all = placed.len() == ids.len();
    all.then(|| placed.into_iter().map(|(_, view)| view).collect())
}

/// What Redis says; that SQL is to be asked, if it says nothing.
fn heard<T>(read: Result<Read<T>, HotError>) -> Read<T> {
    read.unwrap_or_else(|error| {
        unheard(&error);
        Read::Beyond
    })
}

/// Nobody's failure: SQL answers.
fn unheard(error: &HotError) {
    tracing::debug!(%error, "redis was not heard");
}

fn span(part: Part) -> Option<Span> {
    match part {
        Part::Page { number, size } => Some(Span::Page {
            offset: u64::from(number.saturating_sub(1)) * u64::from(size),
            limit: size,
        }),
        Part::After { after, size } => {
            let article = match after {
                // What no article can be follows none that is listed.
                Some(id) => Some(ArticleId::from_i64(id)?),
                None => None,
            };
            // One more than there is room for tells whether more follow.
            let limit = size + 1;
            Some(Span::Below { article, limit })
        }
    }
}

fn article_view(id: ArticleId, article: HotArticle) -> ArticleView {
    ArticleView {
        summary: ArticleSummary {
            article_id: id.to_i64(),
            board_id: article.board_id.to_i64(),
            title: article.title,
            writer_id: article.writer_id,
            writer_name: article.writer_name,
            created_at: article.created_at,
            modified_at: article.modified_at,
            revision: article.revision,
            counts: Counts {
                comments: article.comment_count,
                likes: article.like_count,
                views: article.view_count,
            },
        },
        content: article.content,
    }
}

fn board_view(id: BoardId, board: HotBoard) -> BoardView {
    BoardView {
        board_id: id.to_i64(),
        name: board.name,
        description: board.description,
        max_comment_depth: board.max_comment_depth,
        article_count: board.article_count,
        closed: board.closed,
        created_at: board.created_at,
        revision: board.revision,
    }
}
