//! An import that dies at any append, done again, ends where an undisturbed one ends.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use madang::command::import::{Fate, ImportError, Importer, Record, Source, Stop};
use madang::domain::Revision;
use madang::event_store::{AppendError, EventStore as _, Expected, NewEvent, Page, StreamName};
use serde_json::Value;
use uuid::Uuid;

use super::log::{Dying, Yard, a_forum, comment, essence, its_posts_alone, liked, post, ten_posts};
use crate::wayward::{Wayward, Whim, unknown};

async fn undisturbed(keys: usize) -> Vec<String> {
    let yard = Yard::open().await;
    yard.import(yard.log.clone(), (&ten_posts(), keys))
        .await
        .1
        .unwrap();
    essence(&*yard.log).await
}

fn dying(yard: &Yard, at: usize, after_write: bool) -> Arc<Wayward<Dying>> {
    let dead = AtomicBool::new(false);
    let whim = Dying {
        at,
        after_write,
        dead,
    };
    Wayward::over(yard.log.clone(), whim)
}

#[tokio::test]
async fn dead_at_any_append_and_done_again_it_ends_the_same() {
    // In plans of 4 keys: 4 plans, 3 boards, 10 posts.
    let whole = undisturbed(4).await;
    assert_eq!(whole.len(), 17);
    for at in 0..17 {
        for after_write in [false, true] {
            let yard = Yard::open().await;
            let store = dying(&yard, at, after_write);
            let (_, outcome) = yard.import(store, (&ten_posts(), 4)).await;
            assert!(outcome.is_err(), "the store died at append {at}");
            let (fates, outcome) = yard.import(yard.log.clone(), (&ten_posts(), 4)).await;
            assert_eq!((outcome, fates.len()), (Ok(()), 10));
            assert_eq!(
                essence(&*yard.log).await,
                whole,
                "append {at}, {after_write}"
            );
        }
    }
}

/// Two processes may have had one node number. What the other one wrote does not get the post's comments.
#[tokio::test]
async fn a_planned_id_that_somebody_else_has_used_ends_the_import() {
    let yard = Yard::open().await;
    // After the plan and the board.
    let store = dying(&yard, 2, false);
    let (_, died) = yard.import(store, (&ten_posts(), 4)).await;
    died.unwrap_err();
    let stream = StreamName::import("elsewhere");
    let plan = yard
        .log
        .read_stream(&stream, Revision::FIRST, Page::forward(1));
    let plan: Value = serde_json::from_str(&plan.await.unwrap()[0].data).unwrap();
    let id = plan["ids"]["post/1"].as_str().unwrap();
    let article = StreamName::article(id.parse().unwrap());
    let theirs = NewEvent {
        event_id: Uuid::from_u128(1),
        event_type: "ArticleCreated",
        data: "{}".to_owned(),
        metadata: "{}".to_owned(),
    };
    let appended = yard.log.append(&article, Expected::NoStream, vec![theirs]);
    appended.await.unwrap();
    let again = yard.import(yard.log.clone(), (&ten_posts(), 4)).await;
    assert_eq!(again.1, Err(ImportError::Taken(article)));
}

/// Imports `records` into a log that holds `before`, once undisturbed and then with a death at every
/// append; how many events it brings.
async fn die_everywhere(before: &[Record], records: &[Record], keys: usize) -> usize {
    let yard = Yard::open().await;
    yard.bring(before, keys).await;
    let standing = essence(&*yard.log).await.len();
    yard.bring(records, keys).await;
    let whole = essence(&*yard.log).await;
    for at in 0.. {
        for after_write in [false, true] {
            let yard = Yard::open().await;
            yard.bring(before, keys).await;
            let store = dying(&yard, at, after_write);
            let (_, died) = yard.import_telling(store, (records, keys)).await;
            if died.is_ok() {
                assert!(at > 1, "it never died");
                return whole.len() - standing;
            }
            yard.bring(records, keys).await;
            let resumed = essence(&*yard.log).await;
            assert_eq!(resumed, whole, "append {at}, {after_write}");
        }
    }
    unreachable!("an import has an end")
}

#[tokio::test]
async fn comments_views_and_likes_end_the_same_wherever_it_died() {
    // 2 boards, 12 records, 3 views, 3 likes, and the plans for 14 keys.
    for (keys, plans) in [(2, 7), (3, 5), (5, 3), (1000, 1)] {
        let events = die_everywhere(&[], &a_forum(), keys).await;
        assert_eq!(events, 2 + 12 + 3 + 3 + plans, "{keys} keys");
    }
}

#[tokio::test]
async fn it_ends_the_same_wherever_it_died_also_when_posts_had_come_in_before() {
    for (keys, plans) in [(2, 4), (3, 3), (5, 2)] {
        let events = die_everywhere(&its_posts_alone(), &a_forum(), keys).await;
        assert_eq!(events, 8 + 3 + 3 + plans, "{keys} keys");
    }
}

#[tokio::test]
async fn it_ends_the_same_wherever_it_died_also_when_the_file_has_grown() {
    let before = &a_forum()[..5];
    assert!(die_everywhere(before, &a_forum(), 3).await > 10);
}

