//! Views of articles that are there, were there, and never were.

use madang::command::CommandError;
use madang::command::article::ArticleOutcome;
use madang::command::view::{ViewOutcome, ViewRejection};
use madang::command::{Commands, view::ViewDone};
use madang::domain::ArticleId;

use super::booth::{Booth, NOW, at};
use crate::command::by;

fn rejection(outcome: ViewOutcome) -> ViewRejection {
    match outcome {
        Err(CommandError::Rejected { rejection, .. }) => rejection,
        other => panic!("{other:?}"),
    }
}

async fn delete(booth: &Booth, commands: &Commands) -> ArticleOutcome {
    let which = (booth.square.article, None);
    commands.delete_article(&by("kim"), which, false).await
}

#[tokio::test]
async fn an_article_that_never_was_is_not_viewed() {
    let booth = Booth::open(&[]).await;
    let missing = ArticleId::from_i64(1).unwrap();
    let outcome = booth.viewing.view(&at("lee", NOW), missing).await;
    assert_eq!(rejection(outcome), ViewRejection::ArticleNotFound);
    assert_eq!(booth.total().await, 0);
}

#[tokio::test]
async fn a_deletion_on_this_node_is_heard_of_at_once() {
    let booth = Booth::open(&[]).await;
    booth.view("lee", NOW).await.unwrap();
    let deleted = delete(&booth, &booth.commands).await.unwrap();
    let outcome = booth.view("park", NOW).await;
    let Err(CommandError::Rejected { position, .. }) = &outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(*position, Some(deleted.position));
    assert_eq!(rejection(outcome), ViewRejection::ArticleDeleted);
    assert_eq!(booth.total().await, 1);
}

#[tokio::test]
async fn a_deletion_elsewhere_is_heard_of_within_a_minute() {
    let booth = Booth::open(&[]).await;
    booth.view("lee", NOW).await.unwrap();
    delete(&booth, &booth.square.commands).await.unwrap();
    let minute = 60_000;
    assert!(booth.view("park", NOW + minute - 1).await.unwrap().counted);
    let outcome = booth.view("choi", NOW + minute).await;
    assert_eq!(rejection(outcome), ViewRejection::ArticleDeleted);
}

#[tokio::test]
async fn a_clock_that_steps_back_makes_nobody_believe_for_longer() {
    let booth = Booth::open(&[]).await;
    booth.view("lee", NOW).await.unwrap();
    delete(&booth, &booth.square.commands).await.unwrap();
    let outcome = booth.view("park", NOW - 1).await;
    assert_eq!(rejection(outcome), ViewRejection::ArticleDeleted);
}

#[tokio::test]
async fn a_rejected_view_takes_no_place() {
    let booth = Booth::open(&[]).await;
    delete(&booth, &booth.square.commands).await.unwrap();
    for _ in 0..2 {
        let outcome = booth.view("lee", NOW).await;
        assert_eq!(rejection(outcome), ViewRejection::ArticleDeleted);
    }
}

#[tokio::test]
async fn a_view_that_does_not_count_after_an_edit_tells_of_what_was_read() {
    let booth = Booth::open(&[]).await;
    booth.view("lee", NOW).await.unwrap();
    let edited = booth
        .square
        .retitle(&booth.commands, "Second")
        .await
        .unwrap();
    let position = edited.position;
    let again = booth.view("lee", NOW + 60_000).await.unwrap();
    let expected = ViewDone {
        counted: false,
        position,
    };
    assert_eq!(again, expected);
}
