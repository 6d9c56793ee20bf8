//! What readers did: comments, likes, views, and what is popular for it.

use std::cmp::Reverse;

use madang::domain::article::Article;
use madang::domain::comment::{Comment, CommentEvent};
use madang::domain::like::{Like, LikeEvent};
use madang::domain::view::Viewed;
use madang::domain::{ArticleId, CommentId, Timestamp, UserId};
use serde_json::{Value, json};

use super::{Model, evolve};

/// A comment, and whether it came before its article's deletion.
pub(super) struct Said {
    comment: Comment,
    in_time: bool,
}

/// What was noted of an article until its deletion.
#[derive(Clone, Default)]
pub(super) struct Noted {
    views: i64,
    /// When somebody did something for its popularity or against it, and how much.
    points: Vec<(Timestamp, i64)>,
    /// How many live and visible comments and how many likes there were in the end.
    at_the_end: Option<[usize; 3]>,
}

impl Model {
    fn is_live(&self, article_id: ArticleId) -> bool {
        self.articles.get(&article_id).is_some_and(|a| !a.deleted)
    }

    fn point(&mut self, article_id: ArticleId, at: Timestamp, points: i64) {
        if self.is_live(article_id) {
            let noted = self.noted.entry(article_id).or_default();
            noted.points.push((at, points));
        }
    }

    pub(super) fn take_comment(&mut self, event: CommentEvent, actor: UserId, at: Timestamp) {
        let (CommentEvent::Created {
            comment_id,
            article_id,
            ..
        }
        | CommentEvent::Updated {
            comment_id,
            article_id,
            ..
        }
        | CommentEvent::Deleted {
            comment_id,
            article_id,
        }) = event;
        match event {
            CommentEvent::Created { .. } => self.point(article_id, at, 2),
            CommentEvent::Updated { .. } => {}
            CommentEvent::Deleted { .. } => self.point(article_id, at, -2),
        }
        let in_time = self.comments.get(&comment_id).map(|said| said.in_time);
        let in_time = in_time.unwrap_or_else(|| self.is_live(article_id));
        let before = self.comments.remove(&comment_id).map(|said| said.comment);
        let mut one = before.into_iter().map(|c| (comment_id, c)).collect();
        evolve(&mut one, comment_id, (event, actor, at));
        let comment = one.remove(&comment_id).unwrap();
        self.comments.insert(comment_id, Said { comment, in_time });
    }

    pub(super) fn take_like(&mut self, event: LikeEvent, at: Timestamp) {
        let liked = matches!(event, LikeEvent::Liked { .. });
        let (LikeEvent::Liked {
            article_id,
            user_id,
        }
        | LikeEvent::Unliked {
            article_id,
            user_id,
        }) = event;
        let events = self.likes.get(&(article_id, user_id.clone()));
        let events = events.map_or(0, |(_, events)| *events);
        let like = Like { liked, since: at };
        self.likes.insert((article_id, user_id), (like, events + 1));
        self.point(article_id, at, if liked { 3 } else { -3 });
    }

    pub(super) fn take_views(&mut self, views: &[Viewed], at: Timestamp) {
        for viewed in views {
            let count = i64::try_from(viewed.count).unwrap();
            self.point(viewed.article_id, at, count);
            if self.is_live(viewed.article_id) {
                self.noted.entry(viewed.article_id).or_default().views += count;
            }
        }
    }

    /// The article is about to be deleted: what was counted last stays.
    pub(super) fn close_the_books(&mut self, article_id: ArticleId) {
        let counted = self.counted(article_id);
        self.noted.entry(article_id).or_default().at_the_end = Some(counted);
    }

    fn counted(&self, article_id: ArticleId) -> [usize; 3] {
        let of_it = |said: &&Said| said.comment.article_id == article_id && said.in_time;
        let comments = || self.comments.values().filter(of_it);
        let likes = self.likes.iter();
        [
            comments().filter(|said| !said.comment.deleted).count(),
            comments().filter(|said| self.is_visible(said)).count(),
            likes
                .filter(|((of, _), (like, _))| *of == article_id && like.liked)
                .count(),
        ]
    }

    fn replies(&self, to: CommentId) -> impl Iterator<Item = &Said> {
        let is_reply = move |said: &&Said| said.comment.ancestors.last() == Some(&to);
        self.comments.values().filter(is_reply)
    }

