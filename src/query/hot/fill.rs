//! Fills: what Redis missed is read from SQL and put there.
//!
//! The rows of a fill and the checkpoint are of one snapshot, which begins after the miss. Such rows
//! hold every event up to the checkpoint, whether it changed them or not, so that is their position.

use std::collections::HashMap;
use std::fmt;

use super::unheard;
use crate::calendar::Day;
use crate::domain::{ArticleId, BoardId};
use crate::event_store::Position;
use crate::hot::{Hot, HotArticle, HotBoard, HotError, HotList, HotPopular, Missed, Moment};
use crate::query::articles::{ArticleView, columns, summary};
use crate::query::boards::{self, BoardView};
use crate::query::{Queries, QueryError, Row, count};
use crate::views::dialect::{Dialect, Packed, Spelled};
use crate::views::{Connection, Statement, rows};

const ARTICLES: Spelled = Spelled::alike(
    concat!(
        columns!(),
        ", a.content, a.deleted, (SELECT position FROM checkpoint WHERE projection = 'sql') \
         FROM article AS a CROSS JOIN article_counts AS n ON n.article_id = a.article_id \
         WHERE a.article_id IN ({})"
    ),
    "?",
);
const CHECKPOINT: &str = "SELECT position FROM checkpoint WHERE projection = 'sql'";
/// One more than a list holds tells whether it is all.
const NEWEST: Packed = Packed {
    columns: "article_id",
    rest: "(SELECT article_id FROM article INDEXED BY article_by_board \
           WHERE board_id = {} AND deleted = 0 ORDER BY article_id DESC LIMIT 1001) AS newest",
};
const SCORES: Packed = Packed {
    columns: "article_id, score",
    rest: "(SELECT article_id, score FROM article_counts WHERE day = {} AND deleted = 0 \
           LIMIT 20001) AS scores",
};

impl Queries {
    /// Articles from SQL, in the order of what was missed; those that are or were there are hot from
    /// now on, if nothing has overtaken them.
    pub(super) async fn fill_articles(
        &self,
        hot: &Hot,
        missed: &[(ArticleId, Missed)],
    ) -> Result<Vec<Row<ArticleView>>, QueryError> {
        let ids: Vec<_> = missed.iter().map(|(id, _)| *id).collect();
        let Found { mut rows, moment } = if ids.len() == 1 {
            let mut reader = self.views.readers().acquire().await?;
            articles(&mut reader, &ids).await?
        } else {
            let mut snapshot = self.views.readers().begin().await?;
            let found = articles(&mut snapshot, &ids).await?;
            snapshot.commit().await?;
            found
        };
        if let Some(moment) = moment {
            let entry = |(id, missed): &(ArticleId, Missed)| {
                let entry = match rows.get(id)? {
                    Row::Live(view) => Some(hot_article(view)?),
                    Row::Deleted => None,
                    Row::Missing => return None,
                };
                Some((missed.clone(), entry))
            };
            let entries: Vec<_> = missed.iter().filter_map(entry).collect();
            tell(hot.fill_articles(&entries, moment).await);
        }
        let row = |id| rows.remove(id).unwrap_or(Row::Missing);
        Ok(ids.iter().map(row).collect())
    }

    /// A board from SQL; hot from now on, and its newest articles, if nothing has overtaken it.
    pub(super) async fn fill_board(
        &self,
        hot: &Hot,
        (id, missed): (BoardId, Missed),
    ) -> Result<Option<BoardView>, QueryError> {
        let mut snapshot = self.views.readers().begin().await?;
        let moment = moment(&mut snapshot).await?;
        let Some(board) = boards::one(&mut snapshot, id).await? else {
            return Ok(None);
        };
        let newest = |statement: Statement, id: &BoardId| statement.bind(id.to_i64());
        let newest = rows::fetch_packed(&mut snapshot, &NEWEST, &[id], newest).await?;
        snapshot.commit().await?;
        let ids = newest.into_iter().map(|(id,)| ArticleId::from_i64(id));
        if let (Some(mut newest), Some(moment)) = (ids.collect::<Option<Vec<_>>>(), moment) {
            let complete = newest.len() <= HotList::MAX;
            newest.truncate(HotList::MAX);
            let list = HotList { newest, complete };
            tell(
                hot.fill_board(&missed, (&hot_board(&board), &list), moment)
                    .await,
            );
        }
        Ok(Some(board))
    }