/// Two plans then interleave in the file, and what is left of one is not mixed with the other.
#[tokio::test]
async fn it_ends_the_same_wherever_it_died_also_when_the_file_has_grown_in_its_middle() {
    let whole = a_forum();
    for (keys, old) in [(2, [1, 3]), (3, [0, 5]), (4, [3, 6])] {
        let before = old.map(|index| whole[index].clone());
        assert!(die_everywhere(&before, &whole, keys).await > 10);
    }
    let whole: Vec<Record> = vec![
        post(1, "a").into(),
        liked(post(2, "a"), 1).into(),
        post(3, "a").into(),
        comment(4, 2, None).into(),
    ];
    let before = [whole[0].clone(), whole[2].clone()];
    assert_eq!(die_everywhere(&before, &whole, 2).await, 5);
}

#[tokio::test]
async fn dead_again_and_again_it_ends_the_same() {
    let whole = undisturbed(5).await;
    let yard = Yard::open().await;
    let mut runs = 0;
    loop {
        let store = dying(&yard, 1, runs % 2 == 0);
        if yard.import(store, (&ten_posts(), 5)).await.1.is_ok() {
            break;
        }
        runs += 1;
        assert!(runs < 100, "no run got further");
    }
    assert!(runs > 5);
    assert_eq!(essence(&*yard.log).await, whole);
}

#[tokio::test]
async fn a_forum_that_dies_again_and_again_ends_the_same() {
    let undisturbed = Yard::open().await;
    undisturbed.bring(&a_forum(), 4).await;
    let yard = Yard::open().await;
    let mut runs = 0;
    loop {
        let store = dying(&yard, 1, runs % 2 == 0);
        let (_, outcome) = yard.import_telling(store, (&a_forum(), 4)).await;
        if outcome.is_ok() {
            break;
        }
        runs += 1;
        assert!(runs < 100, "no run got further");
    }
    assert!(runs > 5);
    assert_eq!(essence(&*yard.log).await, essence(&*undisturbed.log).await);
}

#[tokio::test]
async fn asked_to_stop_it_stops_and_can_be_done_again() {
    let yard = Yard::open().await;
    let (source, stop) = (Source::parse("elsewhere").unwrap(), Stop::default());
    let opened = Importer::open(yard.log.clone(), yard.ids.clone(), source, stop.clone());
    let mut importer = opened.await.unwrap();
    importer.add(post(1, "a")).await.unwrap();
    stop.ask();
    assert!(importer.finish().await.is_err());
    assert_eq!((importer.take_told().len(), yard.head().await), (0, 0));
    let (fates, _) = yard.import(yard.log.clone(), (&[post(1, "a")], 1000)).await;
    assert_eq!(fates, [(1, Fate::Imported)]);
}

#[tokio::test]
async fn a_planned_post_that_was_moved_in_the_file_goes_where_the_file_says_now() {
    let yard = Yard::open().await;
    // A plan and a board are written, the post is not.
    let store = dying(&yard, 2, false);
    let (_, died) = yard.import(store, (&[post(1, "a")], 1000)).await;
    assert!(died.is_err());
    let (fates, outcome) = yard.import(yard.log.clone(), (&[post(1, "z")], 1000)).await;
    assert_eq!((fates, outcome), (vec![(1, Fate::Imported)], Ok(())));
    let events = essence(&*yard.log).await;
    let streams = events.iter().map(|e| e.split(' ').next().unwrap());
    let expected = [
        "import-elsewhere@0",
        "board-board/a@0",
        "import-elsewhere@1",
        "board-board/z@0",
        "article-post/1@0",
    ];
    assert_eq!(streams.collect::<Vec<_>>(), expected);
}

/// A log that does not say what became of one append.
struct Mute {
    at: usize,
    written: bool,
}

#[async_trait]
impl Whim for Mute {
    async fn before(&self, append: usize) -> Result<(), AppendError> {
        if append == self.at && !self.written {
            return Err(unknown().into());
        }
        Ok(())
    }

    async fn after(&self, append: usize) -> Result<(), AppendError> {
        if append == self.at {
            return Err(unknown().into());
        }
        Ok(())
    }
}

/// Views are appended together, so none of them gets behind another.
#[tokio::test]
async fn views_are_there_once_and_in_order_when_their_outcome_was_unknown() {
    let posts = [1, 2, 3].map(|id| Record::from(liked(post(id, "a"), 1)));
    let undisturbed = Yard::open().await;
    undisturbed.bring(&posts, 1000).await;
    let whole = essence(&*undisturbed.log).await;
    // A plan, a board and three posts come first.
    let at = 5;
    for written in [false, true] {
        let yard = Yard::open().await;
        let store = Wayward::over(yard.log.clone(), Mute { at, written });
        let (told, outcome) = yard.import_telling(store, (&posts, 1000)).await;
        assert_eq!((outcome, told.len()), (Ok(()), 9));
        assert!(told.iter().all(|told| told.fate == Fate::Imported));
        assert_eq!(essence(&*yard.log).await, whole, "{written}");
    }
}
