//! Makes all that SQL holds hot, as queries would that miss it.

use std::fmt::Debug;

use madang::calendar::Day;
use madang::domain::{ArticleId, BoardId, Timestamp};
use madang::event_store::Position;
use madang::hot::{
    Filled, Generation, Hot, HotArticle, HotBoard, HotList, HotPopular, Missed, Moment, Read,
};
use madang::views::{Row, Views};

use super::super::yard::{article, board};

/// Fills every article, board and day that is not there; answers how many it filled.
pub(crate) async fn fill_all(hot: &Hot, generation: &Generation, views: &Views) -> usize {
    let mut filled = 0;
    for id in ids(views, "SELECT article_id FROM article").await {
        filled += usize::from(fill_article(hot, (generation, article(id)), views).await);
    }
    for id in ids(views, "SELECT board_id FROM board").await {
        filled += usize::from(fill_board(hot, (generation, board(id)), views).await);
    }
    for day in ids(views, "SELECT DISTINCT day FROM article_counts").await {
        let day = Day::from_i64(day).unwrap();
        filled += usize::from(fill_popular(hot, (generation, day), views).await);
    }
    filled
}

async fn ids(views: &Views, select: &'static str) -> Vec<i64> {
    let rows = rows(views, select, 0).await.0;
    rows.iter().map(|row| row.try_get(0).unwrap()).collect()
}

/// What a statement finds that may take one id, and the checkpoint of the same moment.
async fn rows(views: &Views, select: &'static str, id: i64) -> (Vec<Row>, Position) {
    const AT: &str = "SELECT position FROM checkpoint WHERE projection = 'sql'";
    let mut snapshot = views.readers().begin().await.unwrap();
    let at = snapshot.statement(AT);
    let at: String = at
        .fetch_one(&mut snapshot)
        .await
        .unwrap()
        .try_get(0)
        .unwrap();
    let mut statement = snapshot.statement(select);
    if select.contains('?') {
        statement = statement.bind(id);
    }
    let rows = statement.fetch_all(&mut snapshot).await.unwrap();
    (rows, at.parse().unwrap())
}

fn missed<T: Debug>(read: Read<T>) -> Option<Missed> {
    match read {
        Read::Miss(missed) => Some(missed),
        Read::Entry(_) | Read::Deleted | Read::Beyond => None,
    }
}

fn count(row: &Row, column: usize) -> u64 {
    u64::try_from(row.try_get::<i64>(column).unwrap()).unwrap()
}

fn text(row: &Row, column: usize) -> String {
    row.try_get(column).unwrap()
}

async fn fill_article(
    hot: &Hot,
    (generation, id): (&Generation, ArticleId),
    views: &Views,
) -> bool {
    const SELECT: &str = "SELECT a.board_id, a.title, a.content, a.writer_id, a.writer_name, \
         a.created_at, a.modified_at, a.revision, n.comments, n.likes, n.views, a.deleted \
         FROM article AS a CROSS JOIN article_counts AS n ON n.article_id = a.article_id \
         WHERE a.article_id = ?";
    let Some(missed) = missed(hot.article(generation, id).await.unwrap()) else {
        return false;
    };
    let (rows, checkpoint) = rows(views, SELECT, id.to_i64()).await;
    let row = &rows[0];
    let found = HotArticle {
        board_id: board(row.try_get(0).unwrap()),
        title: text(row, 1),
        content: text(row, 2),
        writer_id: text(row, 3),
        writer_name: text(row, 4),
        created_at: Timestamp(row.try_get(5).unwrap()),
        modified_at: row.try_get::<Option<i64>>(6).unwrap().map(Timestamp),
        revision: count(row, 7),
        comment_count: count(row, 8),
        like_count: count(row, 9),
        view_count: count(row, 10),
    };
    let found = (count(row, 11) == 0).then_some(found);
    let filled = hot.fill_article(&missed, found.as_ref(), at(checkpoint));
    filled.await.unwrap() == Filled::Yes
}

async fn fill_board(hot: &Hot, (generation, id): (&Generation, BoardId), views: &Views) -> bool {
    const SELECT: &str = "SELECT b.name, b.description, b.max_comment_depth, b.closed, \
         b.created_at, b.revision, b.article_count, a.article_id FROM board AS b \
         LEFT JOIN article AS a ON a.board_id = b.board_id AND a.deleted = 0 \
         WHERE b.board_id = ? ORDER BY a.article_id DESC";
    let Some(missed) = missed(hot.board(generation, id).await.unwrap()) else {
        return false;
    };
    let (rows, checkpoint) = rows(views, SELECT, id.to_i64()).await;
    let row = &rows[0];
    let found = HotBoard {
        name: text(row, 0),
        description: text(row, 1),
        max_comment_depth: count(row, 2),
        closed: count(row, 3) != 0,
        created_at: Timestamp(row.try_get(4).unwrap()),
        revision: count(row, 5),
        article_count: count(row, 6),
    };
    let articles = rows.iter().filter_map(|row| row.try_get(7).unwrap());
    let articles: Vec<_> = articles.map(article).collect();
    let list = HotList {
        newest: articles.iter().take(HotList::MAX).copied().collect(),
        complete: articles.len() <= HotList::MAX,
    };
    let filled = hot.fill_board(&missed, (&found, &list), at(checkpoint));
    filled.await.unwrap() == Filled::Yes
}

async fn fill_popular(hot: &Hot, (generation, day): (&Generation, Day), views: &Views) -> bool {
    const SELECT: &str =
        "SELECT article_id, score FROM article_counts WHERE day = ? AND deleted = 0";
    let Some(missed) = missed(hot.popular(generation, (day, 10)).await.unwrap()) else {
        return false;
    };
    let (rows, checkpoint) = rows(views, SELECT, day.to_i64()).await;
    let score = |row: &Row| (article(row.try_get(0).unwrap()), count(row, 1));
    let found = HotPopular {
        scores: rows.iter().map(score).collect(),
    };
    let filled = hot.fill_popular(&missed, &found, at(checkpoint));
    filled.await.unwrap() == Filled::Yes
}

/// Rows of a snapshot hold all events up to its checkpoint.
fn at(checkpoint: Position) -> Moment {
    Moment {
        rows: checkpoint,
        checkpoint,
    }
}
