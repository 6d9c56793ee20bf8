//! Comments whose surroundings change between reading and appending.

use async_trait::async_trait;
use madang::command::Commands;
use madang::domain::comment::CommentRejection;
use madang::domain::{ArticleId, CommentId, Revision};
use madang::event_store::AppendError;
use tokio::task::JoinSet;

use crate::command::{Square, by, comment, content, refused};
use crate::wayward::Whim;

/// Kim, who does something right before the first append of somebody else.
struct Ahead {
    commands: Commands,
    does: Does,
}

enum Does {
    DeleteComment(CommentId),
    DeleteArticle(ArticleId),
    Edit(CommentId),
}

#[async_trait]
impl Whim for Ahead {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append > 0 {
            return Ok(());
        }
        let (commands, kim) = (&self.commands, by("kim"));
        match self.does {
            Does::DeleteComment(id) => {
                let deleted = commands.delete_comment(&kim, (id, None), false).await;
                deleted.unwrap();
            }
            Does::DeleteArticle(id) => {
                let deleted = commands.delete_article(&kim, (id, None), false).await;
                deleted.unwrap();
            }
            Does::Edit(id) => {
                let edit = content("Ahead");
                let edited = commands.update_comment(&kim, (id, None), edit).await;
                edited.unwrap();
            }
        }
        Ok(())
    }
}

/// Commands of somebody whom Kim is ahead of.
fn behind(square: &Square, does: Does) -> Commands {
    let commands = square.commands.clone();
    square.through(Ahead { commands, does }).0
}

/// The log stands; what readers see of it is for the views to say.
#[tokio::test]
async fn a_reply_whose_parent_goes_meanwhile_stands() {
    let square = Square::open().await;
    let root = square.comment(None).await;
    let commands = behind(&square, Does::DeleteComment(root));
    let reply = commands
        .create_comment(&by("lee"), comment(square.article, Some(root)))
        .await
        .unwrap();
    assert_eq!(
        (reply.position.prepare(), reply.state.ancestors),
        (5, vec![root])
    );
    let expected = ["CommentCreated", "CommentDeleted", "CommentCreated"];
    assert_eq!(square.since().await, expected);
}

#[tokio::test]
async fn a_comment_whose_article_goes_meanwhile_stands() {
    let square = Square::open().await;
    let commands = behind(&square, Does::DeleteArticle(square.article));
    let written = commands
        .create_comment(&by("lee"), comment(square.article, None))
        .await;
    assert_eq!(written.unwrap().position.prepare(), 4);
    assert_eq!(square.since().await, ["ArticleDeleted", "CommentCreated"]);
}

#[tokio::test]
async fn an_edit_behind_a_deletion_is_refused() {
    let square = Square::open().await;
    let id = square.comment(None).await;
    let commands = behind(&square, Does::DeleteComment(id));
    let edit = commands
        .update_comment(&by("kim"), (id, None), content("Mine"))
        .await;
    assert_eq!(refused(edit), (CommentRejection::Deleted, Some(4)));
    assert_eq!(square.head().await, 4);
}

#[tokio::test]
async fn an_edit_behind_another_is_decided_anew() {
    let square = Square::open().await;
    let id = square.comment(None).await;
    let commands = behind(&square, Does::Edit(id));
    let edit = commands
        .update_comment(&by("kim"), (id, None), content("Mine"))
        .await;
    let done = edit.unwrap();
    assert_eq!(
        (done.position.prepare(), done.state.revision),
        (5, Revision(2))
    );
    assert_eq!(done.state.content, content("Mine"));
}

#[tokio::test]
async fn who_wants_what_the_first_has_done_adds_nothing() {
    let square = Square::open().await;
    let id = square.comment(None).await;
    let commands = behind(&square, Does::Edit(id));
    let edit = commands
        .update_comment(&by("kim"), (id, None), content("Ahead"))
        .await;
    assert_eq!(edit.unwrap().position.prepare(), 4);
    assert_eq!(square.head().await, 4);
}

#[tokio::test]
async fn a_revision_that_was_overtaken_is_stale() {
    let square = Square::open().await;
    let id = square.comment(None).await;
    let commands = behind(&square, Does::Edit(id));
    let seen = (id, Some(Revision(0)));
    let deletion = commands.delete_comment(&by("mo"), seen, true).await;
    let current = Revision(1);
    let expected = (CommentRejection::Stale { current }, Some(4));
    assert_eq!(refused(deletion), expected);
}

/// Each comment is its own stream, so nobody waits for anybody and nobody decides twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_reply_to_one_comment_never_conflict() {
    let square = Square::open().await;
    let root = square.comment(None).await;
    let (commands, log) = square.through(Calm);
    let mut tasks = JoinSet::new();
    for n in 0..200 {
        let (commands, draft) = (commands.clone(), comment(square.article, Some(root)));
        let user = by(&format!("user-{n}"));
        tasks.spawn(async move { commands.create_comment(&user, draft).await });
    }
    let outcomes = tasks.join_all().await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!((square.head().await, log.appends()), (203, 200));
}

/// A store that does as it is told.
struct Calm;

impl Whim for Calm {}
