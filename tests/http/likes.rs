//! Likes.

use serde_json::{Value, json};

use super::fixture::{Answer, Yard};

/// A yard with an article, the answer to it and where it is liked.
async fn posted() -> (Yard, Answer, String) {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let article = yard.post(&board, "First").await;
    let like = format!("{}/like", article.header("location").unwrap());
    (yard, article, like)
}

/// Where the answer stands, after a look at the rest of it.
async fn say(yard: &Yard, method: &str, like: &str) -> String {
    let answer = yard.call(method, like).by("kim").send().await;
    assert_eq!((answer.status, answer.bytes.len()), (204, 0));
    assert_eq!(answer.header("etag"), None);
    answer.header("madang-position").unwrap().to_owned()
}

/// The types of what happened to likes, oldest first.
async fn happened(yard: &Yard) -> Vec<Value> {
    let events = yard.call("GET", "/v1/audit/events?size=100").auditor();
    let events = events.send().await.json();
    let types = events["items"].as_array().unwrap().iter();
    let types = types.map(|event| event["type"].clone());
    types.skip(3).collect()
}

#[tokio::test]
async fn a_user_likes_an_article_once_however_often_they_say_so() {
    let (yard, article, like) = posted().await;
    let first = say(&yard, "PUT", &like).await;
    assert!(first.as_str() > article.header("madang-position").unwrap());
    for _ in 0..3 {
        assert_eq!(say(&yard, "PUT", &like).await, first);
    }
    assert_eq!(happened(&yard).await, ["ArticleLiked"]);
}

#[tokio::test]
async fn a_user_likes_an_article_no_more() {
    let (yard, _, like) = posted().await;
    let liked = say(&yard, "PUT", &like).await;
    let unliked = say(&yard, "DELETE", &like).await;
    assert!(unliked > liked);
    assert_eq!(say(&yard, "DELETE", &like).await, unliked);
    assert!(say(&yard, "PUT", &like).await > unliked);
    let expected = ["ArticleLiked", "ArticleUnliked", "ArticleLiked"];
    assert_eq!(happened(&yard).await, expected);
}

#[tokio::test]
async fn the_end_of_a_like_that_never_was_is_the_articles_position() {
    let (yard, article, like) = posted().await;
    let position = say(&yard, "DELETE", &like).await;
    assert_eq!(Some(position.as_str()), article.header("madang-position"));
    assert!(happened(&yard).await.is_empty());
}

#[tokio::test]
async fn kim_and_kim_in_capitals_are_two_who_like() {
    let (yard, _, like) = posted().await;
    let kim = say(&yard, "PUT", &like).await;
    let capital = yard.call("PUT", &like).by("Kim").send().await;
    assert_ne!(capital.header("madang-position"), Some(kim.as_str()));
    assert_eq!(happened(&yard).await.len(), 2);
}

#[tokio::test]
async fn nobody_likes_without_a_token() {
    let (yard, _, like) = posted().await;
    for method in ["PUT", "DELETE"] {
        let answer = yard.call(method, &like).send().await;
        assert_eq!(answer.problem(), "401 token-missing", "{method}");
        let forged = yard.call(method, &like).header("authorization", "Bearer x");
        assert_eq!(forged.problem().await, "401 token-invalid", "{method}");
    }
    assert!(happened(&yard).await.is_empty());
}

#[tokio::test]
async fn an_article_that_is_not_there_is_not_liked() {
    let (yard, _, like) = posted().await;
    say(&yard, "PUT", &like).await;
    let article = like.strip_suffix("/like").unwrap();
    let deleted = yard.call("DELETE", article).by("kim").send().await;
    for method in ["PUT", "DELETE"] {
        let lost = yard.call(method, "/v1/articles/7/like").by("kim");
        assert_eq!(lost.problem().await, "404 article-not-found");
        let gone = yard.call(method, &like).by("kim").send().await;
        assert_eq!(gone.problem(), "410 article-deleted");
        let position = deleted.header("madang-position");
        assert_eq!(gone.header("madang-position"), position);
    }
}

#[tokio::test]
async fn a_body_is_not_read() {
    let (yard, _, like) = posted().await;
    for body in ["{", "[]", "null", "\u{0}", &" ".repeat(600 * 1024)] {
        for method in ["PUT", "DELETE"] {
            let call = yard.call(method, &like).by("kim");
            let answer = call.body(body.to_owned()).send().await;
            assert_eq!(answer.status, 204, "{method}");
        }
    }
    let call = yard
        .call("PUT", &like)
        .by("kim")
        .json(json!({"liked": false}));
    assert_eq!(call.send().await.status, 204);
    assert_eq!(happened(&yard).await.last().unwrap(), "ArticleLiked");
}

#[tokio::test]
async fn conditions_are_not_for_likes() {
    let (yard, _, like) = posted().await;
    for seen in ["9", "garbage", "*"] {
        let call = yard.call("PUT", &like).by("kim").header("if-match", seen);
        assert_eq!(call.send().await.status, 204, "{seen}");
    }
}
