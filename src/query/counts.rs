//! How often articles were viewed, as numbers for the answers of views.
//!
//! Each answer needs the number of another article, and each change makes a cached one stale, so a
//! cache would not help. Instead the questions that come in while one read is under way are
//! answered by the next one together: a crowd costs a few reads, and nobody waits for company.

use std::collections::{BTreeSet, HashMap};

use tokio::sync::{mpsc, oneshot};

use super::{Queries, QueryError, count};
use crate::domain::ArticleId;
use crate::views::dialect::Packed;
use crate::views::{Pool, rows};

/// The most questions that wait; who comes then waits for a place.
const MAX_WAITING: usize = 1024;

type Question = (ArticleId, oneshot::Sender<Result<u64, QueryError>>);

/// Answers questions, many at a time. Ends with its last clone.
#[derive(Clone)]
pub(super) struct ViewCounts {
    questions: mpsc::Sender<Question>,
}

impl ViewCounts {
    /// Reads from `readers`. (Not from the views: whoever holds those holds their file.)
    pub(super) fn of(readers: Pool) -> Self {
        let (questions, asked) = mpsc::channel(MAX_WAITING);
        tokio::spawn(answer(readers, asked));
        Self { questions }
    }

    async fn of_article(&self, id: ArticleId) -> Result<u64, QueryError> {
        let (answer, answered) = oneshot::channel();
        let ended = || QueryError::Unavailable("nobody counts views any more".to_owned());
        let asked = self.questions.send((id, answer)).await;
        asked.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

impl Queries {
    /// How often an article was viewed, as the views have it now: for the answers of commands. 0 if
    /// they know of no such article. A share of a read.
    pub async fn view_count(&self, id: ArticleId) -> Result<u64, QueryError> {
        self.view_counts.of_article(id).await
    }
}

async fn answer(readers: Pool, mut asked: mpsc::Receiver<Question>) {
    let mut questions = Vec::with_capacity(MAX_WAITING);
    while asked.recv_many(&mut questions, MAX_WAITING).await > 0 {
        let ids: BTreeSet<_> = questions.iter().map(|(id, _)| *id).collect();
        let counts = read(&readers, ids.into_iter().collect()).await;
        for (id, answer) in questions.drain(..) {
            let count = |counts: &HashMap<_, _>| counts.get(&id.to_i64()).copied().unwrap_or(0);
            let told = counts.as_ref().map(count).map_err(Clone::clone);
            // Whoever went away does not want the answer.
            let _ = answer.send(told);
        }
    }
}

async fn read(readers: &Pool, ids: Vec<ArticleId>) -> Result<HashMap<i64, u64>, QueryError> {
    const SELECT: Packed = Packed {
        columns: "article_id, views",
        rest: "article_counts WHERE article_id IN ({})",
    };
    let mut reader = readers.acquire().await?;
    let found = rows::fetch_packed(&mut reader, &SELECT, &ids, |query, id| {
        query.bind(id.to_i64())
    });
    let found = found.await?.into_iter();
    Ok(found
        .map(|(id, views): (i64, i64)| (id, count(views)))
        .collect())
}
