//! `subscribe_all`: a keeper watches over the task that listens to the server, and puts another in its
//! place when it ends cleanly or falls silent.
//!
//! An idle log is silent, too: so a silent subscription is asked after, by reading whether there is
//! anything that it has not reported. Every other fault ends the subscription with one error; whoever
//! follows the log subscribes anew from its own checkpoint, with a back-off of its own.
//!
//! What must hold: the next listener begins after the last report, and not before the one before it is
//! gone.

use std::sync::Arc;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use super::connection::Connection;
use super::fault::{Class, Fault, refused};
use super::owner::{Listened, Progress, Reports, listen};
use super::read;
use super::spin::Broken;
use crate::ambient::jittered;
use crate::event_store::{Page, Position, Reported, StoreError, Subscription};

/// Reports that wait for the subscriber, if they are small.
const CHANNEL: usize = 1024;

/// Starts reporting what stands after `after`.
pub(super) async fn start(
    connection: Arc<Connection>,
    after: Position,
) -> Result<Subscription, StoreError> {
    check(&connection, after).await?;
    let (reports, subscription) = Reports::channel(CHANNEL);
    let keeper = Keeper {
        connection,
        reports,
        progress: Arc::new(Progress::after(after)),
    };
    tokio::spawn(keeper.run());
    Ok(subscription)
}

/// A checkpoint that lies past the end of the log has seen events that are no longer there. What is
/// new would be written below it, and never read.
async fn check(connection: &Connection, after: Position) -> Result<(), StoreError> {
    let end = read::end(connection).await?;
    if after <= end {
        return Ok(());
    }
    let detail = format!(
        "checkpoint past the head: {after} is after {end}; if the log was restored from a backup, \
         replay the views from it"
    );
    Err(refused(&connection.url, detail))
}

struct Keeper {
    connection: Arc<Connection>,
    reports: Reports,
    progress: Arc<Progress>,
}

/// How the time of one listener ended.
enum Over {
    /// Another may go on.
    Renewed(&'static str),
    /// Nobody can, or the reader has to decide.
    Failed(StoreError),
    /// The subscriber has left.
    Left,
}

impl Keeper {
    async fn run(self) {
        let closing = self.connection.closing();
        tokio::select! {
            () = self.reports.closed() => {}
            () = closing => {}
            failed = self.keep() => if let Some(error) = failed {
                self.reports.tell(Err(error)).await;
            }
        }
    }

    /// `None` if the subscriber has left.
    async fn keep(&self) -> Option<StoreError> {
        let mut renewals = 0;
        loop {
            let (before, begun) = (self.progress.last(), Instant::now());
            let why = match self.listener().await {
                Over::Renewed(why) => why,
                Over::Failed(error) => return Some(error),
                Over::Left => return None,
            };
            // An idle one that a proxy ends now and then is not to blame.
            let lived = begun.elapsed() > self.connection.limits.silence;
            let worked = lived || self.progress.last() > before;
            renewals = if worked { 1 } else { renewals + 1 };
            if renewals > self.connection.limits.renewals {
                return Some(self.unavailable(why));
            }
            tracing::info!(store = %self.connection.url, why, "the subscription is begun anew");
            sleep(jittered(self.connection.limits.pause * (renewals - 1))).await;
            if let Err(error) = check(&self.connection, self.progress.last()).await {
                return Some(error);
            }
        }
    }

    /// The time of one listener.
    async fn listener(&self) -> Over {
        let (client, generation) = match self.connection.client().await {
            Ok(present) => present,
            Err(fault) => return Over::Failed(self.failed(&fault)),
        };
        let source = (client, self.connection.url.clone());
        let listening = listen(source, Arc::clone(&self.progress), self.reports.clone());
        let mut listener = JoinSet::new();
        listener.spawn(listening);
        tokio::select! {
            ended = listener.join_next() => self.ended(generation, ended),
            over = self.silence() => {
                let gone = timeout(self.connection.limits.call, listener.shutdown()).await;
                match gone {
                    Ok(()) => over,
                    Err(_) => Over::Failed(self.unavailable("the subscription hangs")),
                }
            }
        }
    }

    fn ended(&self, generation: u64, ended: Option<Result<Listened, JoinError>>) -> Over {
        let fault = match ended {
            Some(Ok(Ok(Ok(())))) => return Over::Left,
            Some(Ok(Err(Broken::CleanEnd))) => {
                return Over::Renewed("the server ended the subscription");
            }
            Some(Ok(Ok(Err(error)))) => Fault::Said(error),
            Some(Ok(Err(Broken::Panicked(message)))) => Fault::Panicked(message),
            Some(Err(error)) => Fault::Panicked(error.to_string()),
            None => Fault::Closed,
        };
        self.connection.note(generation, Some(&fault));
        Over::Failed(self.failed(&fault))
    }

    fn failed(&self, fault: &Fault) -> StoreError {
        let (url, last) = (&self.connection.url, self.progress.last());
        match fault.class() {
            Class::Invalid => refused(
                url,
                format!(
                    "the checkpoint {last} is no position of this log; replay the views from it"
                ),
            ),
            _ => fault.of_read_all(url, last),
        }
    }

    fn unavailable(&self, why: &str) -> StoreError {
        StoreError::Unavailable {
            store: self.connection.url.to_string(),
            detail: format!("{why}, again and again"),
        }
    }

    /// Ends when nothing comes although there is something.
    async fn silence(&self) -> Over {
        let limits = &self.connection.limits;
        let step = limits.owed_silence.min(limits.silence);
        let (mut heard, mut since, mut in_vain) = (self.progress.messages(), Instant::now(), 0);
        loop {
            sleep(step).await;
            let now_heard = self.progress.messages();
            // A subscriber that takes nothing makes the listener wait.
            if now_heard != heard || self.reports.are_full() {
                (heard, since, in_vain) = (now_heard, Instant::now(), 0);
                continue;
            }
            let bound = if self.owes() { step } else { limits.silence };
            if since.elapsed() < bound {
                continue;
            }
            // Not the newest event of all, which may lie far back among the server's own.
            let beyond = self.progress.last();
            match read::all(&self.connection, beyond, Page::forward(1)).await {
                // It has spoken meanwhile.
                Ok(_) if self.progress.messages() != heard => {}
                Ok(unreported) if unreported.is_empty() => self.tell_caught_up().await,
                Ok(_) => return Over::Renewed("the server fell silent"),
                Err(error @ StoreError::Refused { .. }) => return Over::Failed(error),
                Err(error) if in_vain + 1 >= limits.renewals => return Over::Failed(error),
                Err(_) => in_vain += 1,
            }
            since = Instant::now();
        }
    }

    /// Whether the server should have said something by now.
    fn owes(&self) -> bool {
        !self.progress.is_caught_up() || self.connection.acknowledged() > self.progress.last()
    }

    /// An older server does not say so itself.
    async fn tell_caught_up(&self) {
        if self.progress.catch_up() {
            self.reports.tell(Ok(Reported::CaughtUp)).await;
        }
    }
}
