//! A reader that misses entries, and fills them from a snapshot of the story.

use madang::hot::{Filled, Generation, Hot, HotError, Missed, Moment, Read, Span};

use super::story::{BOARD, Standing, Story, day};
use super::yard::{article_id, board_id, position};

/// The articles of stories.
pub(super) const IDS: [i64; 4] = [1, 2, 10, 11];

/// Which entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Article(i64),
    Board,
    Popular,
}

/// All that stories are about.
pub(super) const WANTED: [Wanted; 6] = [
    Wanted::Article(1),
    Wanted::Article(2),
    Wanted::Article(10),
    Wanted::Article(11),
    Wanted::Board,
    Wanted::Popular,
];

/// Reads; the proof if it was a miss.
pub(super) async fn miss(
    (hot, generation): (&Hot, &Generation),
    wanted: Wanted,
) -> Result<Option<Missed>, HotError> {
    Ok(match wanted {
        Wanted::Article(id) => missed(hot.article(generation, article_id(id)).await?),
        Wanted::Board => {
            let first = Span::Page {
                offset: 0,
                limit: 10,
            };
            let wanted = (board_id(BOARD), first);
            missed(hot.board_list(generation, wanted).await?)
        }
        Wanted::Popular => missed(hot.popular(generation, (day(), 10)).await?),
    })
}

fn missed<T>(read: Read<T>) -> Option<Missed> {
    match read {
        Read::Miss(missed) => Some(missed),
        Read::Entry(_) | Read::Deleted | Read::Beyond => None,
    }
}

/// Fills with what is true at the position of the snapshot; none if there is no such thing then.
pub(super) async fn fill(
    hot: &Hot,
    (missed, wanted): (&Missed, Wanted),
    (story, snapshot): (&Story, u64),
) -> Result<Option<Filled>, HotError> {
    let truth = story.at(snapshot);
    let moment = |rows| Moment {
        rows: position(rows),
        checkpoint: position(snapshot),
    };
    let filled = match wanted {
        Wanted::Article(id) => {
            let moment = moment(story.about(id, snapshot));
            match truth.article(id) {
                Standing::Missing => return Ok(None),
                Standing::Deleted => hot.fill_article(missed, None, moment).await,
                Standing::Live(article) => hot.fill_article(missed, Some(&article), moment).await,
            }
        }
        Wanted::Board => {
            let (board, list) = truth.board();
            let content = (&board, &list);
            hot.fill_board(missed, content, moment(snapshot)).await
        }
        Wanted::Popular => {
            let popular = truth.popular();
            hot.fill_popular(missed, &popular, moment(snapshot)).await
        }
    };
    filled.map(Some)
}
