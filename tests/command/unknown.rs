//! A store that does not say what became of an append.

use std::time::Duration;

use async_trait::async_trait;
use madang::command::{CommandError, Commands, REPEAT_FOR};
use madang::domain::{ArticleId, Revision};
use madang::event_store::{AppendError, StoreError};
use tokio::time::{Instant, pause, resume};

use super::{Square, by, draft, settings, text};
use crate::wayward::{Whim, away, refused, unknown};

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

/// A store that gives no answer to the first append, and refuses its repeat.
pub(super) struct Lost {
    pub(super) written: bool,
}

#[async_trait]
impl Whim for Lost {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        match append {
            0 if !self.written => Err(unknown().into()),
            1 => Err(refused().into()),
            _ => Ok(()),
        }
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        if append == 0 {
            return Err(unknown().into());
        }
        Ok(())
    }
}

/// A store that gives no answer to the first append, and another to the repeats. The clock stands still
/// from the first until an append comes through: a log in a file must not be waited for by it.
struct Fading {
    written: bool,
    says: fn() -> StoreError,
    /// The append that comes through.
    until: usize,
}

#[async_trait]
impl Whim for Fading {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append == 0 && !self.written {
            pause();
            return Err(unknown().into());
        }
        if (1..self.until).contains(&append) {
            return Err((self.says)().into());
        }
        if append == self.until {
            resume();
        }
        Ok(())
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        if append == 0 {
            pause();
            return Err(unknown().into());
        }
        Ok(())
    }
}

/// Another leader is found in seconds, and a server starts again in seconds. `Unavailable` says that
/// nothing was written; of the repeat that is true, of the command it is not.
#[tokio::test]
async fn who_gets_no_answer_for_long_is_told_that_nobody_knows() {
    for (written, says) in [
        (true, unknown as fn() -> StoreError),
        (false, unknown),
        (true, away),
        (false, away),
    ] {
        let square = Square::open().await;
        let until = usize::MAX;
        let (commands, log) = square.through(Fading {
            written,
            says,
            until,
        });
        let begun = Instant::now();
        let outcome = square.retitle(&commands, "Mine").await;
        let took = begun.elapsed();
        resume();
        assert_eq!(outcome.unwrap_err(), CommandError::Store(unknown()));
        let bounds = REPEAT_FOR..REPEAT_FOR + Duration::from_secs(5);
        assert!(bounds.contains(&took), "{took:?}");
        assert!((10..30).contains(&log.appends()), "{}", log.appends());
        assert_eq!(square.head().await, 2 + u64::from(written));
    }
}

#[tokio::test]
async fn a_store_that_comes_back_settles_what_nobody_knew() {
    for written in [true, false] {
        let square = Square::open().await;
        let (says, until) = (away, 10);
        let (commands, log) = square.through(Fading {
            written,
            says,
            until,
        });
        let done = square.retitle(&commands, "Mine").await.unwrap();
        assert_eq!((done.position.prepare(), log.appends()), (3, 11));
        assert_eq!(square.titles().await, ["First", "Mine"]);
    }
}

/// Whoever refuses the repeat, for its size too, says nothing about the first.
#[tokio::test]
async fn a_repeat_that_is_refused_leaves_the_outcome_unknown() {
    struct Shrunk;
    #[async_trait]
    impl Whim for Shrunk {
        async fn before(&self, append: usize) -> Result<(), AppendError> {
            Err(if append == 0 {
                unknown().into()
            } else {
                AppendError::Size
            })
        }
    }
    let square = Square::open().await;
    let (commands, log) = square.through(Shrunk);
    let outcome = square.retitle(&commands, "Mine").await;
    assert_eq!(outcome.unwrap_err(), CommandError::Store(unknown()));
    assert_eq!(log.appends(), 2);
    let (commands, log) = square.through(Lost { written: true });
    let outcome = square.retitle(&commands, "Mine").await;
    assert_eq!(outcome.unwrap_err(), CommandError::Store(unknown()));
    assert_eq!((log.appends(), square.head().await), (2, 3));
}

/// It will not be taken later either.
#[tokio::test]
async fn an_append_that_is_too_large_is_refused() {
    struct Small;
    #[async_trait]
    impl Whim for Small {
        async fn before(&self, _: usize) -> Result<(), AppendError> {
            Err(AppendError::Size)
        }
    }
    let square = Square::open().await;
    let (commands, _) = square.through(Small);
    let outcome = square.retitle(&commands, "Mine").await.unwrap_err();
    let refused = matches!(outcome, CommandError::Store(StoreError::Refused { .. }));
    assert!(refused, "{outcome:?}");
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
