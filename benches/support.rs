//! What the benchmarks share.

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use madang::ambient::{Clock, new_command_id};
use madang::calendar::Calendar;
use madang::domain::article::{ArticleEvent, Text};
use madang::domain::board::{BoardEvent, BoardSettings, CommentDepth};
use madang::domain::text::{BoardDescription, BoardName, Content, Title, WriterName};
use madang::domain::{ArticleId, BoardId, Event, Timestamp, UserId};
use madang::event_store::codec::{self, Metadata};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{EventStore, Expected, NewEvent, StreamName, identity};

/// Boards that the articles stand on.
const BOARDS: i64 = 10;

/// When everything happens.
pub(crate) const WHEN: Timestamp = Timestamp(1_767_225_600_000);

/// A directory on the file system of the build, not in memory.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

/// The days of those who choose no zone.
pub(crate) fn calendar() -> Calendar {
    Calendar::named(Calendar::DEFAULT_ZONE).expect("a zone")
}

/// An event by somebody, at a fixed time.
pub(crate) fn new_event(event: impl Into<Event>) -> NewEvent {
    let command_id = new_command_id();
    let metadata = Metadata {
        correlation_id: command_id,
        causation_id: command_id,
        actor: UserId::recorded("somebody".to_owned()),
        occurred_at: WHEN,
        trace_id: None,
        import: None,
    };
    codec::encode(event.into(), codec::event_id(command_id, 0), &metadata)
}

/// The middle one.
pub(crate) fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// What the admin of a board may have chosen.
pub(crate) fn settings(number: i64) -> BoardSettings {
    BoardSettings {
        name: BoardName::recorded(format!("board {number}")),
        description: BoardDescription::recorded(String::new()),
        max_comment_depth: CommentDepth::default(),
    }
}

fn board_id(number: i64) -> BoardId {
    BoardId::from_i64(number + 1).expect("positive")
}

/// A new log of `count` articles in `directory`.
pub(crate) async fn long_log(directory: &Path, count: u64) -> Arc<SqliteLog> {
    let log = new_log(directory).await;
    post_articles(&log, count).await;
    log
}

/// A new log in `directory`, with a few boards.
pub(crate) async fn new_log(directory: &Path) -> Arc<SqliteLog> {
    let log = SqliteLog::open(&directory.join("log.db"), Clock::system()).await;
    let log = Arc::new(log.expect("a log"));
    identity::ensure(&*log, &Clock::system())
        .await
        .expect("an identity");
    for number in 0..BOARDS {
        let board_id = board_id(number);
        let settings = settings(number);
        let created = new_event(BoardEvent::Created { board_id, settings });
        log.append(
            &StreamName::board(board_id),
            Expected::NoStream,
            vec![created],
        )
        .await
        .expect("a board");
    }
    log
}

/// The id of the article with this number.
pub(crate) fn article_id(number: i64) -> ArticleId {
    ArticleId::from_i64(number + 1_000).expect("positive")
}

/// An article with a realistic text, on one of the boards.
pub(crate) fn article(number: i64) -> (ArticleId, ArticleEvent) {
    let article_id = article_id(number);
    let created = ArticleEvent::Created {
        article_id,
        board_id: board_id(number % BOARDS),
        text: Text {
            title: Title::recorded(format!("The {number}th thing that I wanted to say")),
            content: Content::recorded("It rained in the village yard. ".repeat(8)),
        },
        writer_name: WriterName::recorded("Somebody".to_owned()),
    };
    (article_id, created)
}

async fn post_articles(log: &Arc<SqliteLog>, count: u64) {
    let appends = (0..count).map(|number| {
        let log = Arc::clone(log);
        async move {
            let (article_id, created) = article(i64::try_from(number).expect("small"));
            log.append(
                &StreamName::article(article_id),
                Expected::NoStream,
                vec![new_event(created)],
            )
            .await
            .expect("an article");
        }
    });
    futures_util::stream::iter(appends)
        .buffer_unordered(1_000)
        .for_each(|()| async {})
        .await;
}

/// A figure from the system's status of a process, in megabytes.
pub(crate) fn megabytes_of(process: &str, figure: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(figure));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
