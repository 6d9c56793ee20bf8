//! Articles that are known to be there, so that not every view reads the log.
//!
//! An article that somebody read a moment ago is taken to be there still, for at most a minute: a
//! view that follows a deletion folds to nothing anyway. A deletion on this node is heard of at
//! once, unless whoever asked for it hung up before it was done. That an article is *not* there is
//! never remembered: it may be posted the next moment.

use std::time::Duration;

use moka::future::Cache;

use super::ViewRejection;
use crate::change_counts::ChangeCounts;
use crate::command::{CommandError, load};
use crate::domain::article::{Article, ArticleStanding};
use crate::domain::{ArticleId, Timestamp, view};
use crate::event_store::{EventStore, Position, StreamName};

/// How long an article is taken to be there still, in milliseconds.
const KNOWN_MS: u64 = 60 * 1000;
/// The most articles that are remembered: some 20 MB.
const MAX_KNOWN: u64 = 100_000;

#[derive(Clone, Copy, Debug)]
struct Known {
    /// The newest event of the article that was read.
    position: Position,
    /// From before the reading.
    at: Timestamp,
    deletions: u64,
}

/// The articles, and how to find out about others.
#[derive(Debug)]
pub(super) struct KnownArticles {
    articles: Cache<ArticleId, Known>,
    /// Counts the deletions on this node.
    deletions: ChangeCounts,
}

impl KnownArticles {
    pub(super) fn new(deletions: ChangeCounts) -> Self {
        let articles = Cache::builder()
            .max_capacity(MAX_KNOWN)
            .time_to_live(Duration::from_millis(KNOWN_MS))
            .build();
        Self {
            articles,
            deletions,
        }
    }

    /// The newest event of the article that this node has read, if the article can be viewed. At most
    /// one read.
    pub(super) async fn position(
        &self,
        store: &dyn EventStore,
        id: ArticleId,
        now: Timestamp,
    ) -> Result<Option<Position>, CommandError<ViewRejection>> {
        let deletions = self.deletions.of(&id);
        if let Some(known) = self.articles.get(&id).await
            && known.deletions == deletions
            && (0..KNOWN_MS).contains(&age(known.at, now))
        {
            return Ok(Some(known.position));
        }
        let article = load::<Article>(store, &StreamName::article(id)).await?;
        let position = article.position;
        let standing = ArticleStanding::of(article.state.as_ref());
        view::decide(standing).map_err(|rejection| CommandError::Rejected {
            rejection,
            position,
        })?;
        if let Some(position) = position {
            let known = Known {
                position,
                at: now,
                deletions,
            };
            self.articles.insert(id, known).await;
        }
        Ok(position)
    }
}

/// Milliseconds; a time that has not come yet is too long ago.
fn age(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.0.saturating_sub(at.0)).unwrap_or(u64::MAX)
}
