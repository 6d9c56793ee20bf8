//! Which views of a batch this node counts, where others count, too: the guard that all nodes share,
//! in Redis.
//!
//! A view has its place on its own node by now (`guard`); what is asked here is whether a node that
//! the user was sent to a moment ago holds one. What must hold: Redis can only say that somebody
//! else counted the view. If it is away, slow or has forgotten, the node's own guard decides alone, and
//! nobody waits for it longer than for one answer of it.

use std::sync::Arc;

use uuid::Uuid;

use super::flush::Gathered;
use crate::hot::{Generation, GuardedView, Hot, HotError};

/// The guard of all nodes, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes(Option<Hot>);

/// What one append holds of it.
pub(super) struct Claim {
    shared: Option<(Hot, Arc<Generation>)>,
    /// Names the append: whoever finds it in a place knows that it is its own.
    token: Uuid,
    held: Vec<GuardedView>,
}

impl Nodes {
    pub(super) fn sharing(hot: Option<Hot>) -> Self {
        Self(hot)
    }

    /// The places of views that are about to be appended as the command `token`. Splits off those that
    /// another node counted a moment ago, or is about to.
    pub(super) async fn claim(
        &self,
        token: Uuid,
        views: Vec<Gathered>,
    ) -> (Claim, Vec<Gathered>, Vec<Gathered>) {
        let generation = |hot: &Hot| Some((hot.clone(), hot.generation()?));
        let mut claim = Claim {
            shared: self.0.as_ref().and_then(generation),
            token,
            held: Vec::new(),
        };
        let ours_or_theirs = claim.take(&views).await;
        let (mut ours, mut theirs) = (Vec::with_capacity(views.len()), Vec::new());
        for (view, is_ours) in views.into_iter().zip(ours_or_theirs) {
            if is_ours { &mut ours } else { &mut theirs }.push(view);
        }
        (claim, ours, theirs)
    }
}

impl Claim {
    /// Whether each view has its place, as far as anybody knows.
    async fn take(&mut self, views: &[Gathered]) -> Vec<bool> {
        let alone = vec![true; views.len()];
        let Some((hot, generation)) = &self.shared else {
            return alone;
        };
        let places: Vec<_> = views.iter().map(|view| self.place(view)).collect();
        match hot.take_views(generation, &places).await {
            Ok(taken) => {
                let held = places.into_iter().zip(&taken);
                self.held = held
                    .filter_map(|(place, taken)| taken.then_some(place))
                    .collect();
                taken
            }
            Err(error) => {
                unheard(&error);
                // It may have been heard all the same.
                self.held = places;
                alone
            }
        }
    }

    /// The views are in the log, or may be.
    pub(super) async fn confirm(&self) {
        if let Some((hot, generation)) = &self.shared {
            let done = hot.confirm_views(generation, &self.held).await;
            done.unwrap_or_else(|error| unheard(&error));
        }
    }

    /// The views are not in the log.
    pub(super) async fn take_back(&self) {
        if let Some((hot, generation)) = &self.shared {
            let done = hot.take_back_views(generation, &self.held).await;
            done.unwrap_or_else(|error| unheard(&error));
        }
    }

    fn place(&self, view: &Gathered) -> GuardedView {
        GuardedView {
            article_id: view.article_id,
            user_id: view.by.clone(),
            token: self.token,
        }
    }
}

/// Nobody's failure: the node's own guard has counted the views.
fn unheard(error: &HotError) {
    tracing::debug!(%error, "the nodes' common guard of views was not asked");
}