    fn is_visible(&self, said: &Said) -> bool {
        let mut replies = self.replies(said.comment.id);
        said.in_time && (!said.comment.deleted || replies.any(|reply| self.is_visible(reply)))
    }

    fn visible_replies(&self, to: CommentId) -> usize {
        self.replies(to)
            .filter(|said| self.is_visible(said))
            .count()
    }

    fn score(&self, article: &Article, noted: &Noted) -> i64 {
        if article.deleted {
            return 0;
        }
        let day = |time| self.calendar.day_of(time);
        let points = noted.points.iter();
        let points = points.filter(|(at, _)| day(*at) == day(article.created_at));
        points.fold(0, |score, (_, points)| (score + points).max(0))
    }

    /// The rows of `comment`: all but paths and positions.
    pub(crate) fn comments(&self) -> Vec<Value> {
        let row = |said: &Said| {
            let comment = &said.comment;
            let parent_id = comment.ancestors.last().map_or(0, |id| id.to_i64());
            let content = if comment.deleted {
                ""
            } else {
                comment.content.as_str()
            };
            json!([
                comment.id.to_i64(),
                comment.article_id.to_i64(),
                parent_id,
                comment.ancestors.len() + 1,
                i64::from(comment.deleted),
                self.visible_replies(comment.id),
                i64::from(self.is_visible(said)),
                comment.revision.0,
                comment.created_at.0,
                comment.modified_at.map(|at| at.0),
                comment.writer.id.as_str(),
                comment.writer.name.as_str(),
                content
            ])
        };
        self.comments.values().map(row).collect()
    }

    /// The visible comments under an article, in the order of reading.
    pub(crate) fn tree(&self, article_id: ArticleId) -> Vec<i64> {
        let roots = self.comments.values().filter(|said| {
            said.comment.article_id == article_id && said.comment.ancestors.is_empty()
        });
        roots.flat_map(|root| self.below(root)).collect()
    }

    fn below(&self, said: &Said) -> Vec<i64> {
        if !self.is_visible(said) {
            return Vec::new();
        }
        let replies = self.replies(said.comment.id);
        let below = replies.flat_map(|reply| self.below(reply));
        std::iter::once(said.comment.id.to_i64())
            .chain(below)
            .collect()
    }

    /// The articles that there ever were.
    pub(crate) fn article_ids(&self) -> Vec<ArticleId> {
        self.articles.keys().copied().collect()
    }

    /// The rows of `article_like`: all but positions.
    pub(crate) fn likes(&self) -> Vec<Value> {
        let row =
            |((article_id, user_id), (like, events)): (&(ArticleId, UserId), &(Like, u64))| {
                json!([
                    article_id.to_i64(),
                    user_id.as_str(),
                    i64::from(like.liked),
                    like.since.0,
                    events - 1
                ])
            };
        self.likes.iter().map(row).collect()
    }

    /// The rows of `article_counts`: all but positions.
    pub(crate) fn counts(&self) -> Vec<Value> {
        let row = |article: &Article| {
            let noted = self.noted.get(&article.id).cloned().unwrap_or_default();
            let counted = noted.at_the_end.unwrap_or_else(|| self.counted(article.id));
            let [comments, visible_comments, likes] = counted;
            json!([
                article.id.to_i64(),
                article.board_id.to_i64(),
                self.calendar.day_of(article.created_at).to_i64(),
                i64::from(article.deleted),
                comments,
                visible_comments,
                likes,
                noted.views,
                self.score(article, &noted)
            ])
        };
        self.articles.values().map(row).collect()
    }

    /// The popular list of a day (yyyymmdd): the ten best articles with a score, and it.
    pub(crate) fn popular(&self, day: i64) -> Vec<(i64, i64)> {
        let rows = self.counts();
        let number = |row: &Value, column: usize| row[column].as_i64().unwrap();
        let of_the_day = rows.iter().filter(|row| number(row, 2) == day);
        let scores = of_the_day.map(|row| (number(row, 0), number(row, 8)));
        let mut best: Vec<_> = scores.filter(|(_, score)| *score > 0).collect();
        best.sort_by_key(|(id, score)| (Reverse(*score), *id));
        best.truncate(10);
        best
    }
}
