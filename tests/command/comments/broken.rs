//! Comments in a store that does not answer, and over streams that cannot be read.

use async_trait::async_trait;
use madang::ambient::new_command_id;
use madang::command::{CommandError, Commands};
use madang::domain::{ArticleId, Revision};
use madang::event_store::{
    AppendError, EventStore as _, Expected, NewEvent, Position, StoreError, StreamName,
};

use crate::command::unknown::Mute;
use crate::command::{Square, by, comment, content};
use crate::wayward::Whim;

/// All that Kim can do to comments, one after the other.
async fn everything(commands: &Commands, article: ArticleId) -> Vec<u64> {
    let root = commands
        .create_comment(&by("kim"), comment(article, None))
        .await;
    let root = root.unwrap();
    let id = root.state.id;
    let reply = commands
        .create_comment(&by("kim"), comment(article, Some(id)))
        .await;
    let reply = reply.unwrap();
    let edited = commands
        .update_comment(&by("kim"), (id, None), content("x"))
        .await;
    let edited = edited.unwrap();
    let deleted = commands.delete_comment(&by("kim"), (id, None), false).await;
    let deleted = deleted.unwrap();
    let positions = [
        root.position,
        reply.position,
        edited.position,
        deleted.position,
    ];
    positions.map(Position::prepare).into()
}

#[tokio::test]
async fn without_an_answer_everything_is_still_done_once() {
    for (written, times) in [(true, 1), (true, 3), (false, 1), (false, 3)] {
        for skipped in 0..4 {
            let square = Square::open().await;
            let mute = MuteLater {
                skipped,
                mute: Mute { times, written },
            };
            let (commands, log) = square.through(mute);
            let positions = everything(&commands, square.article).await;
            assert_eq!(positions, [3, 4, 5, 6]);
            assert_eq!((square.head().await, log.appends()), (6, 4 + times));
        }
    }
}

/// A store that answers the first appends and then is mute for a while.
struct MuteLater {
    skipped: usize,
    mute: Mute,
}

#[async_trait]
impl Whim for MuteLater {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        match append.checked_sub(self.skipped) {
            Some(append) => self.mute.before(append).await,
            None => Ok(()),
        }
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        match append.checked_sub(self.skipped) {
            Some(append) => self.mute.after(append).await,
            None => Ok(()),
        }
    }
}

const METADATA: &str = r#"{"$correlationId":"019a9e7d-7c00-7000-8000-000000000001",
    "$causationId":"019a9e7d-7c00-7000-8000-000000000001",
    "actor":"kim","occurred_at":1800000000000,"schema_version":1}"#;

/// A parent, an article, a board that cannot be read: nobody replies on half of what happened.
#[tokio::test]
async fn nothing_is_decided_on_streams_that_cannot_be_read() {
    for which in 0..3 {
        let square = Square::open().await;
        let parent = square.comment(None).await;
        let stream = match which {
            0 => StreamName::comment(parent),
            1 => StreamName::board(square.board),
            _ => StreamName::article(square.article),
        };
        paint(&square, &stream).await;
        let draft = comment(square.article, Some(parent));
        let reply = square.commands.create_comment(&by("kim"), draft).await;
        let Err(CommandError::Store(StoreError::Corrupt { place, .. })) = reply else {
            panic!("{stream}: {reply:?}");
        };
        assert_eq!(place, format!("stream {stream} revision 1"));
        assert_eq!(square.head().await, 4);
    }
}

/// Appends what no release of Madang has ever written.
async fn paint(square: &Square, stream: &StreamName) {
    let painted = NewEvent {
        event_id: new_command_id(),
        event_type: "BoardPainted",
        data: "{}".to_owned(),
        metadata: METADATA.to_owned(),
    };
    let expected = Expected::Revision(Revision(0));
    let log = &square.yard.log;
    log.append(stream, expected, vec![painted]).await.unwrap();
}
