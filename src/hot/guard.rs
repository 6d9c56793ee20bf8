//! The guard of views: a user counts once per article in ten minutes. `SET NX EX 10`, append, then
//! `EXPIRE 600` of its own, which a full Redis does not refuse; a failed append takes its own back. So a crash costs no view, and at most 10 s. Best effort
//! when Redis loses it: one extra count.

use redis::{Value, cmd};
use uuid::Uuid;

use super::pointer::Generation;
use super::script::{CONFIRM, TAKE_BACK};
use super::{Hot, HotError};
use crate::domain::{ArticleId, UserId};

/// Seconds for which a view is taken until it is confirmed.
const TAKEN: u64 = 10;
/// Seconds for which a user does not count again.
const COUNTED: u64 = 600;

/// A view of an article, and who took the guard for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardedView {
    /// Of which article.
    pub article_id: ArticleId,
    /// By whom.
    pub user_id: UserId,
    /// Names the attempt, so that only it can take the guard back, and a repeated request after a
    /// lost answer is still the one that took it.
    pub token: Uuid,
}

impl Hot {
    /// Takes the guards of views, in their order: whether each counts. Only [`Hot::confirm_views`]
    /// makes it last.
    pub async fn take_views(
        &self,
        generation: &Generation,
        views: &[GuardedView],
    ) -> Result<Vec<bool>, HotError> {
        let calls = views.iter().map(|view| {
            let mut set = cmd("SET");
            set.arg(self.guard(generation, view))
                .arg(view.token.to_string())
                .arg("NX")
                .arg("GET")
                .arg("EX")
                .arg(TAKEN);
            set
        });
        let answers = self.quick_run(calls.collect()).await?.into_iter();
        answers
            .zip(views)
            .map(|(answer, view)| match answer? {
                Value::Nil => Ok(true),
                Value::BulkString(token) => Ok(token == view.token.to_string().as_bytes()),
                _ => Err(HotError::foreign("a guard of a view")),
            })
            .collect()
    }

    /// The views are in the log: they do not count again for ten minutes.
    pub async fn confirm_views(
        &self,
        generation: &Generation,
        views: &[GuardedView],
    ) -> Result<(), HotError> {
        let calls = views.iter().map(|view| {
            let keys = [self.guard(generation, view)];
            CONFIRM.call_with(&keys, (view.token.to_string(), COUNTED))
        });
        all_well(self.quick_run(calls.collect()).await?)
    }

    /// The views are not in the log: they may count at once.
    pub async fn take_back_views(
        &self,
        generation: &Generation,
        views: &[GuardedView],
    ) -> Result<(), HotError> {
        let calls = views.iter().map(|view| {
            let keys = [self.guard(generation, view)];
            TAKE_BACK.call_with(&keys, view.token.to_string())
        });
        all_well(self.quick_run(calls.collect()).await?)
    }

    fn guard(&self, generation: &Generation, view: &GuardedView) -> String {
        let whose = (view.article_id, &view.user_id);
        self.keys().viewed(generation.name(), whose)
    }
}

fn all_well(answers: Vec<Result<Value, HotError>>) -> Result<(), HotError> {
    answers
        .into_iter()
        .try_for_each(|answer| answer.map(|_| ()))
}
