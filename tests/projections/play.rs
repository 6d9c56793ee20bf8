//! Random commands, given one after the other.

use madang::command::article::Draft;
use madang::command::comment::CommentDraft;
use madang::command::{Commands, Origin};
use madang::domain::article::Text;
use madang::domain::board::BoardSettings;
use madang::domain::text::WriterName;
use madang::domain::view::Viewed;
use madang::domain::{ArticleId, BoardId, CommentId, Event, UserId};
use proptest::prelude::*;
use proptest::{bool as bools, option};

use super::yard::Yard;
use crate::domain::any;

/// What somebody asks for. Numbers choose among what is there.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Open(BoardSettings),
    Change(usize, BoardSettings),
    Close(usize),
    Post(usize, Text),
    Edit(usize, Text),
    Delete(usize),
    /// Under an article, or a comment if the second number chooses one.
    Comment(usize, Option<usize>, Text),
    Reword(usize, Text),
    Remove(usize),
    Like(usize, bool),
    View(usize),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let one = 0..8_usize;
    prop_oneof![
        1 => any::settings().prop_map(Step::Open),
        1 => (one.clone(), any::settings()).prop_map(|(i, s)| Step::Change(i, s)),
        1 => one.clone().prop_map(Step::Close),
        5 => (one.clone(), any::text()).prop_map(|(i, t)| Step::Post(i, t)),
        4 => (one.clone(), any::text()).prop_map(|(i, t)| Step::Edit(i, t)),
        2 => one.clone().prop_map(Step::Delete),
        6 => (one.clone(), option::of(0..8_usize), any::text())
            .prop_map(|(i, parent, t)| Step::Comment(i, parent, t)),
        2 => (one.clone(), any::text()).prop_map(|(i, t)| Step::Reword(i, t)),
        3 => one.clone().prop_map(Step::Remove),
        4 => (one.clone(), bools::ANY).prop_map(|(i, liked)| Step::Like(i, liked)),
        1 => one.prop_map(Step::View),
    ]
}

/// What there is so far.
#[derive(Default)]
struct Village {
    boards: Vec<BoardId>,
    articles: Vec<ArticleId>,
    comments: Vec<(ArticleId, CommentId)>,
}

fn one<T: Copy>(of: &[T], i: usize) -> Option<T> {
    of.get(i % of.len().max(1)).copied()
}

/// Gives the commands one after the other. What a rule refuses does not happen.
pub(super) async fn play(yard: &mut Yard, steps: Vec<Step>) {
    let commands = yard.commands();
    let mut village = Village::default();
    for (time, step) in steps.into_iter().enumerate() {
        yard.set_clock(2000 + i64::try_from(time).unwrap());
        let origin = Origin::now(UserId::parse("kim").unwrap(), &yard.clock());
        match step {
            Step::View(i) => {
                let Some(article_id) = one(&village.articles, i) else {
                    continue;
                };
                let count = 2;
                let views = vec![Viewed { article_id, count }];
                yard.happens(Event::ArticlesViewed { views }).await;
            }
            Step::Comment(..) | Step::Reword(..) | Step::Remove(_) | Step::Like(..) => {
                village.react(&commands, &origin, step).await;
            }
            _ => village.write(&commands, &origin, step).await,
        }
    }
}

impl Village {
    async fn write(&mut self, commands: &Commands, origin: &Origin, step: Step) {
        let (board, article) = (|i| one(&self.boards, i), |i| one(&self.articles, i));
        match step {
            Step::Open(settings) => {
                let done = commands.create_board(origin, settings).await.unwrap();
                self.boards.push(done.state.id);
            }
            Step::Change(i, settings) => {
                let Some(id) = board(i) else { return };
                let _ = commands.update_board(origin, (id, None), settings).await;
            }
            Step::Close(i) => {
                let Some(id) = board(i) else { return };
                let _ = commands.close_board(origin, id).await;
            }
            Step::Post(i, text) => {
                let Some(board_id) = board(i) else { return };
                let writer_name = WriterName::parse("Kim").unwrap();
                let draft = Draft {
                    board_id,
                    text,
                    writer_name,
                };
                let done = commands.create_article(origin, draft).await;
                self.articles.extend(done.map(|done| done.state.id));
            }
            Step::Edit(i, text) => {
                let Some(id) = article(i) else { return };
                let _ = commands.update_article(origin, (id, None), text).await;
            }
            Step::Delete(i) => {
                let Some(id) = article(i) else { return };
                let _ = commands.delete_article(origin, (id, None), false).await;
            }
            other => panic!("not written: {other:?}"),
        }
    }

    async fn react(&mut self, commands: &Commands, origin: &Origin, step: Step) {
        let (article, comment) = (|i| one(&self.articles, i), |i| one(&self.comments, i));
        match step {
            Step::Comment(i, parent, text) => {
                let parent = parent.and_then(comment);
                let under = parent.map(|(of, _)| of).or(article(i));
                let Some(under) = under else { return };
                let draft = draft(under, parent.map(|(_, id)| id), text);
                let done = commands.create_comment(origin, draft).await;
                self.comments
                    .extend(done.map(|done| (under, done.state.id)));
            }
            Step::Reword(i, text) => {
                let Some((_, id)) = comment(i) else { return };
                let changed = commands.update_comment(origin, (id, None), text.content);
                let _ = changed.await;
            }
            Step::Remove(i) => {
                let Some((_, id)) = comment(i) else { return };
                let _ = commands.delete_comment(origin, (id, None), false).await;
            }
            Step::Like(i, liked) => {
                let Some(id) = article(i) else { return };
                let _ = commands.like(origin, id, liked).await;
            }
            other => panic!("no reaction: {other:?}"),
        }
    }
}

fn draft(article_id: ArticleId, parent_id: Option<CommentId>, text: Text) -> CommentDraft {
    CommentDraft {
        article_id,
        parent_id,
        content: text.content,
        writer_name: WriterName::parse("Kim").unwrap(),
    }
}
