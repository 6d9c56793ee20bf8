//! Comments, and what comes with posts: what is appended for them, and what is not.

use madang::command::import::{Fate, Record, Refusal, Told, What, author_id};
use madang::command::{Commands, Origin};
use madang::domain::article::Article;
use madang::domain::board::{Board, BoardSettings, CommentDepth};
use madang::domain::comment::CommentRejection;
use madang::domain::view::ViewRejection;
use madang::domain::{ArticleId, BoardId, CommentId, UserId};
use madang::event_store::StreamName;
use serde_json::{Value, json};

use super::log::{Yard, a_forum, comment, essence, everything, its_posts_alone, liked, post};

/// The streams of a log's events, by the source's keys.
async fn streams(yard: &Yard) -> Vec<String> {
    let events = essence(&*yard.log).await;
    let stream = |event: &String| event.split('@').next().unwrap().to_owned();
    events.iter().map(stream).collect()
}

/// What was told of the record on `line`.
fn fate(told: &[Told], line: u64) -> Fate {
    let of_record =
        |told: &&Told| told.line == line && matches!(told.what, What::Post | What::Comment { .. });
    told.iter().find(of_record).unwrap().fate
}

fn refused(rejection: CommentRejection) -> Fate {
    Fate::Rejected(Refusal::Comment(rejection))
}

/// The id behind the first stream that begins so.
async fn first<I: std::str::FromStr>(yard: &Yard, kind: &str) -> I {
    let events = everything(&*yard.log).await;
    let mut ids = events
        .iter()
        .filter_map(|event| event.stream.as_str().strip_prefix(kind)?.parse().ok());
    ids.next().unwrap()
}

fn commands(yard: &Yard) -> (Commands, Origin) {
    let clock = madang::ambient::Clock::driven_by(yard.hands.clone());
    let origin = Origin::now(UserId::parse("moderator").unwrap(), &clock);
    (Commands::new(yard.log.clone(), yard.ids.clone()), origin)
}

async fn delete_the_first_article(yard: &Yard) {
    let (commands, origin) = commands(yard);
    let id: ArticleId = first(yard, "article-").await;
    let deleted = commands.delete_article(&origin, (id, None), true);
    deleted.await.unwrap();
}

async fn let_threads_grow_to(yard: &Yard, depth: u64) {
    let (commands, origin) = commands(yard);
    let id: BoardId = first(yard, "board-").await;
    let stream = StreamName::board(id);
    let board = madang::command::load::<Board>(&*yard.log, &stream);
    let settings = BoardSettings {
        max_comment_depth: CommentDepth::new(depth).unwrap(),
        ..board.await.unwrap().state.unwrap().settings
    };
    let updated = commands.update_board(&origin, (id, None), settings);
    updated.await.unwrap();
}

#[tokio::test]
async fn a_plan_is_brought_in_by_kind_and_each_kind_in_file_order() {
    let yard = Yard::open().await;
    let told = yard.bring(&a_forum(), 1000).await;
    assert!(told.iter().all(|told| told.fate == Fate::Imported));
    let records = (1..=12).map(|id| match id {
        1 | 4 | 7 | 9 => format!("article-post/{id}"),
        _ => format!("comment-comment/{id}"),
    });
    let mut expected = vec!["import-elsewhere".to_owned()];
    expected.extend(["a", "b"].map(|board| format!("board-board/{board}")));
    expected.extend(records);
    expected.extend(["view-import-elsewhere"; 3].map(str::to_owned));
    let like = |post: u64, author: &str| {
        let author = author_id(author).into_string().replace(':', "%3A");
        format!("like-post/{post}-{author}")
    };
    expected.extend([(1, "liker 0"), (1, "liker 1"), (7, "liker 0")].map(|(p, a)| like(p, a)));
    assert_eq!(streams(&yard).await, expected);
}

#[tokio::test]
async fn every_comment_has_its_true_ancestors() {
    let yard = Yard::open().await;
    yard.bring(&a_forum(), 4).await;
    let events = essence(&*yard.log).await;
    let ancestors = |id: u64| {
        let stream = format!("comment-comment/{id}@");
        let event = events.iter().find(|event| event.starts_with(&stream));
        let list = event.unwrap().split("\"ancestors\":").nth(1).unwrap();
        list.split(']').next().unwrap().replace(['[', '"'], "")
    };
    assert_eq!(ancestors(2), "");
    assert_eq!(ancestors(5), "comment/2,comment/3");
    assert_eq!(ancestors(11), "comment/2,comment/3,comment/8");
    assert_eq!(ancestors(12), "comment/6");
}

