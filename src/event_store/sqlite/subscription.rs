//! `subscribe_all`: pages after a position, then follows the head that the writer publishes.
//!
//! The head only says that there is something to read. What is reported always comes from the
//! file, after the last position reported, so there is no seam between the past and the present.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::read::Readers;
use crate::event_store::{Position, RecordedEvent, Reported, StoreError, Subscription};

/// Reports that wait for the subscriber.
const CHANNEL: usize = 1024;
/// The most events of a page.
const PAGE_EVENTS: usize = 1024;
/// The events of the first page, before anything is known of their size.
const FIRST_PAGE_EVENTS: usize = 64;
/// About how many bytes a page has at most, judging by the page before.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
/// How often a log that another process writes is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

type Reports = mpsc::Sender<Result<Reported, StoreError>>;

/// Why a subscription is over: the subscriber left, the log was closed, or an error that was sent.
struct Over;

/// How a subscription learns that there is more.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// From the writer of this process.
    Published(watch::Receiver<Position>),
    /// By looking.
    Looked,
}

/// Starts reporting what stands after `after`.
pub(super) fn start(readers: Readers, news: News, after: Position) -> Subscription {
    let (reports, receiver) = mpsc::channel(CHANNEL);
    let follower = Follower {
        readers,
        reports,
        at: after,
        page: FIRST_PAGE_EVENTS,
    };
    tokio::spawn(async move {
        let Over = follower.run(news).await;
    });
    Subscription::new(receiver)
}

struct Follower {
    readers: Readers,
    reports: Reports,
    at: Position,
    page: usize,
}

impl Follower {
    async fn run(mut self, mut news: News) -> Over {
        let mut told = false;
        loop {
            let head = match self.head(&mut news).await {
                Ok(head) => head,
                Err(error) => return self.give_up(error).await,
            };
            if let Err(over) = self.report_up_to(head).await {
                return over;
            }
            if !told && self.reports.send(Ok(Reported::CaughtUp)).await.is_err() {
                return Over;
            }
            told = true;
            if let Err(over) = self.wait(&mut news).await {
                return over;
            }
        }
    }

    async fn head(&self, news: &mut News) -> Result<Position, StoreError> {
        match news {
            News::Published(head) => Ok(*head.borrow_and_update()),
            News::Looked => self.readers.head().await,
        }
    }

    async fn wait(&self, news: &mut News) -> Result<(), Over> {
        let more = async {
            match news {
                News::Published(head) => head.changed().await.map_err(|_| Over),
                News::Looked => {
                    tokio::time::sleep(LOOK_EVERY).await;
                    Ok(())
                }
            }
        };
        tokio::select! {
            () = self.reports.closed() => Err(Over),
            more = more => more,
        }
    }

    /// Reads the next page while the subscriber is busy with the last.
    async fn report_up_to(&mut self, head: Position) -> Result<(), Over> {
        if self.at >= head {
            return Ok(());
        }
        let mut page = self.next_page().await?;
        while self.at < head {
            let reports = self.reports.clone();
            let (sent, next) = tokio::join!(send(&reports, page), self.next_page());
            sent?;
            page = next?;
        }
        send(&self.reports, page).await
    }

    async fn next_page(&mut self) -> Result<Vec<RecordedEvent>, Over> {
        let read = self.readers.packed(self.at, self.page).await;
        let checked = read.and_then(|page| self.without_gaps(page));
        match checked {
            Ok(page) => {
                self.note(&page);
                Ok(page)
            }
            Err(error) => Err(self.give_up(error).await),
        }
    }

    fn without_gaps(&self, page: Vec<RecordedEvent>) -> Result<Vec<RecordedEvent>, StoreError> {
        let expected = (self.at.prepare() + 1..).map(|number| Position::new(0, number));
        let gap = expected
            .clone()
            .zip(&page)
            .find(|(expected, event)| event.position != *expected);
        match (gap, page.is_empty()) {
            (Some((expected, _)), _) => Err(self.readers.missing(expected)),
            (None, true) => Err(self
                .readers
                .missing(Position::new(0, self.at.prepare() + 1))),
            (None, false) => Ok(page),
        }
    }

    fn note(&mut self, page: &[RecordedEvent]) {
        let Some(last) = page.last() else { return };
        self.at = last.position;
        let bytes: usize = page.iter().map(|e| e.data.len() + e.metadata.len()).sum();
        let each = (bytes / page.len()).max(1);
        self.page = (PAGE_BYTES / each).clamp(1, PAGE_EVENTS);
    }

    /// Sends the error, unless it only says that the log was closed.
    async fn give_up(&self, error: StoreError) -> Over {
        if !self.readers.pool.is_closed() {
            // The subscriber may have left.
            let _ = self.reports.send(Err(error)).await;
        }
        Over
    }
}

async fn send(reports: &Reports, page: Vec<RecordedEvent>) -> Result<(), Over> {
    for event in page {
        let report = Ok(Reported::Event(event));
        reports.send(report).await.map_err(|_| Over)?;
    }
    Ok(())
}
