//! Reading one's own writes, waiting for what does not come, and racing for a revision.

use serde_json::json;

use super::fixture::{Answer, Yard};

const FAR: &str = "00000000ffffffff00000000ffffffff";

async fn edit(yard: &Yard, id: &str, if_match: &str, title: &str) -> Answer {
    let call = yard.call("PUT", &format!("/v1/articles/{id}")).by("kim");
    let body = json!({"title": title, "content": "Hello"});
    call.header("if-match", if_match).json(body).send().await
}

#[tokio::test]
async fn who_waits_for_an_answered_command_sees_it_every_time() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    for round in 0..100 {
        let made = yard.post(&board, &format!("Round {round}")).await;
        let path = format!("/v1/articles/{}", made.id("article_id"));
        let read = yard.call("GET", &path).after(&made).send().await;
        assert_eq!(read.json(), made.json());
        let edited = edit(&yard, &made.id("article_id"), "0", "Edited").await;
        let read = yard.call("GET", &path).after(&edited).send().await;
        assert_eq!(read.json(), edited.json());
        // Whoever comes later is not shown what was there before.
        assert_eq!(yard.call("GET", &path).send().await.json(), edited.json());
    }
    let list = format!("/v1/boards/{board}/articles?page=1");
    assert_eq!(yard.call("GET", &list).send().await.json()["total"], 100);
}

#[tokio::test]
async fn who_waits_for_a_deletion_finds_the_article_gone() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let made = yard.post(&board, "Hello").await;
    let path = format!("/v1/articles/{}", made.id("article_id"));
    let gone = yard.call("DELETE", &path).by("kim").send().await;
    let read = yard.call("GET", &path).after(&gone);
    assert_eq!(read.problem().await, "410 article-deleted");
    let list = yard.call("GET", &format!("/v1/boards/{board}/articles"));
    assert_eq!(list.send().await.json()["items"], json!([]));
}

#[tokio::test]
async fn who_waits_for_what_does_not_come_is_told_after_five_seconds() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let call = yard.call("GET", &format!("/v1/boards/{board}"));
    let problem = call.header("madang-wait-for", FAR).problem().await;
    assert_eq!(problem, "503 views-behind");
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn of_many_edits_of_one_revision_one_is_taken() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let id = yard.post(&board, "Hello").await.id("article_id");
    let titles: Vec<_> = (0..8).map(|number| format!("Edit {number}")).collect();
    let edits = titles.iter().map(|title| edit(&yard, &id, "\"0\"", title));
    let answers = futures_util::future::join_all(edits).await;
    let taken = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(taken.count(), 1);
    let refused = answers.iter().filter(|answer| answer.status == 412);
    assert_eq!(refused.count(), 7);
}

#[tokio::test]
async fn an_old_tag_brings_the_new_state() {
    let yard = Yard::open().await;
    let board = yard.board().await;
    let made = yard.post(&board, "Hello").await;
    let tag = made.header("etag").unwrap().to_owned();
    let id = made.id("article_id");
    let edited = edit(&yard, &id, &tag, "Edited").await;
    let path = format!("/v1/articles/{id}");
    let call = yard.call("GET", &path).after(&edited);
    let read = call.header("if-none-match", &tag).send().await;
    assert_eq!((read.status, read.json()), (200, edited.json()));
}
