//! Likes in a store that does not answer, over streams that cannot be read, and what they cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use madang::ambient::new_command_id;
use madang::command::{CommandError, Commands};
use madang::domain::{ArticleId, Revision};
use madang::event_store::{
    AppendError, EventStore as _, Expected, NewEvent, StoreError, StreamName,
};

use super::{LIKED, UNLIKED, say};
use crate::command::unknown::{Lost, Mute};
use crate::command::{Square, by};
use crate::wayward::{Whim, unknown};

#[tokio::test]
async fn a_like_without_an_answer_is_one_event() {
    for (written, times) in [(true, 1), (true, 3), (false, 1), (false, 3)] {
        let square = Square::open().await;
        let (commands, log) = square.through(Mute { times, written });
        let position = say(&commands, square.article, ("kim", true)).await;
        assert_eq!(position, 3);
        assert_eq!(say(&commands, square.article, ("kim", true)).await, 3);
        assert_eq!(square.since().await, [LIKED]);
        // The repeats, the first itself, and the first guess of the second call.
        assert_eq!(log.appends(), times + 2);
    }
}

/// Nobody knows whether the first call wrote anything; the second, a command of its own, finds out.
#[tokio::test]
async fn a_caller_who_retries_after_an_unknown_outcome_likes_once() {
    for written in [true, false] {
        let square = Square::open().await;
        let (commands, _) = square.through(Lost { written });
        let first = commands.like(&by("kim"), square.article, true).await;
        assert_eq!(first.unwrap_err(), CommandError::Store(unknown()));
        assert_eq!(say(&commands, square.article, ("kim", true)).await, 3);
        assert_eq!(square.since().await, [LIKED]);
    }
}

/// Loses the first append, or its answer, while the user takes the like back elsewhere.
struct TakenBack {
    commands: Commands,
    article: ArticleId,
    written: bool,
}

impl TakenBack {
    async fn lose(&self) -> Result<(), AppendError> {
        say(&self.commands, self.article, ("kim", false)).await;
        Err(unknown().into())
    }
}

#[async_trait]
impl Whim for TakenBack {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append == 0 && !self.written {
            return self.lose().await;
        }
        Ok(())
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        if append == 0 {
            return self.lose().await;
        }
        Ok(())
    }
}

/// The repeat is the first append and not a new word: what was said after it stays the last word.
#[tokio::test]
async fn a_repeat_does_not_undo_what_was_said_meanwhile() {
    for (written, expected) in [(true, vec![LIKED, UNLIKED]), (false, vec![LIKED])] {
        let square = Square::open().await;
        let (commands, article) = (square.commands.clone(), square.article);
        let (commands, _) = square.through(TakenBack {
            commands,
            article,
            written,
        });
        assert_eq!(say(&commands, article, ("kim", true)).await, 3);
        assert_eq!(square.since().await, expected);
    }
}

/// The article goes between the reading and the append: the log stands.
#[tokio::test]
async fn a_like_whose_article_goes_meanwhile_stands() {
    struct Goes(Commands, ArticleId);
    #[async_trait]
    impl Whim for Goes {
        async fn before(&self, _: usize) -> Result<(), AppendError> {
            let which = (self.1, None);
            let deleted = self.0.delete_article(&by("kim"), which, false).await;
            deleted.unwrap();
            Ok(())
        }
    }
    let square = Square::open().await;
    let (commands, _) = square.through(Goes(square.commands.clone(), square.article));
    assert_eq!(say(&commands, square.article, ("kim", true)).await, 4);
    assert_eq!(square.since().await, ["ArticleDeleted", LIKED]);
}

#[tokio::test]
async fn nothing_is_said_behind_an_event_that_cannot_be_read() {
    let square = Square::open().await;
    square.says("kim", true).await;
    happen(
        &square,
        Expected::Revision(Revision(0)),
        &["ArticlePraised"],
    )
    .await;
    for liked in [true, false] {
        let said = square
            .commands
            .like(&by("kim"), square.article, liked)
            .await;
        let Err(CommandError::Store(StoreError::Corrupt { place, .. })) = said else {
            panic!("it was decided on");
        };
        assert!(place.ends_with("-kim revision 1"), "{place}");
    }
    assert_eq!(square.head().await, 4);
}

/// However often somebody has changed their mind, one event tells what it is now.
#[tokio::test]
async fn nothing_is_read_but_the_newest_word() {
    let square = Square::open().await;
    happen(&square, Expected::NoStream, &["ArticlePraised", LIKED]).await;
    assert_eq!(square.says("kim", true).await, 4);
    assert_eq!(square.says("kim", false).await, 5);
}

/// Appends events of these types to what Kim thinks of the article.
async fn happen(square: &Square, expected: Expected, types: &[&'static str]) {
    let metadata = square.events().await.pop().unwrap().metadata;
    let article_id = square.article;
    let event = |event_type: &&'static str| NewEvent {
        event_id: new_command_id(),
        event_type,
        data: format!(r#"{{"article_id":"{article_id}","user_id":"kim"}}"#),
        metadata: metadata.clone(),
    };
    let stream = StreamName::like(article_id, &by("kim").actor);
    let events = types.iter().map(event).collect();
    let log = &square.yard.log;
    log.append(&stream, expected, events).await.unwrap();
}

/// Counts reads.
struct Counting(Arc<AtomicUsize>);

#[async_trait]
impl Whim for Counting {
    async fn reading(&self) -> Result<(), StoreError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test]
async fn a_first_like_reads_the_article_and_nothing_else() {
    let square = Square::open().await;
    let reads = Arc::new(AtomicUsize::new(0));
    let (commands, log) = square.through(Counting(reads.clone()));
    let mut costs = Vec::new();
    for liked in [true, true, false, false] {
        say(&commands, square.article, ("kim", liked)).await;
        costs.push((reads.swap(0, Ordering::Relaxed), log.appends()));
    }
    // The second like finds out by trying; ends of likes look first.
    assert_eq!(costs, [(1, 1), (2, 2), (2, 3), (2, 3)]);
}
