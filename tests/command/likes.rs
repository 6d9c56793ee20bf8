//! Likes: one per user and article, whatever is said how often and by how many at once.

mod broken;
mod crowd;

use madang::command::Commands;
use madang::domain::like::LikeRejection;
use madang::domain::{ArticleId, Revision};

use super::{Square, by, draft, refused};

const LIKED: &str = "ArticleLiked";
const UNLIKED: &str = "ArticleUnliked";

impl Square {
    /// A user says whether they like the article; where the newest event of theirs stands then.
    async fn says(&self, user: &str, liked: bool) -> u64 {
        say(&self.commands, self.article, (user, liked)).await
    }
}

async fn say(commands: &Commands, article: ArticleId, (user, liked): (&str, bool)) -> u64 {
    let said = commands.like(&by(user), article, liked).await;
    said.unwrap().prepare()
}

#[tokio::test]
async fn a_like_is_in_the_stream_of_the_user_and_the_article() {
    let square = Square::open().await;
    assert_eq!(square.says("kim/민지", true).await, 3);
    let event = square.events().await.pop().unwrap();
    let stream = format!("like-{}-kim%2F%EB%AF%BC%EC%A7%80", square.article);
    assert_eq!(event.stream.as_str(), stream);
    let data = format!(
        r#"{{"article_id":"{}","user_id":"kim/민지"}}"#,
        square.article
    );
    assert_eq!((event.event_type.as_str(), event.data), (LIKED, data));
}

#[tokio::test]
async fn a_like_said_twice_is_one_event() {
    let square = Square::open().await;
    assert_eq!(square.says("kim", true).await, 3);
    assert_eq!(square.says("kim", true).await, 3);
    assert_eq!(square.since().await, [LIKED]);
}

/// There is no event of theirs that could tell, so the article's own has to do.
#[tokio::test]
async fn who_never_liked_an_article_cannot_like_it_less() {
    let square = Square::open().await;
    assert_eq!(square.says("kim", false).await, 2);
    square.retitle(&square.commands, "Mine").await.unwrap();
    assert_eq!(square.says("kim", false).await, 3);
    assert_eq!(square.head().await, 3);
}

#[tokio::test]
async fn the_end_of_a_like_said_twice_is_one_event() {
    let square = Square::open().await;
    square.says("kim", true).await;
    assert_eq!(square.says("kim", false).await, 4);
    assert_eq!(square.says("kim", false).await, 4);
    assert_eq!(square.since().await, [LIKED, UNLIKED]);
}

#[tokio::test]
async fn a_like_may_come_back() {
    let square = Square::open().await;
    for (position, liked) in [(3, true), (4, false), (5, true), (6, false), (7, true)] {
        assert_eq!(square.says("kim", liked).await, position);
    }
    let event = square.events().await.pop().unwrap();
    assert_eq!(event.revision, Revision(4));
}

/// A switch that a retry turns back is how likes go wrong elsewhere. Here each call says how it shall
/// be.
#[tokio::test]
async fn a_retried_like_does_not_flip_back() {
    let square = Square::open().await;
    for _ in 0..5 {
        square.says("kim", true).await;
    }
    assert_eq!(square.since().await, [LIKED]);
    square.says("kim", false).await;
    for _ in 0..5 {
        square.says("kim", true).await;
    }
    assert_eq!(square.since().await, [LIKED, UNLIKED, LIKED]);
}

#[tokio::test]
async fn kim_and_kim_in_capitals_are_two_who_like() {
    let square = Square::open().await;
    square.says("kim", true).await;
    square.says("Kim", true).await;
    square.says("kim", false).await;
    assert_eq!(square.since().await, [LIKED, LIKED, UNLIKED]);
    assert_eq!(square.says("Kim", true).await, 4);
}

#[tokio::test]
async fn names_that_only_look_alike_are_two_who_like() {
    let square = Square::open().await;
    for user in ["a b", "a%20b", "a+b", "a-b", "a", "민", "민\u{301}"] {
        square.says(user, true).await;
    }
    assert_eq!(square.since().await, [LIKED; 7]);
}

#[tokio::test]
async fn likes_of_two_articles_have_nothing_to_do_with_each_other() {
    let square = Square::open().await;
    let posted = square
        .commands
        .create_article(&by("lee"), draft(square.board))
        .await;
    let other = posted.unwrap().state.id;
    square.says("kim", true).await;
    assert_eq!(say(&square.commands, other, ("kim", false)).await, 3);
    assert_eq!(say(&square.commands, other, ("kim", true)).await, 5);
    assert_eq!(square.says("kim", true).await, 4);
}

#[tokio::test]
async fn an_article_that_never_was_is_not_liked() {
    let square = Square::open().await;
    for liked in [true, false] {
        let seven = "7".parse().unwrap();
        let said = square.commands.like(&by("kim"), seven, liked).await;
        assert_eq!(refused(said), (LikeRejection::ArticleNotFound, None));
    }
    assert_eq!(square.head().await, 2);
}

#[tokio::test]
async fn a_deleted_article_is_neither_liked_nor_unliked() {
    let square = Square::open().await;
    square.says("kim", true).await;
    let which = (square.article, None);
    let deleted = square
        .commands
        .delete_article(&by("kim"), which, false)
        .await;
    deleted.unwrap();
    for (user, liked) in [("kim", true), ("kim", false), ("lee", true), ("lee", false)] {
        let said = square.commands.like(&by(user), square.article, liked).await;
        assert_eq!(refused(said), (LikeRejection::ArticleDeleted, Some(4)));
    }
    assert_eq!(square.head().await, 4);
}

#[tokio::test]
async fn articles_of_a_closed_board_are_still_liked() {
    let square = Square::open().await;
    let closed = square.commands.close_board(&by("root"), square.board).await;
    closed.unwrap();
    assert_eq!(square.says("kim", true).await, 4);
}
