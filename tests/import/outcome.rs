//! What an undisturbed import appends, and what a second one does not.

use madang::command::Commands;
use madang::command::import::{Fate, ImportError, Importer, Refusal, Source, Stop};
use madang::domain::article::ArticleRejection;
use madang::domain::{BoardId, UserId};
use serde_json::{Value, json};

use super::log::{Yard, essence, everything, post, ten_posts};

#[tokio::test]
async fn the_plan_comes_first_then_the_boards_then_the_posts_in_file_order() {
    let yard = Yard::open().await;
    let (fates, outcome) = yard.import(yard.log.clone(), (&ten_posts(), 1000)).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        fates,
        (1..=10)
            .map(|line| (line, Fate::Imported))
            .collect::<Vec<_>>()
    );
    let events = essence(&*yard.log).await;
    let streams: Vec<_> = events
        .iter()
        .map(|e| e.split('@').next().unwrap())
        .collect();
    let boards = ["board-board/a", "board-board/b", "board-board/c/b"];
    assert_eq!(streams[0], "import-elsewhere");
    assert_eq!(streams[1..4], boards);
    let posts = (1..=10)
        .map(|id| format!("article-post/{id}"))
        .collect::<Vec<_>>();
    assert_eq!(streams[4..], posts);
}

#[tokio::test]
async fn ids_are_in_file_order() {
    let yard = Yard::open().await;
    yard.import(yard.log.clone(), (&ten_posts(), 4))
        .await
        .1
        .unwrap();
    let events = everything(&*yard.log).await;
    let created = events.iter().filter(|e| e.event_type == "ArticleCreated");
    let ids = created.map(|e| {
        e.stream.as_str()["article-".len()..]
            .parse::<u64>()
            .unwrap()
    });
    let ids = ids.collect::<Vec<_>>();
    assert_eq!(ids.len(), 10);
    assert!(ids.is_sorted());
}

#[tokio::test]
async fn an_event_says_when_it_happened_who_did_it_and_where_it_comes_from() {
    let yard = Yard::open().await;
    yard.import(yard.log.clone(), (&[post(7, "talk")], 1000))
        .await
        .1
        .unwrap();
    let events = everything(&*yard.log).await;
    let of = |name: &str| {
        let event = events.iter().find(|e| e.event_type == name).unwrap();
        serde_json::from_str::<Value>(&event.metadata).unwrap()
    };
    for name in ["ImportPlanned", "BoardCreated", "ArticleCreated"] {
        assert_eq!(
            of(name)["occurred_at"],
            json!(1_400_000_007_000_i64),
            "{name}"
        );
        assert_eq!(of(name)["import"], "elsewhere", "{name}");
        assert_eq!(
            of(name)["$correlationId"],
            of("ImportPlanned")["$correlationId"]
        );
    }
    assert_eq!(of("ImportPlanned")["actor"], "system:import");
    assert_eq!(of("BoardCreated")["actor"], "system:import");
    // The first 16 digits of `printf lee | sha256sum`.
    assert_eq!(of("ArticleCreated")["actor"], "imported:1508b697895abf03");
}

#[tokio::test]
async fn a_plan_holds_as_many_keys_as_fit() {
    let yard = Yard::open().await;
    yard.import(yard.log.clone(), (&ten_posts(), 4))
        .await
        .1
        .unwrap();
    let events = everything(&*yard.log).await;
    let plans = events.iter().filter(|e| e.event_type == "ImportPlanned");
    let sizes = plans.map(|plan| {
        let data: Value = serde_json::from_str(&plan.data).unwrap();
        data["ids"].as_object().unwrap().len()
    });
    // a 1, b 2 | c/b 4, 3 … : a board is planned with its first post.
    assert_eq!(sizes.collect::<Vec<_>>(), [4, 4, 4, 1]);
}

#[tokio::test]
async fn a_second_import_adds_nothing() {
    let yard = Yard::open().await;
    yard.import(yard.log.clone(), (&ten_posts(), 4))
        .await
        .1
        .unwrap();
    let before = yard.head().await;
    let (fates, outcome) = yard.import(yard.log.clone(), (&ten_posts(), 1000)).await;
    assert_eq!(outcome, Ok(()));
    assert!(fates.iter().all(|(_, fate)| *fate == Fate::AlreadyThere));
    assert_eq!((fates.len(), yard.head().await), (10, before));
}

