//! Comments: under what they are written, and who comes second.

mod broken;
mod overtaken;

use madang::domain::board::{BoardSettings, CommentDepth};
use madang::domain::comment::CommentRejection;
use madang::domain::{ArticleId, CommentId, Revision};
use madang::event_store::StreamName;
use serde_json::{Value, json};

use super::{Square, by, comment, content, draft, refused, settings};

fn seven<T: std::str::FromStr<Err: std::fmt::Debug>>() -> T {
    "7".parse().unwrap()
}

impl Square {
    /// What the newest event says.
    async fn newest(&self) -> Value {
        let events = self.events().await;
        serde_json::from_str(&events.last().unwrap().data).unwrap()
    }

    /// Kim deletes a comment.
    async fn remove(&self, id: CommentId) {
        let deleted = self
            .commands
            .delete_comment(&by("kim"), (id, None), false)
            .await;
        deleted.unwrap();
    }

    /// Kim deletes the article.
    async fn clear(&self) {
        let which = (self.article, None);
        let deleted = self.commands.delete_article(&by("kim"), which, false).await;
        deleted.unwrap();
    }

    /// Another article of Kim's.
    async fn another(&self) -> ArticleId {
        let posted = self
            .commands
            .create_article(&by("kim"), draft(self.board))
            .await;
        posted.unwrap().state.id
    }

    async fn limit_depth(&self, depth: u64) {
        let settings = BoardSettings {
            max_comment_depth: CommentDepth::new(depth).unwrap(),
            ..settings("Plaza")
        };
        let which = (self.board, None);
        let limited = self
            .commands
            .update_board(&by("root"), which, settings)
            .await;
        limited.unwrap();
    }
}

#[tokio::test]
async fn a_comment_knows_all_that_is_above_it() {
    let square = Square::open().await;
    let root = square.comment(None).await;
    let reply = square.comment(Some(root)).await;
    let draft = comment(square.article, Some(reply));
    let done = square.commands.create_comment(&by("lee"), draft).await;
    let done = done.unwrap();
    assert_eq!(done.state.ancestors, [root, reply]);
    assert_eq!(done.position.prepare(), square.head().await);
    let expected = json!({
        "comment_id": done.state.id.to_string(),
        "article_id": square.article.to_string(),
        "ancestors": [root.to_string(), reply.to_string()],
        "content": "Me, too.",
        "writer_name": "Kim",
    });
    assert_eq!(square.newest().await, expected);
}

#[tokio::test]
async fn each_comment_has_a_stream_of_its_own() {
    let square = Square::open().await;
    let root = square.comment(None).await;
    let reply = square.comment(Some(root)).await;
    square.remove(reply).await;
    let events = square.events().await;
    let streams = events[2..].iter().map(|e| (e.stream.clone(), e.revision.0));
    let expected = [(root, 0), (reply, 0), (reply, 1)];
    assert!(streams.eq(expected.map(|(id, revision)| (StreamName::comment(id), revision))));
}

#[tokio::test]
async fn an_edit_and_a_deletion_follow_in_its_stream() {
    let square = Square::open().await;
    let id = square.comment(None).await;
    let edit = content("Me!");
    let edited = square
        .commands
        .update_comment(&by("kim"), (id, Some(Revision(0))), edit)
        .await;
    let edited = edited.unwrap();
    assert_eq!(edited.state.content, content("Me!"));
    assert_eq!(
        (edited.position.prepare(), edited.state.revision),
        (4, Revision(1))
    );
    let seen = (id, Some(Revision(1)));
    let deleted = square.commands.delete_comment(&by("mo"), seen, true).await;
    let deleted = deleted.unwrap();
    assert_eq!(
        (deleted.position.prepare(), deleted.state.deleted),
        (5, true)
    );
    let expected = ["CommentCreated", "CommentUpdated", "CommentDeleted"];
    assert_eq!(square.since().await, expected);
}

#[tokio::test]
async fn an_edit_that_changes_nothing_appends_nothing() {
    let square = Square::open().await;
    let id = square.comment(None).await;
    let same = content("Me, too.");
    let again = square
        .commands
        .update_comment(&by("kim"), (id, None), same)
        .await;
    let again = again.unwrap();
    assert_eq!(
        (again.position.prepare(), again.state.revision),
        (3, Revision(0))
    );
    assert_eq!(square.head().await, 3);
}

#[tokio::test]
async fn a_deleted_comment_is_not_replied_to() {
    let square = Square::open().await;
    let root = square.comment(None).await;
    square.remove(root).await;
    let draft = comment(square.article, Some(root));
    let reply = square.commands.create_comment(&by("lee"), draft).await;
    assert_eq!(refused(reply), (CommentRejection::ParentDeleted, Some(4)));
    assert_eq!(square.head().await, 4);
}

#[tokio::test]
async fn what_was_written_below_it_before_may_be_replied_to() {
    let square = Square::open().await;
    let root = square.comment(None).await;
    let reply = square.comment(Some(root)).await;
    square.remove(root).await;
    let deep = square.comment(Some(reply)).await;
    let above = json!([root.to_string(), reply.to_string()]);
    let newest = square.newest().await;
    assert_eq!(newest["comment_id"], deep.to_string());
    assert_eq!(newest["ancestors"], above);
}

