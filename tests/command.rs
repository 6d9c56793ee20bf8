//! Commands over a log: two at once, a store that does not answer, and the ids of what is new.

mod answers;
mod ids;
mod overtaken;
mod unknown;
mod unreadable;
mod views;

use std::sync::Arc;

use madang::ambient::new_command_id;
use madang::command::article::{ArticleOutcome, Draft};
use madang::command::{Commands, Origin};
use madang::domain::article::Text;
use madang::domain::board::{BoardSettings, CommentDepth};
use madang::domain::text::{BoardDescription, BoardName, Content, Title, WriterName};
use madang::domain::{ArticleId, BoardId, Timestamp, UserId};
use madang::event_store::{EventStore, RecordedEvent};

use crate::import::log::{Yard, everything};
use crate::wayward::{Wayward, Whim};

/// A log with a board (at position 1) and an article of Kim's on it (at position 2).
struct Square {
    yard: Yard,
    commands: Commands,
    board: BoardId,
    article: ArticleId,
}

impl Square {
    async fn open() -> Self {
        let yard = Yard::open().await;
        let commands = Commands::new(yard.log.clone(), yard.ids.clone());
        let board = commands.create_board(&by("root"), settings("Plaza")).await;
        let board = board.unwrap().state.id;
        let posted = commands.create_article(&by("kim"), draft(board)).await;
        Self {
            yard,
            commands,
            board,
            article: posted.unwrap().state.id,
        }
    }

    /// Commands that reach the log through a whim.
    fn through<W: Whim + 'static>(&self, whim: W) -> (Commands, Arc<Wayward<W>>) {
        let log = Wayward::over(self.yard.log.clone(), whim);
        let commands = Commands::new(log.clone(), self.yard.ids.clone());
        (commands, log)
    }

    /// Kim gives the article a title, by `commands`.
    async fn retitle(&self, commands: &Commands, title: &str) -> ArticleOutcome {
        let which = (self.article, None);
        commands
            .update_article(&by("kim"), which, text(title))
            .await
    }

    async fn events(&self) -> Vec<RecordedEvent> {
        everything(&*self.yard.log).await
    }

    /// The titles that the article was given, in the order of the log.
    async fn titles(&self) -> Vec<String> {
        let events = self.events().await;
        let of = |e: &RecordedEvent| {
            let data: serde_json::Value = serde_json::from_str(&e.data).unwrap();
            data["title"].as_str().map(str::to_owned)
        };
        events.iter().filter_map(of).collect()
    }

    async fn head(&self) -> u64 {
        self.yard.log.head().await.unwrap().prepare()
    }
}

/// A command that somebody gives.
fn by(user: &str) -> Origin {
    let command_id = new_command_id();
    Origin {
        actor: UserId::parse(user).unwrap(),
        command_id,
        correlation_id: command_id,
        occurred_at: Timestamp(1_800_000_000_000),
        trace_id: None,
        import: None,
    }
}

fn settings(name: &str) -> BoardSettings {
    BoardSettings {
        name: BoardName::parse(name).unwrap(),
        description: BoardDescription::parse("").unwrap(),
        max_comment_depth: CommentDepth::default(),
    }
}

fn text(title: &str) -> Text {
    Text {
        title: Title::parse(title).unwrap(),
        content: Content::parse("Hello").unwrap(),
    }
}

fn draft(board_id: BoardId) -> Draft {
    Draft {
        board_id,
        text: text("First"),
        writer_name: WriterName::parse("Kim").unwrap(),
    }
}