#[tokio::test]
async fn a_longer_file_adds_what_is_new() {
    let yard = Yard::open().await;
    let posts = ten_posts();
    yard.import(yard.log.clone(), (&posts[..6], 1000))
        .await
        .1
        .unwrap();
    let (fates, _) = yard.import(yard.log.clone(), (&posts, 1000)).await;
    let new = fates.iter().filter(|(_, fate)| *fate == Fate::Imported);
    assert_eq!(
        new.map(|(line, _)| *line).collect::<Vec<_>>(),
        [7, 8, 9, 10]
    );
}

async fn close_the_boards(yard: &Yard) {
    let commands = Commands::new(yard.log.clone(), yard.ids.clone());
    for event in everything(&*yard.log).await {
        if event.event_type == "BoardCreated" {
            let id: BoardId = event.stream.as_str()["board-".len()..].parse().unwrap();
            let admin = UserId::parse("kim").unwrap();
            let clock = madang::ambient::Clock::driven_by(yard.hands.clone());
            let origin = madang::command::Origin::now(admin, &clock);
            commands.close_board(&origin, id).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_second_import_says_nothing_of_boards_that_were_closed_meanwhile() {
    let yard = Yard::open().await;
    yard.import(yard.log.clone(), (&ten_posts(), 1000))
        .await
        .1
        .unwrap();
    close_the_boards(&yard).await;
    let before = yard.head().await;
    let (fates, _) = yard.import(yard.log.clone(), (&ten_posts(), 1000)).await;
    assert!(fates.iter().all(|(_, fate)| *fate == Fate::AlreadyThere));
    assert_eq!(yard.head().await, before);
}

#[tokio::test]
async fn a_new_post_on_a_closed_board_is_rejected_and_the_others_are_not() {
    let yard = Yard::open().await;
    yard.import(yard.log.clone(), (&[post(1, "old")], 1000))
        .await
        .1
        .unwrap();
    close_the_boards(&yard).await;
    let posts = [post(1, "old"), post(2, "old"), post(3, "new")];
    let (fates, outcome) = yard.import(yard.log.clone(), (&posts, 1000)).await;
    assert_eq!(outcome, Ok(()));
    let closed = Fate::Rejected(Refusal::Post(ArticleRejection::BoardClosed));
    assert_eq!(
        fates,
        [(1, Fate::AlreadyThere), (2, closed), (3, Fate::Imported)]
    );
}

#[tokio::test]
async fn of_two_imports_of_one_source_at_once_one_gives_way() {
    let yard = Yard::open().await;
    let open = || async {
        let source = Source::parse("elsewhere").unwrap();
        Importer::open(yard.log.clone(), yard.ids.clone(), source, Stop::default())
            .await
            .unwrap()
    };
    let (mut one, mut other) = (open().await, open().await);
    one.add(post(1, "a")).await.unwrap();
    other.add(post(1, "a")).await.unwrap();
    assert_eq!(one.finish().await, Ok(()));
    let before = yard.head().await;
    let overtaken = other.finish().await;
    assert!(
        matches!(overtaken, Err(ImportError::Overtaken(_))),
        "{overtaken:?}"
    );
    assert_eq!(yard.head().await, before);
}

#[tokio::test]
async fn two_sources_do_not_mix() {
    let yard = Yard::open().await;
    yard.import(yard.log.clone(), (&[post(1, "a")], 1000))
        .await
        .1
        .unwrap();
    let source = Source::parse("another").unwrap();
    let opened = Importer::open(yard.log.clone(), yard.ids.clone(), source, Stop::default());
    let mut importer = opened.await.unwrap();
    importer.add(post(1, "a")).await.unwrap();
    importer.finish().await.unwrap();
    assert_eq!(importer.take_told()[0].fate, Fate::Imported);
    assert_eq!((importer.boards_opened(), yard.head().await), (1, 6));
}

#[test]
fn a_source_has_a_short_plain_name() {
    for name in ["urho3d", "대한 forum", &"s".repeat(100)] {
        assert!(Source::parse(name).is_ok(), "{name}");
    }
    for name in ["", "a/b", "a\nb", &"s".repeat(101)] {
        assert!(Source::parse(name).is_err(), "{name:?}");
    }
}
