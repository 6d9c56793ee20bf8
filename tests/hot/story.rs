//! What happened on a board, and what an entry must hold at each position: the naive model.

use std::collections::BTreeMap;

use madang::calendar::Day;
use madang::domain::Timestamp;
use madang::hot::{
    ArticleChange, Batch, BoardChange, Edited, HotArticle, HotBoard, HotList, HotPopular,
    PopularChange,
};

use super::yard::{article, article_id, board, board_id, position};

pub(super) const BOARD: i64 = 5;

pub(super) fn day() -> Day {
    Day::parse("2026-11-19").unwrap()
}

/// What happened to one article; whether on the day on which it was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    Posted,
    Liked,
    Unliked { today: bool },
    Viewed { by: u32, today: bool },
    Edited,
    Deleted,
}

/// Events in the order of the log; the first one has position 1.
#[derive(Clone, Debug)]
pub(super) struct Story(Vec<(i64, Happening)>);

/// What is true after some events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Truth {
    articles: BTreeMap<i64, Row>,
    scores: BTreeMap<i64, u64>,
}

/// What is true of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Missing,
    Deleted,
    Live(HotArticle),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    likes: u64,
    views: u64,
    edited: Option<u64>,
    deleted: bool,
}

impl Story {
    /// Makes a well-formed story of any wishes: an article is posted before all else, and nobody
    /// takes back a like that is not there.
    pub(super) fn of(wishes: impl IntoIterator<Item = (i64, Happening)>) -> Self {
        let mut truth = Truth::default();
        let mut events = Vec::new();
        for (id, wish) in wishes {
            let happening = match (truth.articles.get(&id), wish) {
                (None, _) => Happening::Posted,
                (Some(row), Happening::Unliked { .. }) if row.likes == 0 => Happening::Liked,
                (Some(row), Happening::Posted | Happening::Edited | Happening::Deleted)
                    if row.deleted =>
                {
                    Happening::Liked
                }
                (Some(_), Happening::Posted) => Happening::Edited,
                (Some(_), wish) => wish,
            };
            events.push((id, happening));
            truth.fold(events.len() as u64, (id, happening));
        }
        Self(events)
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// What is true at a position.
    pub(super) fn at(&self, last: u64) -> Truth {
        let mut truth = Truth::default();
        for (number, event) in (1..=last).zip(&self.0) {
            truth.fold(number, *event);
        }
        truth
    }

    /// The last position up to `last` that is about an article; 0 if none is.
    pub(super) fn about(&self, id: i64, last: u64) -> u64 {
        let numbered = (1..=last).zip(&self.0);
        let about = numbered.filter(|(_, (of, _))| *of == id);
        about.map(|(number, _)| number).max().unwrap_or(0)
    }

    /// The batch of the events after `after`, up to `last`.
    pub(super) fn batch(&self, (after, last): (u64, u64)) -> Batch {
        let mut batch = Batch::default();
        for (number, (id, happening)) in (1..=last).zip(&self.0) {
            if number > after {
                change(&mut batch, number, (*id, *happening));
            }
        }
        batch
    }
}

impl Truth {
    fn fold(&mut self, number: u64, (id, happening): (i64, Happening)) {
        let standing = self.articles.entry(id).or_default();
        if standing.deleted {
            return;
        }
        match happening {
            Happening::Posted => {
                self.scores.insert(id, 0);
            }
            Happening::Liked => standing.likes += 1,
            Happening::Unliked { .. } => standing.likes -= 1,
            Happening::Viewed { by, .. } => standing.views += u64::from(by),
            Happening::Edited => standing.edited = Some(number),
            Happening::Deleted => standing.deleted = true,
        }
        if happening == Happening::Deleted {
            self.scores.remove(&id);
        }
        if let Some(score) = self.scores.get_mut(&id) {
            *score = score.saturating_add_signed(counts(happening));
        }
    }

    /// As an entry has it.
    pub(super) fn article(&self, id: i64) -> Standing {
        let Some(row) = self.articles.get(&id) else {
            return Standing::Missing;
        };
        if row.deleted {
            return Standing::Deleted;
        }
        let title = |number: u64| format!("edited at {number}");
        Standing::Live(HotArticle {
            title: row.edited.map_or(article().title, title),
            modified_at: row.edited.map(|number| Timestamp(number.cast_signed())),
            revision: row.edited.unwrap_or(0),
            comment_count: 0,
            like_count: row.likes,
            view_count: row.views,
            ..article()
        })
    }

    pub(super) fn live(&self) -> Vec<i64> {
        let live = self
            .articles
            .iter()
            .filter(|(_, standing)| !standing.deleted);
        live.map(|(id, _)| *id).collect()
    }

    pub(super) fn board(&self) -> (HotBoard, HotList) {
        let live = self.live();
        let board = HotBoard {
            article_count: live.len() as u64,
            ..board()
        };
        let list = HotList {
            newest: live.into_iter().map(article_id).collect(),
            complete: true,
        };
        (board, list)
    }

    pub(super) fn scores(&self) -> &BTreeMap<i64, u64> {
        &self.scores
    }

    pub(super) fn popular(&self) -> HotPopular {
        let scores = self.scores.iter();
        HotPopular {
            scores: scores
                .map(|(id, score)| (article_id(*id), *score))
                .collect(),
        }
    }
}

/// What a happening adds to the score.
fn counts(happening: Happening) -> i64 {
    match happening {
        Happening::Liked => 3,
        Happening::Unliked { today: true } => -3,
        Happening::Viewed { by, today: true } => i64::from(by),
        _ => 0,
    }
}

fn change(batch: &mut Batch, number: u64, (id, happening): (i64, Happening)) {
    let (at, article) = (position(number), article_id(id));
    let mut change = ArticleChange::default();
    match happening {
        Happening::Posted => {
            batch.board(board_id(BOARD), at, BoardChange::posted(article));
            batch.popular(day(), at, PopularChange::begins(article));
        }
        Happening::Liked => change.likes = 1,
        Happening::Unliked { .. } => change.likes = -1,
        Happening::Viewed { by, .. } => change.views = i64::from(by),
        Happening::Edited => {
            change.edited = Some(Edited {
                title: format!("edited at {number}"),
                content: super::yard::article().content,
                modified_at: Timestamp(number.cast_signed()),
                revision: number,
            });
        }
        Happening::Deleted => {
            change.deleted = true;
            batch.board(board_id(BOARD), at, BoardChange::removed(article));
            batch.popular(day(), at, PopularChange::ends(article));
        }
    }
    if counts(happening) != 0 {
        let by = counts(happening);
        batch.popular(day(), at, PopularChange::counts(article, by));
    }
    batch.article(article, at, change);
}
