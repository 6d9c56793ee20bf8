//! Views: readers say that they read an article.
//!
//! One user counts once per article in ten minutes (`guard`), on whichever node (`claim`). What counts is
//! gathered and appended with what others viewed (`gatherer`, `flush`), and answered when it is durable. What must hold:
//! a view that was answered as counted is in the log, once; one whose append failed may be tried
//! again at once; nothing of this depends on the caller's still being there.

mod claim;
mod flush;
mod gatherer;
mod guard;
mod known;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::ids::Ids;
use super::{CommandError, Commands, Origin};
use crate::calendar::Calendar;
use crate::domain::ArticleId;
pub use crate::domain::view::ViewRejection;
use crate::event_store::{EventStore, Position, StoreError};
use crate::hot::Hot;
use claim::Nodes;
use flush::{Flushed, Gathered, Shared};
use gatherer::Gatherer;
use guard::Guard;
use known::KnownArticles;

/// The most views that wait to be gathered; further ones are told to come back. Several times what
/// a node has in flight, since those whose callers have gone wait, too.
pub const MAX_WAITING: usize = 4096;
/// The longest that stopping waits for the last flushes.
pub const STOP: Duration = Duration::from_secs(20);

/// Who counts, and which days it keeps apart.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Tells the number of the node, which names the streams.
    pub ids: Arc<Ids>,
    /// The days of the configured zone: no event holds views of two of them.
    pub calendar: Calendar,
}

/// A view that was taken note of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewDone {
    /// Whether it counts; if not, the same user viewed the same article a moment ago.
    pub counted: bool,
    /// Where the view stands. If it does not count: the later of this node's newest views and the
    /// article's newest event, as far as the node has read.
    pub position: Position,
}

/// What a view ends in.
pub type ViewOutcome = Result<ViewDone, CommandError<ViewRejection>>;

/// The counting of views on one node. Clones share it.
#[derive(Clone)]
pub struct Viewing(Arc<Inner>);

struct Inner {
    store: Arc<dyn EventStore>,
    known: KnownArticles,
    shared: Arc<Shared>,
    flushed: watch::Receiver<Position>,
    queue: mpsc::Sender<Gathered>,
    stop: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Viewing {
    /// Begins to count, into the log of `commands`, whose deletions it hears of at once; where there
    /// are several nodes, `hot` keeps what each of them counts. Ends when [`stop`](Self::stop) is
    /// called, or with its last clone.
    pub fn start(commands: &Commands, counter: Counter, hot: Option<Hot>) -> Self {
        let (tell, flushed) = watch::channel(Position::START);
        let shared = Arc::new(Shared {
            guard: Guard::new(),
            nodes: Nodes::sharing(hot),
            flushed: tell,
        });
        let (queue, views) = mpsc::channel(MAX_WAITING);
        let store = Arc::clone(&commands.store);
        let gatherer = Gatherer::new(Arc::clone(&store), Arc::clone(&shared), counter, views);
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(gatherer.run(Arc::clone(&stop)));
        Self(Arc::new(Inner {
            store,
            known: KnownArticles::new(commands.deletions.clone()),
            shared,
            flushed,
            queue,
            stop,
            task: Mutex::new(Some(task)),
        }))
    }

    /// Takes note that the caller viewed an article, and returns when it is durable. A share of an
    /// append; no read if the article was viewed within the last minute.
    pub async fn view(&self, origin: &Origin, article_id: ArticleId) -> ViewOutcome {
        let (inner, now) = (&*self.0, origin.occurred_at);
        let read = inner.known.position(&*inner.store, article_id, now);
        let read = read.await?.unwrap_or(Position::START);
        match inner.gather(origin, article_id) {
            None => Ok(ViewDone {
                counted: false,
                position: read.max(*inner.flushed.borrow()),
            }),
            Some(gathered) => {
                let position = durable(gathered?).await?;
                let newest = position.unwrap_or_else(|| *inner.flushed.borrow());
                Ok(ViewDone {
                    counted: position.is_some(),
                    position: read.max(newest),
                })
            }
        }
    }

    /// Takes no more views, and returns when those that were accepted are durable, or after
    /// [`STOP`].
    pub async fn stop(&self) {
        self.0.stop.notify_one();
        let Some(mut task) = self.0.task.lock().await.take() else {
            return;
        };
        match tokio::time::timeout(STOP, &mut task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the counting of views died"),
            Err(_) => {
                tracing::warn!("the last views were not durable in time and were dropped");
                task.abort();
            }
        }
    }
}

impl Inner {
    /// Hands a view on to be gathered; `None` if it does not count. No await between taking its
    /// place and handing it on: whoever hangs up in between would keep the place.
    fn gather(
        &self,
        origin: &Origin,
        article_id: ArticleId,
    ) -> Option<Result<oneshot::Receiver<Flushed>, StoreError>> {
        let guard = &self.shared.guard;
        let ticket = guard.take(&origin.actor, article_id, origin.occurred_at)?;
        let (answer, answered) = oneshot::channel();
        let view = Gathered {
            by: origin.actor.clone(),
            article_id,
            at: origin.occurred_at,
            ticket,
            answer,
        };
        let refused = match self.queue.try_send(view) {
            Ok(()) => return Some(Ok(answered)),
            Err(TrySendError::Full(_)) => StoreError::Busy { store: store() },
            Err(TrySendError::Closed(_)) => StoreError::Unavailable {
                store: store(),
                detail: "they are no longer counted here".to_owned(),
            },
        };
        guard.take_back(std::iter::once(ticket));
        Some(Err(refused))
    }
}

async fn durable(gathered: oneshot::Receiver<Flushed>) -> Flushed {
    gathered.await.unwrap_or_else(|_| {
        Err(StoreError::OutcomeUnknown {
            store: store(),
            detail: "their counting ended".to_owned(),
        }
        .into())
    })
}

/// What errors name, in place of a file or server.
fn store() -> String {
    "views".to_owned()
}
