//! Random commands, given one after the other.

use madang::command::Origin;
use madang::command::article::Draft;
use madang::domain::article::Text;
use madang::domain::board::BoardSettings;
use madang::domain::text::WriterName;
use madang::domain::{ArticleId, BoardId, UserId};
use proptest::prelude::*;

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
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let one = 0..8_usize;
    prop_oneof![
        1 => any::settings().prop_map(Step::Open),
        1 => (one.clone(), any::settings()).prop_map(|(i, s)| Step::Change(i, s)),
        1 => one.clone().prop_map(Step::Close),
        5 => (one.clone(), any::text()).prop_map(|(i, t)| Step::Post(i, t)),
        4 => (one.clone(), any::text()).prop_map(|(i, t)| Step::Edit(i, t)),
        2 => one.prop_map(Step::Delete),
    ]
}

/// Gives the commands one after the other. What a rule refuses does not happen.
pub(super) async fn play(yard: &Yard, steps: Vec<Step>) {
    let commands = yard.commands();
    let (mut boards, mut articles): (Vec<BoardId>, Vec<ArticleId>) = Default::default();
    for (time, step) in steps.into_iter().enumerate() {
        yard.set_clock(2000 + i64::try_from(time).unwrap());
        let origin = Origin::now(UserId::parse("kim").unwrap(), &yard.clock());
        let board = |i: usize| boards.get(i % boards.len().max(1)).copied();
        let article = |i: usize| articles.get(i % articles.len().max(1)).copied();
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
        }
    }
}
