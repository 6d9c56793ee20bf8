//! What boards before this one got wrong, each shut out by a test that names it. Some of the
//! failures of caches and outboxes that others run have nothing to happen in here; what is left of
//! them is that nothing is told twice and nothing old comes back.

use futures_util::future::join_all;
use madang::http::Role;
use serde_json::{Value, json};

use super::fixture::{Answer, NOW, Yard, token_until};

const HOUR: i64 = 3_600_000;

/// An article of Kim's, as its path.
async fn article(yard: &Yard) -> String {
    let board = yard.board().await;
    let made = yard.post(&board, "Hello").await;
    made.header("location").unwrap().to_owned()
}

async fn comment(yard: &Yard, article: &str, parent: Option<&str>) -> Answer {
    let body = json!({"content": "Words", "parent_id": parent});
    let call = yard.call("POST", &format!("{article}/comments"));
    call.by("lee").json(body).send().await
}

async fn press(yard: &Yard, method: &str, article: &str, user: &str) -> Answer {
    let call = yard.call(method, &format!("{article}/like"));
    let pressed = call.by(user).send().await;
    assert_eq!(pressed.status, 204, "{}", pressed.shown());
    pressed
}

/// What readers see who wait for what `command` did.
async fn seen(yard: &Yard, path: &str, command: &Answer) -> Value {
    yard.call("GET", path).after(command).send().await.json()
}

/// Yesterday's list, an hour into today.
async fn popular(yard: &Yard, last: &Answer) -> Vec<Value> {
    let day = seen(yard, "/v1/popular?date=2026-11-19", last).await;
    day["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_late_word_revives_no_deleted_article() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    comment(&yard, &path, None).await;
    let gone = yard.call("DELETE", &path).by("kim").send().await;
    for (method, at) in [("PUT", "/like"), ("POST", "/views")] {
        let call = yard.call(method, &format!("{path}{at}")).by("lee");
        assert_eq!(call.problem().await, "410 article-deleted");
    }
    let late = comment(&yard, &path, None).await;
    assert_eq!(late.problem(), "410 article-deleted");
    let call = yard.call("GET", &path).after(&gone);
    assert_eq!(call.problem().await, "410 article-deleted");
}

#[tokio::test]
async fn no_count_is_overwritten_by_an_older_one() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let users: Vec<String> = (0..40).map(|number| format!("user {number}")).collect();
    let likes = users.iter().map(|user| press(&yard, "PUT", &path, user));
    let comments = users.iter().map(|_| comment(&yard, &path, None));
    let (likes, comments) = tokio::join!(join_all(likes), join_all(comments));
    let position = |answer: &Answer| answer.header("madang-position").unwrap().to_owned();
    let last = likes.iter().chain(&comments).max_by_key(|a| position(a));
    let article = seen(&yard, &path, last.unwrap()).await;
    assert_eq!(
        (&article["like_count"], &article["comment_count"]),
        (&json!(40), &json!(40))
    );
}

#[tokio::test]
async fn nothing_is_told_twice() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let first = press(&yard, "PUT", &path, "lee").await;
    let again = press(&yard, "PUT", &path, "lee").await;
    assert_eq!(
        first.header("madang-position"),
        again.header("madang-position")
    );
    let article = seen(&yard, &path, &again).await;
    assert_eq!(article["like_count"], 1);
}

#[tokio::test]
async fn no_list_shows_what_was_there_before() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let comments = format!("{path}/comments");
    for round in 1..=30 {
        // Fills the cache with what is about to be old.
        yard.call("GET", &comments).send().await;
        let made = comment(&yard, &path, None).await;
        let waited = seen(&yard, &comments, &made).await;
        let cached = yard.call("GET", &comments).send().await.json();
        assert_eq!(waited["items"].as_array().unwrap().len(), round);
        assert_eq!(waited, cached);
    }
}

#[tokio::test]
async fn an_unlike_leaves_ten_in_the_top_ten() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let mut last = None;
    for number in 0..11 {
        let made = yard.post(&board, &format!("Number {number}")).await;
        let path = made.header("location").unwrap().to_owned();
        press(&yard, "PUT", &path, "lee").await;
        last = Some((press(&yard, "PUT", &path, "rhee").await, path));
    }
    let (liked, path) = last.unwrap();
    // The newest of equals is the eleventh.
    yard.advance(24 * HOUR);
    assert_eq!(popular(&yard, &liked).await.len(), 10);
    yard.advance(-24 * HOUR);
    let first = popular_path(&yard, &liked).await;
    assert_ne!(first, path);
    press(&yard, "DELETE", &first, "lee").await;
    let unliked = press(&yard, "DELETE", &first, "rhee").await;
    yard.advance(24 * HOUR);
    let items = popular(&yard, &unliked).await;
    assert_eq!(items.len(), 10);
    let named = |item: &Value| {
        format!(
            "/v1/articles/{}",
            item["article"]["article_id"].as_str().unwrap()
        )
    };
    assert!(items.iter().all(|item| named(item) != first));
    assert_eq!(named(&items[9]), path);
}

/// The article at the top of yesterday's list, seen from tomorrow.
async fn popular_path(yard: &Yard, last: &Answer) -> String {
    yard.advance(24 * HOUR);
    let items = popular(yard, last).await;
    yard.advance(-24 * HOUR);
    let id = items[0]["article"]["article_id"].as_str().unwrap();
    format!("/v1/articles/{id}")
}

#[tokio::test]
async fn no_view_is_lost_for_want_of_company() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let call = yard.call("POST", &format!("{path}/views")).by("lee");
    let viewed = call.send().await;
    assert_eq!(
        (viewed.status, &viewed.json()["counted"]),
        (200, &json!(true))
    );
    assert_eq!(seen(&yard, &path, &viewed).await["view_count"], 1);
}