#[tokio::test]
async fn views_stand_under_the_posts_command_and_likes_under_one_of_their_own() {
    let yard = Yard::open().await;
    yard.bring(&[liked(post(7, "a"), 1).into()], 1000).await;
    let events = everything(&*yard.log).await;
    let of = |name: &str| {
        let event = events
            .iter()
            .find(|event| event.event_type == name)
            .unwrap();
        let metadata: Value = serde_json::from_str(&event.metadata).unwrap();
        (event, metadata)
    };
    let (posted, posted_by) = of("ArticleCreated");
    let (viewed, viewed_by) = of("ArticlesViewed");
    let (liked, liked_by) = of("ArticleLiked");
    assert_eq!(viewed_by["$causationId"], posted_by["$causationId"]);
    assert_eq!(viewed.event_id, posted.event_id);
    assert_eq!(viewed_by["actor"], "system:import");
    let article = posted.stream.as_str().strip_prefix("article-").unwrap();
    let views: Value = serde_json::from_str(&viewed.data).unwrap();
    assert_eq!(
        views,
        json!({"views": [{"article_id": article, "count": 7}]})
    );
    assert_ne!(liked_by["$causationId"], posted_by["$causationId"]);
    assert_eq!(liked_by["actor"], author_id("liker 0").as_str());
    assert!(
        liked
            .stream
            .as_str()
            .starts_with(&format!("like-{article}-"))
    );
    for metadata in [viewed_by, liked_by] {
        assert_eq!(metadata["occurred_at"], posted_by["occurred_at"]);
        assert_eq!(metadata["import"], "elsewhere");
    }
}

#[tokio::test]
async fn a_second_import_adds_nothing_of_any_kind() {
    let yard = Yard::open().await;
    let first = yard.bring(&a_forum(), 4).await;
    let before = yard.head().await;
    let second = yard.bring(&a_forum(), 1000).await;
    assert_eq!(yard.head().await, before);
    assert!(second.iter().all(|told| told.fate == Fate::AlreadyThere));
    let counted = |told: &[Told]| {
        let mut all: Vec<_> = told
            .iter()
            .map(|t| format!("{} {:?}", t.line, t.what))
            .collect();
        all.sort_unstable();
        all
    };
    assert_eq!(counted(&second), counted(&first));
}

#[tokio::test]
async fn a_longer_file_adds_replies_to_what_was_there() {
    let yard = Yard::open().await;
    yard.bring(&a_forum()[..7], 4).await;
    let told = yard.bring(&a_forum(), 4).await;
    let new = told.iter().filter(|told| told.fate == Fate::Imported);
    let new: Vec<u64> = new.map(|told| told.line).collect();
    assert_eq!(new, [8, 9, 10, 11, 12]);
}

#[tokio::test]
async fn a_source_whose_posts_came_in_before_gets_its_comments_views_and_likes() {
    let (yard, at_once) = (Yard::open().await, Yard::open().await);
    yard.bring(&its_posts_alone(), 3).await;
    let told = yard.bring(&a_forum(), 3).await;
    at_once.bring(&a_forum(), 3).await;
    let posts = told.iter().filter(|told| told.what == What::Post);
    assert!(
        posts
            .into_iter()
            .all(|told| told.fate == Fate::AlreadyThere)
    );
    let all = |events: Vec<String>| {
        let mut all: Vec<_> = events
            .into_iter()
            .filter(|event| !event.starts_with("import-") && !event.starts_with("view-"))
            .collect();
        all.sort_unstable();
        all
    };
    assert_eq!(
        all(essence(&*yard.log).await),
        all(essence(&*at_once.log).await)
    );
    let views = streams(&yard).await;
    let views = views.iter().filter(|stream| stream.starts_with("view-"));
    assert_eq!(views.count(), 3);
}

#[tokio::test]
async fn a_reply_that_is_too_deep_hangs_on_the_deepest_ancestor_that_may_have_replies() {
    let yard = Yard::open().await;
    yard.bring(&a_forum()[..1], 1000).await;
    let_threads_grow_to(&yard, 2).await;
    let hung = |told: &[Told]| {
        let hung = told.iter().filter_map(|told| match told.what {
            What::Comment { hangs } => Some((told.line, hangs?)),
            _ => None,
        });
        hung.collect::<Vec<_>>()
    };
    // 5 and 8 reply to 3, which is at depth 2; 11 replies to 8.
    let expected = [(5, 2), (8, 2), (11, 2)];
    assert_eq!(hung(&yard.bring(&a_forum(), 1000).await), expected);
    let events = essence(&*yard.log).await;
    for (id, _) in expected {
        let stream = format!("comment-comment/{id}@");
        let event = events
            .iter()
            .find(|event| event.starts_with(&stream))
            .unwrap();
        assert!(event.contains("\"ancestors\":[\"comment/2\"]"), "{event}");
    }
    // The next import tells of it again.
    assert_eq!(hung(&yard.bring(&a_forum(), 1000).await), expected);
}

#[tokio::test]
async fn what_stands_under_something_unknown_is_rejected_and_not_planned() {
    let yard = Yard::open().await;
    let records: Vec<Record> = vec![
        post(1, "a").into(),
        comment(2, 99, None).into(),
        comment(3, 1, Some(98)).into(),
        comment(4, 1, Some(3)).into(),
        comment(5, 1, Some(5)).into(),
        comment(6, 1, None).into(),
    ];
    let told = yard.bring(&records, 1000).await;
    assert_eq!(fate(&told, 2), refused(CommentRejection::ArticleNotFound));
    for line in [3, 4, 5] {
        assert_eq!(fate(&told, line), refused(CommentRejection::ParentNotFound));
    }
    assert_eq!(fate(&told, 6), Fate::Imported);
    let events = everything(&*yard.log).await;
    let plan: Value = serde_json::from_str(&events[0].data).unwrap();
    let mut planned = plan["ids"].as_object().unwrap().keys();
    assert!(planned.all(|key| ["board/a", "post/1", "comment/6"].contains(&key.as_str())));
}

