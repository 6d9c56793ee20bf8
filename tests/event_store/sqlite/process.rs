//! What takes a process of its own: being killed, a full disk, a file that may only be read.
//!
//! The test binary runs itself again with one test and an environment variable that tells it where
//! to work; without the variable that test does nothing.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use madang::ambient::Clock;
use madang::domain::Revision;
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{
    AppendError, EventStore as _, Expected, Page, Position, RecordedEvent, StoreError, StreamName,
};
use tokio::task::JoinSet;

use crate::event_store::contract::{event, events, fresh_stream, given_stream};

const WORK_IN: &str = "MADANG_TEST_WORK_IN";
const HERE: &str = "event_store::sqlite::process::";

#[expect(
    clippy::disallowed_methods,
    reason = "how the parent talks to its child"
)]
fn work_in() -> Option<PathBuf> {
    std::env::var_os(WORK_IN).map(PathBuf::from)
}

fn own_test(name: &str) -> Vec<String> {
    let binary = std::env::current_exe().unwrap();
    let test = format!("{HERE}{name}");
    let arguments = ["--exact", &test, "--nocapture", "--include-ignored"];
    std::iter::once(binary.to_str().unwrap())
        .chain(arguments)
        .map(str::to_owned)
        .collect()
}

fn start(name: &str, path: &Path) -> Child {
    let command = own_test(name);
    Command::new(&command[0])
        .args(&command[1..])
        .env(WORK_IN, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// In the child: appends by eight tasks without end, and says what was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of a_kill_in_mid_append_loses_nothing_acknowledged"]
async fn child_appends_without_end() {
    let Some(path) = work_in() else { return };
    let log = SqliteLog::open(&path, Clock::system()).await.unwrap();
    let log = std::sync::Arc::new(log);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let log = std::sync::Arc::clone(&log);
        tasks.spawn(async move {
            let (stream, mut expected) = (fresh_stream(), Expected::NoStream);
            loop {
                let two = events(2);
                let id = two[1].event_id;
                let done = log.append(&stream, expected, two).await.unwrap();
                expected = Expected::Revision(done.revision);
                let line = format!("ack {stream} {} {id} {}\n", done.revision, done.position);
                std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    tasks.join_all().await;
}

/// Lets a child append until it has acknowledged `enough` and kills it in the midst of what comes
/// next; answers with all that it acknowledged.
fn append_and_kill(path: &Path, enough: usize) -> Vec<String> {
    let mut child = start("child_appends_without_end", path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    while acknowledged.len() < enough {
        let line = lines.next().expect("the child lives").unwrap();
        acknowledged.extend(line.strip_prefix("ack ").map(str::to_owned));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let rest: Vec<_> = lines.map_while(Result::ok).collect();
    let whole = rest.iter().filter(|line| line.split(' ').count() == 5);
    acknowledged.extend(
        whole
            .filter_map(|l| l.strip_prefix("ack "))
            .map(str::to_owned),
    );
    acknowledged
}

async fn whole_log(log: &SqliteLog) -> Vec<RecordedEvent> {
    let mut all: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = all.last().map_or(Position::START, |event| event.position);
        let page = log.read_all(after, Page::forward(4096)).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[tokio::test]
async fn a_kill_in_mid_append_loses_nothing_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.db");
    let mut acknowledged = Vec::new();
    for round in 0..6 {
        acknowledged.extend(append_and_kill(&path, 40 + round * 17));
        let log = SqliteLog::open(&path, Clock::system()).await.unwrap();
        let all = whole_log(&log).await;
        assert!(
            all.iter()
                .map(|e| e.position.prepare())
                .eq(1..=all.len() as u64)
        );
        for line in &acknowledged {
            let fields: Vec<&str> = line.split(' ').collect();
            // The kill may have cut the last line short; its append still happened.
            let Ok(position) = fields[3].trim().parse::<Position>() else {
                continue;
            };
            let event = &all[usize::try_from(position.prepare()).unwrap() - 1];
            assert_eq!(event.stream.as_str(), fields[0]);
            assert_eq!(event.revision.to_string(), fields[1]);
            assert_eq!(event.event_id.to_string(), fields[2]);
        }
        assert_eq!(all.len() % 2, 0, "appends of two are all or none");
        given_stream(&log, 2).await;
        log.close().await;
    }
}

/// A child that found no such test would succeed, too.
fn assert_passed(child: &Output) {
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

/// Runs a child in a mount namespace of its own after `script`, which finds the directory in `$0`.
/// Where mounting takes more rights than we have, says so and does nothing.
fn run_after(script: &str, name: &str, directory: &Path) {
    let allowed = Command::new("unshare").args(["--mount", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "{name} is skipped: mounting needs more rights"
        );
        return;
    }
    let child = Command::new("unshare")
        .args(["--mount", "sh", "-ec", &format!("{script}; exec \"$@\"")])
        .arg(directory)
        .args(own_test(name))
        .env(WORK_IN, directory.join("log.db"))
        .output();
    assert_passed(&child.unwrap());
}

#[tokio::test]
#[ignore = "the child of a_full_disk_is_survived"]
async fn child_fills_the_disk() {
    let Some(path) = work_in() else { return };
    let ballast = path.with_file_name("ballast");
    std::fs::write(&ballast, vec![1; 5 * 1024 * 1024]).unwrap();
    let log = SqliteLog::open(&path, Clock::system()).await.unwrap();
    let mut written = 0;
    let error = loop {
        let mut big = event();
        big.data = format!("\"{}\"", "x".repeat(200_000));
        match log
            .append(&fresh_stream(), Expected::NoStream, vec![big])
            .await
        {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
    };
    let text = error.to_string();
    assert!(
        matches!(error, AppendError::Store(StoreError::Unavailable { .. })),
        "{text}"
    );
    assert!(
        text.contains("log.db") && text.contains("disk is full"),
        "{text}"
    );
    assert_eq!(whole_log(&log).await.len(), written);
    std::fs::remove_file(ballast).unwrap();
    given_stream(&log, 2).await;
    let all = whole_log(&log).await;
    assert!(
        all.iter()
            .map(|e| e.position.prepare())
            .eq(1..=written as u64 + 2)
    );
    log.close().await;
}

#[test]
fn a_full_disk_is_survived() {
    let directory = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=8m madang-test \"$0\"";
    run_after(mount, "child_fills_the_disk", directory.path());
}

#[tokio::test]
#[ignore = "the child of a_file_that_may_only_be_read_is_refused"]
async fn child_opens_what_it_may_only_read() {
    let Some(path) = work_in() else { return };
    let error = SqliteLog::open(&path, Clock::system()).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StoreError::Refused { .. }), "{text}");
    assert!(text.contains("log.db"), "{text}");
}

#[tokio::test]
async fn a_file_that_may_only_be_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.db");
    let log = SqliteLog::open(&path, Clock::system()).await.unwrap();
    let stream: StreamName = given_stream(&log, 1).await.0;
    log.close().await;
    let bind = |what: &str| format!("mount --bind {what} {what}; mount -o remount,ro,bind {what}");
    for what in ["\"$0/log.db\"", "\"$0\""] {
        let name = "child_opens_what_it_may_only_read";
        run_after(&bind(what), name, directory.path());
    }
    let log = SqliteLog::open(&path, Clock::system()).await.unwrap();
    let read = log
        .read_stream(&stream, Revision::FIRST, Page::forward(9))
        .await;
    assert_eq!(read.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "the child of a_second_process_is_refused"]
async fn child_opens_what_is_in_use() {
    let Some(path) = work_in() else { return };
    let error = SqliteLog::open(&path, Clock::system()).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StoreError::Refused { .. }), "{text}");
    assert!(
        text.contains("log.db") && text.contains("stop it first"),
        "{text}"
    );
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.db");
    let log = SqliteLog::open(&path, Clock::system()).await.unwrap();
    let child = start("child_opens_what_is_in_use", &path);
    assert_passed(&child.wait_with_output().unwrap());
    given_stream(&log, 1).await;
}
