//! A store that does not say what became of an append.

use async_trait::async_trait;
use madang::command::{CommandError, Commands};
use madang::domain::{ArticleId, Revision};
use madang::event_store::{AppendError, StoreError};

use super::{Square, by, draft, settings, text};
use crate::wayward::{Whim, away, unknown};

/// A store that gives no answer to the first appends.
pub(super) struct Mute {
    pub(super) times: usize,
    pub(super) written: bool,
}

#[async_trait]
impl Whim for Mute {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append < self.times && !self.written {
            return Err(unknown().into());
        }
        Ok(())
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        if append < self.times {
            return Err(unknown().into());
        }
        Ok(())
    }
}

/// The repeat is the same append, so it happens once, whether the first was written or not.
#[tokio::test]
async fn an_append_without_an_answer_is_repeated_as_the_same_append() {
    for (written, times) in [(true, 1), (true, 3), (false, 1), (false, 3)] {
        let square = Square::open().await;
        let (commands, log) = square.through(Mute { times, written });
        let origin = by("kim");
        let which = (square.article, None);
        let done = commands.update_article(&origin, which, text("Mine")).await;
        let done = done.unwrap();
        assert_eq!(
            (done.position.prepare(), done.state.revision),
            (3, Revision(1))
        );
        assert_eq!((square.head().await, log.appends()), (3, times + 1));
    }
}

#[tokio::test]
async fn what_is_new_is_made_once_without_an_answer() {
    for written in [true, false] {
        let square = Square::open().await;
        let (commands, _) = square.through(Mute { times: 2, written });
        let board = commands
            .create_board(&by("root"), settings("New"))
            .await
            .unwrap();
        let posted = commands
            .create_article(&by("kim"), draft(board.state.id))
            .await;
        assert_eq!(board.position.prepare(), 3);
        assert_eq!(
            (posted.unwrap().position.prepare(), square.head().await),
            (4, 4)
        );
    }
}

#[tokio::test]
async fn who_gets_no_answer_for_long_is_told_that_nobody_knows() {
    for written in [true, false] {
        let square = Square::open().await;
        let (commands, log) = square.through(Mute { times: 4, written });
        let outcome = square.retitle(&commands, "Mine").await;
        assert_eq!(outcome.unwrap_err(), CommandError::Store(unknown()));
        assert_eq!(
            (log.appends(), square.head().await),
            (4, 2 + u64::from(written))
        );
    }
}

/// A store that writes the first append, gives no answer and is away from then on.
struct Fading;

#[async_trait]
impl Whim for Fading {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append > 0 {
            return Err(away().into());
        }
        Ok(())
    }

    async fn after(&self, _: usize) -> Result<(), AppendError> {
        Err(unknown().into())
    }
}

/// `Unavailable` says that nothing was written; of the repeat that is true, of the command it is not.
#[tokio::test]
async fn a_store_that_goes_away_leaves_the_outcome_unknown() {
    let square = Square::open().await;
    let (commands, _) = square.through(Fading);
    let outcome = square.retitle(&commands, "Mine").await;
    assert_eq!(square.titles().await, ["First", "Mine"]);
    assert!(
        matches!(
            outcome,
            Err(CommandError::Store(StoreError::OutcomeUnknown { .. }))
        ),
        "{outcome:?}"
    );
}

/// Loses the first answer, or the first append, and lets somebody else change the article before
/// the repeat.
struct Overtaken {
    commands: Commands,
    article: ArticleId,
    written: bool,
}

#[async_trait]
impl Whim for Overtaken {
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

impl Overtaken {
    async fn lose(&self) -> Result<(), AppendError> {
        let which = (self.article, None);
        let kim = by("kim");
        let theirs = self.commands.update_article(&kim, which, text("Theirs"));
        theirs.await.unwrap();
        Err(unknown().into())
    }
}

#[tokio::test]
async fn a_repeat_is_the_same_append_behind_those_of_others_too() {
    let titles = [["First", "Theirs", "Mine"], ["First", "Mine", "Theirs"]];
    for (written, expected) in [false, true].into_iter().zip(titles) {
        let square = Square::open().await;
        let (commands, article) = (square.commands.clone(), square.article);
        let (commands, _) = square.through(Overtaken {
            commands,
            article,
            written,
        });
        let done = square.retitle(&commands, "Mine").await.unwrap();
        assert_eq!(square.titles().await, expected);
        assert_eq!(done.position.prepare(), if written { 3 } else { 4 });
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_not_asked_twice() {
    struct Away;
    #[async_trait]
    impl Whim for Away {
        async fn before(&self, _: usize) -> Result<(), AppendError> {
            Err(away().into())
        }
    }
    let square = Square::open().await;
    let (commands, log) = square.through(Away);
    let outcome = square.retitle(&commands, "Mine").await;
    assert_eq!(outcome.unwrap_err(), CommandError::Store(away()));
    assert_eq!((log.appends(), square.head().await), (1, 2));
}