#[tokio::test]
async fn what_was_rejected_before_comes_in_when_it_has_a_place() {
    let yard = Yard::open().await;
    let orphan: Record = comment(2, 1, None).into();
    let told = yard.bring(std::slice::from_ref(&orphan), 1000).await;
    assert_eq!(fate(&told, 2), refused(CommentRejection::ArticleNotFound));
    let told = yard.bring(&[post(1, "a").into(), orphan], 1000).await;
    assert_eq!(fate(&told, 2), Fate::Imported);
}

#[tokio::test]
async fn a_parent_under_another_post_is_refused() {
    let yard = Yard::open().await;
    let mut records = a_forum();
    records.push(comment(13, 4, Some(2)).into());
    records.push(comment(14, 4, Some(13)).into());
    let told = yard.bring(&records, 1000).await;
    assert_eq!(fate(&told, 13), refused(CommentRejection::ParentElsewhere));
    assert_eq!(fate(&told, 14), refused(CommentRejection::ParentNotFound));
}

#[tokio::test]
async fn nothing_more_comes_under_a_post_that_was_deleted_meanwhile() {
    let yard = Yard::open().await;
    yard.bring(&its_posts_alone(), 1000).await;
    delete_the_first_article(&yard).await;
    let told = yard.bring(&a_forum(), 1000).await;
    assert_eq!(fate(&told, 1), Fate::AlreadyThere);
    assert_eq!(fate(&told, 2), refused(CommentRejection::ArticleDeleted));
    assert_eq!(fate(&told, 6), Fate::Imported);
    let views = Told {
        line: 1,
        what: What::Views(1),
        fate: Fate::Rejected(Refusal::Views(ViewRejection::ArticleDeleted)),
    };
    assert!(told.contains(&views), "{told:?}");
    let likes = |told: &&Told| told.line == 1 && told.what == What::Likes(2);
    let likes = told.iter().find(likes).unwrap();
    assert!(matches!(likes.fate, Fate::Rejected(Refusal::Likes(_))));
}

#[tokio::test]
async fn a_post_deleted_after_all_came_in_is_no_loss() {
    let yard = Yard::open().await;
    yard.bring(&a_forum(), 1000).await;
    delete_the_first_article(&yard).await;
    let told = yard.bring(&a_forum(), 1000).await;
    assert!(told.iter().all(|told| told.fate == Fate::AlreadyThere));
}

#[tokio::test]
async fn a_new_reply_to_a_deleted_comment_is_refused_and_older_ones_stay() {
    let yard = Yard::open().await;
    yard.bring(&a_forum()[..3], 1000).await;
    let (commands, origin) = commands(&yard);
    let id: CommentId = first(&yard, "comment-").await;
    let deleted = commands.delete_comment(&origin, (id, None), true);
    deleted.await.unwrap();
    let mut records = a_forum();
    records.push(comment(13, 1, Some(2)).into());
    let told = yard.bring(&records, 1000).await;
    assert_eq!(fate(&told, 2), Fate::AlreadyThere);
    assert_eq!(fate(&told, 5), Fate::Imported);
    assert_eq!(fate(&told, 13), refused(CommentRejection::ParentDeleted));
}

#[tokio::test]
async fn a_like_taken_back_stays_taken_back() {
    let yard = Yard::open().await;
    yard.bring(&a_forum(), 1000).await;
    let (commands, mut origin) = commands(&yard);
    origin.actor = author_id("liker 0");
    let id: ArticleId = first(&yard, "article-").await;
    commands.like(&origin, id, false).await.unwrap();
    let before = yard.head().await;
    let told = yard.bring(&a_forum(), 1000).await;
    assert!(told.iter().all(|told| told.fate == Fate::AlreadyThere));
    assert_eq!(yard.head().await, before);
}

#[tokio::test]
async fn what_users_changed_of_an_imported_article_is_kept() {
    let yard = Yard::open().await;
    yard.bring(&a_forum(), 1000).await;
    let (commands, mut origin) = commands(&yard);
    let id: ArticleId = first(&yard, "article-").await;
    let stream = StreamName::article(id);
    let loaded = madang::command::load::<Article>(&*yard.log, &stream);
    let article = loaded.await.unwrap().state.unwrap();
    origin.actor = article.writer.id;
    let mut text = article.text;
    text.title = madang::domain::text::Title::parse("better").unwrap();
    let updated = commands.update_article(&origin, (id, None), text);
    updated.await.unwrap();
    let before = yard.head().await;
    yard.bring(&a_forum(), 1000).await;
    assert_eq!(yard.head().await, before);
}
