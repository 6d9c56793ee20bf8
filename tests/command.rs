//! Commands over a log: two at once, a store that does not answer, and the ids of what is new.

mod answers;
mod comments;
mod ids;
mod leased;
mod likes;
mod overtaken;
mod unknown;
mod unreadable;
mod views;

use std::fmt::Debug;
use std::sync::Arc;

use madang::ambient::new_command_id;
use madang::command::article::{ArticleOutcome, Draft};
use madang::command::comment::CommentDraft;
use madang::command::{CommandError, Commands, Origin};
use madang::domain::article::Text;
use madang::domain::board::{BoardSettings, CommentDepth};
use madang::domain::text::{BoardDescription, BoardName, Content, Title, WriterName};
use madang::domain::{ArticleId, BoardId, CommentId, Timestamp, UserId};
use madang::event_store::{EventStore, Position, RecordedEvent};

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

    /// The id of a new comment of Kim's.
    async fn comment(&self, parent_id: Option<CommentId>) -> CommentId {
        let draft = comment(self.article, parent_id);
        let written = self.commands.create_comment(&by("kim"), draft).await;
        written.unwrap().state.id
    }

    /// The types of the events after the first two, in the order of the log.
    async fn since(&self) -> Vec<String> {
        let events = self.events().await.into_iter().skip(2);
        events.map(|event| event.event_type).collect()
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

fn comment(article_id: ArticleId, parent_id: Option<CommentId>) -> CommentDraft {
    CommentDraft {
        article_id,
        parent_id,
        content: content("Me, too."),
        writer_name: WriterName::parse("Kim").unwrap(),
    }
}

fn content(text: &str) -> Content {
    Content::parse(text).unwrap()
}

/// The rule that said no, and the position that was read to say so.
fn refused<A: Debug, R: Debug>(outcome: Result<A, CommandError<R>>) -> (R, Option<u64>) {
    match outcome.unwrap_err() {
        CommandError::Rejected {
            rejection,
            position,
        } => (rejection, position.map(Position::prepare)),
        other => panic!("{other:?}"),
    }
}
