//! The hot views: what many read at once, in Redis. It may vanish at any time and heals by itself.

mod change;
mod client;
mod entry;
mod error;
mod filling;
mod follow;
mod guard;
mod info;
mod keys;
mod pointer;
mod projecting;
mod reading;
mod script;
mod url;
mod values;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::Cmd;
use tokio::sync::watch;

use client::{Answer, Lane};
use keys::Keys;

pub use change::{ArticleChange, Batch, BoardChange, Described, Edited, PopularChange};
pub use entry::{
    Filled, HotArticle, HotBoard, HotList, HotPart, HotPopular, Missed, Moment, Read, Span,
};
pub use error::HotError;
pub use guard::GuardedView;
pub use pointer::{Advanced, At, Generation, GenerationName, Pointer, Replication};
pub use url::{HotPrefix, HotUrl, MalformedHotPrefix, MalformedHotUrl};

/// How long a reader waits for Redis before SQL answers.
const READER: Duration = Duration::from_millis(250);
/// How long the projector waits for one round trip.
const PROJECTOR: Duration = Duration::from_secs(2);

/// The hot views. Cheap to clone; all clones share the connections. Making it never waits: it connects
/// when it is used, and again when that fails.
#[derive(Clone)]
pub struct Hot(Arc<Inner>);

struct Inner {
    url: HotUrl,
    keys: Keys,
    /// For readers. Apart from the projector's, whose long batches would keep them waiting.
    quick: Lane,
    patient: Lane,
    known: watch::Sender<Option<Arc<Generation>>>,
}

impl Hot {
    /// The hot views at `url`, under `prefix`.
    pub fn new(url: HotUrl, prefix: HotPrefix) -> Self {
        Self(Arc::new(Inner {
            keys: Keys::new(prefix),
            quick: Lane::new(url.clone(), READER),
            patient: Lane::new(url.clone(), PROJECTOR),
            url,
            known: watch::Sender::new(None),
        }))
    }

    fn keys(&self) -> &Keys {
        &self.0.keys
    }

    fn quick(&self) -> &Lane {
        &self.0.quick
    }

    fn patient(&self) -> &Lane {
        &self.0.patient
    }

    fn known(&self) -> &watch::Sender<Option<Arc<Generation>>> {
        &self.0.known
    }

    /// Asks for a reader. If Redis is away, the next readers do not even ask, until it was found again.
    async fn quick_run(&self, commands: Vec<Cmd>) -> Result<Vec<Answer>, HotError> {
        let answers = self.quick().run(commands).await;
        let away = match &answers {
            Ok(answers) => answers
                .iter()
                .any(|answer| answer.as_ref().is_err_and(HotError::is_away)),
            Err(error) => error.is_away(),
        };
        if away {
            self.known().send_replace(None);
        }
        answers
    }

    async fn quick_ask(&self, command: Cmd) -> Answer {
        let mut answers = self.quick_run(vec![command]).await?;
        let missing = || HotError::foreign("an answer is missing");
        answers.pop().ok_or_else(missing)?
    }
}

impl fmt::Debug for Hot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hot({})", self.0.url)
    }
}
