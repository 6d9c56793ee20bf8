//! The fold on a server: by two at once, and of what is as long as it can be.

use madang::domain::comment::CommentEvent;
use madang::domain::text::Content;
use madang::projections::checkpoint::verified;
use madang::projections::fold::{FoldError, OnUnfit, fold};
use madang::views::Views;
use serde_json::json;

use super::refusals::{location, made, say};
use crate::projections::readers::{comment, commented, replied};
use crate::projections::yard::{Yard, article, at, batch, dump, opened, posted, select};

/// A log with a board and an article, at positions 2 and 3.
async fn log() -> Yard {
    let mut yard = Yard::embedded().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard
}

#[tokio::test]
async fn of_two_projectors_at_once_one_folds_and_the_other_is_overtaken() {
    let (yard, database) = (log().await, made().await);
    let [one, two] = [(); 2].map(|()| location(&database.url));
    let (one, two) = (
        Views::open(&one).await.unwrap(),
        Views::open(&two).await.unwrap(),
    );
    let events = batch(&yard.events().await);
    for views in [&one, &two] {
        verified(views, &*yard.log, &yard.identity()).await.unwrap();
    }
    let from = verified(&one, &*yard.log, &yard.identity()).await.unwrap();
    let (first, second) = tokio::join!(
        fold(&one, &from, &events, OnUnfit::Fail),
        fold(&two, &from, &events, OnUnfit::Fail)
    );
    let overtaken = |folded: &Result<_, FoldError>| matches!(folded, Err(FoldError::Overtaken));
    assert!(first.is_ok() != second.is_ok());
    assert!(overtaken(&first.map(drop)) || overtaken(&second.map(drop)));
    let articles = "SELECT json_array(article_count, position) FROM board";
    assert_eq!(select(&two, articles).await, [json!([1, at(3)])]);
}

#[tokio::test]
async fn what_another_log_was_folded_into_meanwhile_takes_no_events() {
    let (yard, database) = (log().await, made().await);
    let views = Views::open(&location(&database.url)).await.unwrap();
    let from = verified(&views, &*yard.log, &yard.identity())
        .await
        .unwrap();
    let events = batch(&yard.events().await);
    for replaced in ["log_id = 'another'", "log_id = '', zone = 'UTC'"] {
        say(&database.url, format!("UPDATE checkpoint SET {replaced}")).await;
        let folded = fold(&views, &from, &events, OnUnfit::Fail).await;
        assert!(matches!(folded, Err(FoldError::Overtaken)), "{replaced}");
    }
}

#[tokio::test]
async fn the_longest_contents_are_kept_whole() {
    let long: String = "마🏡".repeat(Content::MAX_CHARS / 2);
    let (mut yard, database) = (log().await, made().await);
    let views = Views::open(&location(&database.url)).await.unwrap();
    for number in 100..200 {
        yard.happens(commented(number, 10)).await;
    }
    let begun = yard.events().await;
    let from = verified(&views, &*yard.log, &yard.identity())
        .await
        .unwrap();
    let folded = fold(&views, &from, &batch(&begun), OnUnfit::Fail).await;
    let from = folded.unwrap().checkpoint;
    for number in 100..200 {
        yard.happens(CommentEvent::Updated {
            comment_id: comment(number),
            article_id: article(10),
            content: Content::parse(&long).unwrap(),
        })
        .await;
    }
    let edits = yard.events().await.split_off(begun.len());
    let folded = fold(&views, &from, &batch(&edits), OnUnfit::Fail).await;
    folded.unwrap();
    let select_whole = "SELECT json_array(count(*), min(char_length(content)), \
         min(revision), count(modified_at)) FROM comment";
    let whole = json!([100, Content::MAX_CHARS, 1, 100]);
    assert_eq!(select(&views, select_whole).await, [whole]);
}

#[tokio::test]
async fn a_comment_deeper_than_a_path_can_tell_is_parked_and_stops_nobody() {
    let (mut yard, database) = (log().await, made().await);
    let views = Views::open(&location(&database.url)).await.unwrap();
    let above: Vec<i64> = (100..600).collect();
    yard.happens(replied(600, 10, &above)).await;
    yard.happens(commented(700, 10)).await;
    let from = verified(&views, &*yard.log, &yard.identity())
        .await
        .unwrap();
    let events = batch(&yard.events().await);
    let folded = fold(&views, &from, &events, OnUnfit::Park).await.unwrap();
    assert_eq!(folded.parked, 1);
    assert_eq!(
        dump(&views)
            .await
            .iter()
            .filter(|row| row.starts_with("comment "))
            .count(),
        1
    );
}
