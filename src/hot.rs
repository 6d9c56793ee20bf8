//! The hot views: what many read at once, in Redis. It may vanish at any time and heals by itself.
//!
//! An *entry* is an article, a board with the list of its newest articles, or the scores of a day: a
//! hash, and beside it a sorted set where there is a list. Each carries the position of the last event
//! folded into it. S is how far SQL is, R how far the projector says that Redis is. The projector hands
//! a batch over only when S has reached its end: whatever is in Redis, SQL has.
//!
//! What must hold: **an entry is what SQL held at the entry's own position, and every event up to R that
//! is about it is in it.** Each script is one step for Redis, so the rules are about their order only.
//!
//! 1. *Only a fill creates an entry, and an event is applied only where it is newer* than the entry's
//!    position. So what is delivered twice, by one projector or two, counts once; what comes late finds
//!    a newer position. A step that composes several events is applied only if the entry is before the
//!    first of them; if the entry is in their midst, nobody can tell which of them it holds, and it is
//!    thrown away.
//! 2. *An event whose entry is absent leaves a floor*, the position alone, for a minute. To readers it
//!    is a miss.
//! 3. *A fill needs the hole that its miss left.* The miss marks the place with a token before the
//!    snapshot of SQL is taken. An event before the mark is in the snapshot, for SQL had it first. An
//!    event after it raises the hole's position: above the position of the rows the fill is overtaken.
//!    If the hole is gone (expired, flushed, evicted), or another one is there, the fill is refused: so
//!    no memory policy and no FLUSHALL can take the evidence away. The hole lives for 10 s and proves a
//!    miss for 5 s, by one clock, that of the node which has it. And S must have reached R, or rows
//!    from a lagging copy of SQL would lack events whose floors died long ago.
//! 4. *A list is guarded by the hash beside it*: same script, same end, and the hash says how many
//!    members there are. If one of the two was evicted the count is wrong: a miss, and the next script
//!    throws the rest away. A list is true down to its smallest id, so smaller ids are not added unless
//!    it is complete. A deleted article leaves a tombstone with its position, which nothing brings back.
//! 5. *Every entry dies 24 h ± 10 % after its fill*, and updates keep that end, so no error outlives a
//!    day.
//! 6. *The pointer moves by compare-and-set* from what this projector wrote. If it is missing, or
//!    somebody else's, or the masters are not those with which the generation began (a write may be
//!    lost then), a new generation begins at S: other keys, so nothing of before is read or filled. Its
//!    entries are filled from snapshots at or after S, so they lack nothing before R. Names of
//!    generations are random, so an old one never comes alive again.
//!
//! Left out: reading from replicas (they lag), and any answer that needs two entries of one moment.

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
    /// How long that is good without being found again.
    good: Duration,
}

impl Hot {
    /// The hot views at `url`, under `prefix`.
    pub fn new(url: HotUrl, prefix: HotPrefix) -> Self {
        Self::with_patience(url, prefix, READER)
    }

    /// The same with readers who wait so long for an answer, and as long go on with what they know. For
    /// tests, whose machine may be busy.
    pub fn with_patience(url: HotUrl, prefix: HotPrefix, reader: Duration) -> Self {
        Self(Arc::new(Inner {
            keys: Keys::new(prefix),
            quick: Lane::new(url.clone(), reader),
            patient: Lane::new(url.clone(), PROJECTOR.max(reader)),
            url,
            known: watch::Sender::new(None),
            good: Generation::GOOD.max(reader),
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
            self.doubt();
        }
        answers
    }

    /// Redis did not answer: readers ask SQL first, until it was found again.
    fn doubt(&self) {
        self.known().send_modify(|known| {
            *known = known.as_deref().map(|known| {
                Arc::new(Generation {
                    doubtful: true,
                    ..known.clone()
                })
            });
        });
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
