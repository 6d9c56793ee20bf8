//! Random commands, given one after the other.

use madang::command::Origin;
use madang::command::article::Draft;
use madang::command::comment::CommentDraft;
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

/// Gives the commands one after the other. What a rule refuses does not happen.
pub(super) async fn play(yard: &mut Yard, steps: Vec<Step>) {
    let commands = yard.commands();
    let (mut boards, mut articles): (Vec<BoardId>, Vec<ArticleId>) = Default::default();
    let mut comments: Vec<(ArticleId, CommentId)> = Vec::new();
    for (time, step) in steps.into_iter().enumerate() {
        yard.set_clock(2000 + i64::try_from(time).unwrap());
        let origin = Origin::now(UserId::parse("kim").unwrap(), &yard.clock());
        let board = |i: usize| boards.get(i % boards.len().max(1)).copied();
        let article = |i: usize| articles.get(i % articles.len().max(1)).copied();
        let comment = |i: usize| comments.get(i % comments.len().max(1)).copied();
        match step {
            Step::Open(settings) => {
                let done = commands.create_board(&origin, settings).await.unwrap();
                boards.push(done.state.id);
            }
            Step::Change(i, settings) => {
                let Some(id) = board(i) else { continue };
                let _ = commands.update_board(&origin, (id, None), settings).await;
            }
            Step::Close(i) => {
                let Some(id) = board(i) else { continue };
                let _ = commands.close_board(&origin, id).await;
            }
            Step::Post(i, text) => {
                let Some(board_id) = board(i) else { continue };
                let writer_name = WriterName::parse("Kim").unwrap();
                let draft = Draft {
                    board_id,
                    text,
                    writer_name,
                };
                let done = commands.create_article(&origin, draft).await;
                articles.extend(done.map(|done| done.state.id));
            }
            Step::Edit(i, text) => {
                let Some(id) = article(i) else { continue };
                let _ = commands.update_article(&origin, (id, None), text).await;
            }
            Step::Delete(i) => {
                let Some(id) = article(i) else { continue };
                let _ = commands.delete_article(&origin, (id, None), false).await;
            }
            Step::Comment(i, parent, text) => {
                let parent = parent.and_then(comment);
                let Some(under) = parent.map(|(of, _)| of).or(article(i)) else {
                    continue;
                };
                let draft = draft(under, parent.map(|(_, id)| id), text);
                let done = commands.create_comment(&origin, draft).await;
                comments.extend(done.map(|done| (under, done.state.id)));
            }
            Step::Reword(i, text) => {
                let Some((_, id)) = comment(i) else { continue };
                let _ = commands
                    .update_comment(&origin, (id, None), text.content)
                    .await;
            }
            Step::Remove(i) => {
                let Some((_, id)) = comment(i) else { continue };
                let _ = commands.delete_comment(&origin, (id, None), false).await;
            }
            Step::Like(i, liked) => {
                let Some(id) = article(i) else { continue };
                let _ = commands.like(&origin, id, liked).await;
            }
            Step::View(i) => {
                let Some(article_id) = article(i) else {
                    continue;
                };
                let views = vec![Viewed {
                    article_id,
                    count: 2,
                }];
                yard.happens(Event::ArticlesViewed { views }).await;
            }
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