#[tokio::test]
async fn popular_goes_by_when_it_happened_and_not_by_when_it_was_folded() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    press(&yard, "PUT", &path, "lee").await;
    // 2026-11-20 in Seoul, where it was the afternoon before.
    yard.advance(8 * HOUR);
    let token = token_until(NOW + 24 * HOUR, "rhee", &[]);
    let call = yard.call("PUT", &format!("{path}/like"));
    let call = call.header("authorization", &format!("Bearer {token}"));
    let late = call.send().await;
    assert_eq!(late.status, 204);
    yard.advance(16 * HOUR);
    assert_eq!(popular(&yard, &late).await[0]["score"], 3);
}

#[tokio::test]
async fn paths_collide_for_nobody() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let root = comment(&yard, &path, None).await.id("comment_id");
    let replies = (0..50).map(|_| comment(&yard, &path, Some(&root)));
    let made = join_all(replies).await;
    let position = |answer: &Answer| answer.header("madang-position").unwrap().to_owned();
    let last = made.iter().max_by_key(|answer| position(answer)).unwrap();
    let thread = format!("{path}/comments?page=1&size=100");
    let thread = seen(&yard, &thread, last).await;
    assert_eq!(thread["total"], 51);
    let ids = thread["items"].as_array().unwrap().iter().skip(1);
    let ids: Vec<u64> = ids
        .map(|item| item["comment_id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(ids.is_sorted() && ids.len() == 50);
}

#[tokio::test]
async fn no_reply_hangs_on_another_articles_comment() {
    let yard = Yard::open().await;
    let (here, there) = (article(&yard).await, article(&yard).await);
    let elsewhere = comment(&yard, &there, None).await.id("comment_id");
    let reply = comment(&yard, &here, Some(&elsewhere)).await;
    assert_eq!(reply.problem(), "422 parent-elsewhere");
}

#[tokio::test]
async fn deleted_words_are_never_returned() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let parent = comment(&yard, &path, None).await.id("comment_id");
    comment(&yard, &path, Some(&parent)).await;
    let one = format!("/v1/comments/{parent}");
    let list = format!("{path}/comments");
    yard.call("GET", &list).send().await;
    let gone = yard.call("DELETE", &one).by("lee").send().await;
    for at in [&list, &format!("{path}/comments?parent=root"), &one] {
        let shown = seen(&yard, at, &gone).await;
        let shown = shown["items"].get(0).unwrap_or(&shown);
        assert_eq!(
            (&shown["deleted"], &shown["content"]),
            (&json!(true), &Value::Null)
        );
        assert_eq!(shown["writer"], Value::Null);
        let cached = yard.call("GET", at).send().await;
        assert_eq!(
            cached.json()["items"].get(0).unwrap_or(shown)["content"],
            Value::Null
        );
    }
}

#[tokio::test]
async fn a_like_that_is_sent_again_stays_a_like() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    for _ in 0..5 {
        press(&yard, "PUT", &path, "lee").await;
    }
    let again = press(&yard, "PUT", &path, "lee").await;
    let call = yard.call("GET", &format!("{path}/like")).by("lee");
    assert_eq!(call.after(&again).send().await.json()["liked"], true);
}

#[tokio::test]
async fn no_rule_that_says_no_is_a_broken_server() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let comment = comment(&yard, &path, None).await.id("comment_id");
    let one = format!("/v1/comments/{comment}");
    let body = json!({"content": "Mine now"});
    let stolen = yard.call("PUT", &one).by("rhee").json(body.clone());
    assert_eq!(stolen.problem().await, "403 not-the-writer");
    yard.call("DELETE", &one)
        .with("rhee", Role::Moderator)
        .send()
        .await;
    let late = yard.call("PUT", &one).by("lee").json(body);
    assert_eq!(late.problem().await, "410 comment-deleted");
    let nobody = yard.call("PUT", "/v1/articles/7/like").by("lee");
    assert_eq!(nobody.problem().await, "404 article-not-found");
}

#[tokio::test]
async fn every_id_is_a_string_that_javascript_leaves_alone() {
    fn is_safe(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.as_f64().is_some_and(|n| n < 9_007_199_254_740_992.0),
            Value::Array(items) => items.iter().all(is_safe),
            Value::Object(fields) => fields.iter().all(|(name, value)| {
                is_safe(value) && (!name.ends_with("_id") || value.is_string() || value.is_null())
            }),
            _ => true,
        }
    }
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let made = comment(&yard, &path, None).await;
    for at in [
        path.clone(),
        format!("{path}/comments"),
        "/v1/boards".into(),
    ] {
        assert!(is_safe(&seen(&yard, &at, &made).await), "{at}");
    }
}

#[tokio::test]
async fn who_asks_is_told_by_the_token_and_not_by_the_url() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let call = yard.call("PUT", &format!("{path}/like?user_id=rhee"));
    let liked = call.by("lee").send().await;
    for (user, likes) in [("rhee", false), ("lee", true)] {
        let call = yard.call("GET", &format!("{path}/like?user_id=rhee"));
        let said = call.by(user).after(&liked).send().await;
        assert_eq!(said.json()["liked"], likes, "{user}");
    }
}

#[tokio::test]
async fn two_spellings_are_two_users() {
    let yard = Yard::open().await;
    let path = article(&yard).await;
    let mut last = None;
    for user in ["kim", "Kim", "KIM", "kim ", "kım"] {
        last = Some(press(&yard, "PUT", &path, user).await);
    }
    let article = seen(&yard, &path, &last.unwrap()).await;
    assert_eq!(article["like_count"], 5);
}
