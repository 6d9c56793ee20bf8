//! Runs the binary in a directory of its own, without any setting from outside.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use madang::ambient::Clock;
use madang::config::Config;
use madang::event_store::eventstoredb::{EventStoreDb, Limits};
use madang::event_store::{Credentials, EsdbUrl, EventStore};
use madang::views::Database;
use serde_json::{Value, json};

use crate::stack::{Home, Stack};

/// A directory to run in; the data directory is `data` in it.
pub(crate) struct Place {
    home: Home,
    variables: Vec<(&'static str, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// For the embedded files, whatever stack was chosen.
    pub(crate) fn new() -> Self {
        Self {
            home: Home::on(Stack::Embedded),
            variables: Vec::new(),
        }
    }

    /// On the stack that was chosen.
    pub(crate) async fn on_stack() -> Self {
        Self::on(Stack::chosen()).await
    }

    pub(crate) async fn on(stack: Stack) -> Self {
        let home = Home::on(stack);
        let variables = home.variables().await;
        Self { home, variables }
    }

    /// What tells the program to use what is here.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        self.variables.clone()
    }

    /// What a node is started with that is to serve what is here.
    pub(crate) async fn config(&self) -> Config {
        self.home.config().await
    }

    /// Where other views may be.
    pub(crate) async fn database(&self, name: &str) -> Database {
        self.home.database(name).await
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_madang"));
        command
            .args(args)
            .env_clear()
            .envs(self.variables.iter().cloned())
            .current_dir(self.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended::from(self.command(args).output().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The log, opened beside whoever writes it.
    pub(crate) async fn log(&self) -> Arc<dyn EventStore> {
        self.home.log().await
    }

    /// The log at an event store that a file names, or whoever starts the program.
    pub(crate) fn log_at(url: &str) -> Arc<dyn EventStore> {
        let url = EsdbUrl::parse(url, &Credentials::default()).unwrap();
        Arc::new(EventStoreDb::open(&url, Limits::default()))
    }

    /// The log, opened as a server would open it: nobody else may write a file meanwhile.
    pub(crate) async fn served_log(&self) -> Arc<dyn EventStore> {
        let place = self.config().await.event_store;
        place.open(Clock::system()).await.unwrap()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// Standard output as one JSON value.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

/// A line with the `id`-th post, on the board `id % boards`.
pub(crate) fn post(id: u64, boards: u64) -> String {
    json!({
        "type": "post", "id": id, "board": format!("board {}", id % boards),
        "author": format!("author {}", id % 7), "title": format!("title {id}"),
        "body": "words ".repeat(20), "created_at": 1_400_000_000_000 + id * 1000, "views": id,
        "liked_by": likers(id),
    })
    .to_string()
}

/// Every third post is liked, by two.
fn likers(id: u64) -> Vec<String> {
    let count = if id.is_multiple_of(3) { 2 } else { 0 };
    (0..count)
        .map(|number| format!("author {}", (id + number) % 7))
        .collect()
}

/// A line with a comment on the post of the same id.
pub(crate) fn comment(id: u64) -> String {
    json!({
        "type": "comment", "id": id, "post_id": id, "parent_id": null, "author": "kim",
        "body": "yes", "created_at": 1_400_000_000_500_u64 + id * 1000, "likes": 2,
    })
    .to_string()
}

/// A line with a reply, under the post of the same id, to its comment.
pub(crate) fn reply(id: u64) -> String {
    let comment = comment(id).replace("\"parent_id\":null", &format!("\"parent_id\":{id}"));
    comment.replace(
        &format!("\"id\":{id},"),
        &format!("\"id\":{},", 1_000_000 + id),
    )
}

/// Posts and comments in turn.
pub(crate) fn forum(posts: u64) -> String {
    let mut text = String::new();
    for id in 1..=posts {
        writeln!(text, "{}\n{}", post(id, 5), comment(id)).unwrap();
    }
    text
}

/// Posts in rows of `row`, each row with its comments, and then the replies to these.
pub(crate) fn threads(posts: u64, row: u64) -> String {
    let mut text = String::new();
    for first in (1..=posts).step_by(usize::try_from(row).unwrap()) {
        let ids = || first..(first + row).min(posts + 1);
        let posts = ids().map(|id| post(id, 5));
        let lines = posts.chain(ids().map(comment)).chain(ids().map(reply));
        lines.for_each(|line| writeln!(text, "{line}").unwrap());
    }
    text
}