#[tokio::test]
async fn a_reply_stays_under_the_article_of_its_parent() {
    let square = Square::open().await;
    let root = square.comment(None).await;
    let elsewhere = comment(square.another().await, Some(root));
    let reply = square.commands.create_comment(&by("lee"), elsewhere).await;
    assert_eq!(refused(reply), (CommentRejection::ParentElsewhere, Some(4)));
    assert_eq!(square.head().await, 4);
}

#[tokio::test]
async fn threads_grow_as_deep_as_the_board_allows_now() {
    let square = Square::open().await;
    let one = square.comment(None).await;
    let two = square.comment(Some(one)).await;
    let three = square.comment(Some(two)).await;
    square.limit_depth(2).await;
    for (parent, deep) in [
        (None, false),
        (Some(one), false),
        (Some(two), true),
        (Some(three), true),
    ] {
        let draft = comment(square.article, parent);
        let reply = square.commands.create_comment(&by("lee"), draft).await;
        let too_deep = CommentRejection::TooDeep { max: 2 };
        if deep {
            // The limit that was read is newer than all else.
            assert_eq!(refused(reply), (too_deep, Some(6)));
        } else {
            assert!(reply.is_ok(), "{parent:?}");
        }
    }
    square.limit_depth(4).await;
    square.comment(Some(three)).await;
}

#[tokio::test]
async fn a_hundred_levels_and_no_more() {
    let square = Square::open().await;
    let mut parent = None;
    for _ in 0..100 {
        parent = Some(square.comment(parent).await);
    }
    let draft = comment(square.article, parent);
    let reply = square.commands.create_comment(&by("lee"), draft).await;
    let too_deep = CommentRejection::TooDeep { max: 100 };
    assert_eq!(refused(reply), (too_deep, Some(102)));
}

#[tokio::test]
async fn nothing_is_done_to_comments_of_a_deleted_article() {
    let square = Square::open().await;
    let id = square.comment(None).await;
    square.clear().await;
    let (commands, gone) = (&square.commands, CommentRejection::ArticleDeleted);
    for parent in [None, Some(id)] {
        let draft = comment(square.article, parent);
        let reply = commands.create_comment(&by("lee"), draft).await;
        assert_eq!(refused(reply), (gone, Some(4)));
    }
    let edit = commands
        .update_comment(&by("kim"), (id, None), content("x"))
        .await;
    assert_eq!(refused(edit), (gone, Some(4)));
    let deletion = commands.delete_comment(&by("mo"), (id, None), true).await;
    assert_eq!(refused(deletion), (gone, Some(4)));
    assert_eq!(square.head().await, 4);
}

/// Closed boards take no new articles; the old ones may still be talked about.
#[tokio::test]
async fn a_closed_board_still_takes_comments() {
    let square = Square::open().await;
    let closed = square.commands.close_board(&by("root"), square.board).await;
    closed.unwrap();
    let root = square.comment(None).await;
    square.comment(Some(root)).await;
    square.remove(root).await;
    assert_eq!(square.head().await, 6);
}

#[tokio::test]
async fn what_never_was_is_not_found() {
    let square = Square::open().await;
    let commands = &square.commands;
    let nowhere = commands
        .create_comment(&by("kim"), comment(seven(), Some(seven())))
        .await;
    let article_not_found = CommentRejection::ArticleNotFound;
    assert_eq!(refused(nowhere), (article_not_found, None));
    let lost = commands
        .create_comment(&by("kim"), comment(square.article, Some(seven())))
        .await;
    let parent_not_found = CommentRejection::ParentNotFound;
    assert_eq!(refused(lost), (parent_not_found, Some(2)));
    let edit = commands
        .update_comment(&by("kim"), (seven(), None), content("x"))
        .await;
    assert_eq!(refused(edit), (CommentRejection::NotFound, None));
    let deletion = commands
        .delete_comment(&by("kim"), (seven(), None), true)
        .await;
    assert_eq!(refused(deletion), (CommentRejection::NotFound, None));
    assert_eq!(square.head().await, 2);
}

#[tokio::test]
async fn others_do_not_touch_a_comment() {
    let square = Square::open().await;
    let (commands, id) = (&square.commands, square.comment(None).await);
    for stranger in ["lee", "Kim"] {
        let not_theirs = (CommentRejection::NotWriter, Some(3));
        let edit = commands
            .update_comment(&by(stranger), (id, None), content("x"))
            .await;
        assert_eq!(refused(edit), not_theirs);
        let deletion = commands
            .delete_comment(&by(stranger), (id, None), false)
            .await;
        assert_eq!(refused(deletion), not_theirs);
    }
    let current = Revision(0);
    let stale = commands
        .delete_comment(&by("mo"), (id, Some(Revision(1))), true)
        .await;
    let expected = (CommentRejection::Stale { current }, Some(3));
    assert_eq!(refused(stale), expected);
    assert_eq!(square.head().await, 3);
}

#[tokio::test]
async fn the_same_command_again_is_the_same_command() {
    let square = Square::open().await;
    let (commands, origin, id) = (&square.commands, by("kim"), seven());
    let draft = || comment(square.article, None);
    let first = commands.create_comment_as(&origin, id, draft()).await;
    let first = first.unwrap();
    let edit = commands
        .update_comment(&by("kim"), (id, None), content("x"))
        .await;
    edit.unwrap();
    let again = commands.create_comment_as(&origin, id, draft()).await;
    assert_eq!(again.unwrap(), first);
    let other = commands.create_comment_as(&by("kim"), id, draft()).await;
    assert_eq!(refused(other), (CommentRejection::Exists, Some(4)));
    assert_eq!(square.head().await, 4);
}