    /// Makes the scores of a day hot. Not from a file: its index knows only scores above 0, and the rows
    /// that begin at 0 would have to be looked for in the whole table.
    pub(super) async fn fill_popular(
        &self,
        hot: &Hot,
        (day, missed): (Day, Missed),
    ) -> Result<(), QueryError> {
        let mut snapshot = self.views.readers().begin().await?;
        if snapshot.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let moment = moment(&mut snapshot).await?;
        let of_day = |statement: Statement, day: &Day| statement.bind(day.to_i64());
        let scores = rows::fetch_packed(&mut snapshot, &SCORES, &[day], of_day).await?;
        snapshot.commit().await?;
        let scores = scores
            .into_iter()
            .map(|(id, score)| Some((ArticleId::from_i64(id)?, count(score))));
        if let (Some(scores), Some(moment)) = (scores.collect(), moment) {
            let popular = HotPopular { scores };
            tell(hot.fill_popular(&missed, &popular, moment).await);
        }
        Ok(())
    }
}

/// Articles as they were at one moment; the moment is known if there is any.
struct Found {
    rows: HashMap<ArticleId, Row<ArticleView>>,
    moment: Option<Moment>,
}

async fn articles(reader: &mut Connection, ids: &[ArticleId]) -> sqlx::Result<Found> {
    let id = |statement: Statement, id: &ArticleId| statement.bind(id.to_i64());
    let mut found = Found {
        rows: HashMap::with_capacity(ids.len()),
        moment: None,
    };
    for row in rows::fetch(reader, &ARTICLES, ids, id).await? {
        let summary = summary(&row)?;
        let Some(id) = ArticleId::from_i64(summary.article_id) else {
            continue;
        };
        let article = if row.try_get(12)? {
            Row::Deleted
        } else {
            let content = row.try_get(11)?;
            Row::Live(ArticleView { summary, content })
        };
        found.rows.insert(id, article);
        found.moment = Some(at(rows::position(&row, 13)?));
    }
    Ok(found)
}

/// The moment of a snapshot; none while nothing was ever folded.
async fn moment(snapshot: &mut Connection) -> sqlx::Result<Option<Moment>> {
    let checkpoint = snapshot.statement(CHECKPOINT);
    let checkpoint = checkpoint.fetch_optional(snapshot).await?;
    checkpoint
        .map(|row| Ok(at(rows::position(&row, 0)?)))
        .transpose()
}

fn at(checkpoint: Position) -> Moment {
    Moment {
        rows: checkpoint,
        checkpoint,
    }
}

fn hot_article(view: &ArticleView) -> Option<HotArticle> {
    let summary = view.summary.clone();
    Some(HotArticle {
        board_id: BoardId::from_i64(summary.board_id)?,
        title: summary.title,
        content: view.content.clone(),
        writer_id: summary.writer_id,
        writer_name: summary.writer_name,
        created_at: summary.created_at,
        modified_at: summary.modified_at,
        revision: summary.revision,
        comment_count: summary.counts.comments,
        like_count: summary.counts.likes,
        view_count: summary.counts.views,
    })
}

fn hot_board(board: &BoardView) -> HotBoard {
    HotBoard {
        name: board.name.clone(),
        description: board.description.clone(),
        max_comment_depth: board.max_comment_depth,
        closed: board.closed,
        created_at: board.created_at,
        revision: board.revision,
        article_count: board.article_count,
    }
}

/// A fill that came to nothing is nobody's failure: the next miss tries again.
fn tell<T: fmt::Debug>(filled: Result<T, HotError>) {
    match filled {
        Ok(filled) => tracing::trace!(?filled, "filled"),
        Err(error) => unheard(&error),
    }
}
