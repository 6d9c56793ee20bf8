//! Rule 4: boards and their lists. A list is true down to its smallest id.

use madang::hot::{Batch, BoardChange, Described, HotBoard, HotList, HotPart, Read, Span};

use super::yard::{Yard, article_id, board, board_id, position};

const ALL: Span = Span::Below {
    article: None,
    limit: 1_000,
};

fn list(ids: impl IntoIterator<Item = i64>, complete: bool) -> HotList {
    HotList {
        newest: ids.into_iter().map(article_id).collect(),
        complete,
    }
}

fn changed(changes: impl IntoIterator<Item = (u64, BoardChange)>) -> Batch {
    let mut batch = Batch::default();
    for (at, change) in changes {
        batch.board(board_id(5), position(at), change);
    }
    batch
}

fn posted(id: i64) -> BoardChange {
    BoardChange::posted(article_id(id))
}

fn removed(id: i64) -> BoardChange {
    BoardChange::removed(article_id(id))
}

async fn read(yard: &Yard, span: Span) -> Read<HotPart> {
    let wanted = (board_id(5), span);
    yard.hot.board_list(&yard.generation, wanted).await.unwrap()
}

async fn ids(yard: &Yard, span: Span) -> Vec<i64> {
    match read(yard, span).await {
        Read::Entry(part) => part.articles.iter().map(|id| id.to_i64()).collect(),
        other => panic!("{other:?}"),
    }
}

fn page(offset: u64, limit: u32) -> Span {
    Span::Page { offset, limit }
}

fn below(id: i64, limit: u32) -> Span {
    let article = Some(article_id(id));
    Span::Below { article, limit }
}

#[tokio::test]
async fn a_board_changes_with_its_events() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list([], true), 3)).await;
    let described = BoardChange {
        described: Some(Described {
            name: "New".to_owned(),
            description: "words".to_owned(),
            max_comment_depth: 2,
        }),
        revision: Some(1),
        ..BoardChange::default()
    };
    let closed = BoardChange {
        closed: true,
        revision: Some(2),
        ..BoardChange::default()
    };
    yard.apply(&changed([(4, described), (5, closed), (6, posted(9))]))
        .await;
    let expected = HotBoard {
        name: "New".to_owned(),
        description: "words".to_owned(),
        max_comment_depth: 2,
        closed: true,
        revision: 2,
        article_count: 2_001,
        ..board()
    };
    let read = yard.hot.board(&yard.generation, board_id(5)).await;
    assert_eq!(read, Ok(Read::Entry(expected)));
}

#[tokio::test]
async fn pages_and_cursors_read_newest_first() {
    let yard = Yard::new().await;
    let big = i64::MAX;
    yard.fill_board(5, (&list([9, 10, 100, big], true), 3))
        .await;
    assert_eq!(ids(&yard, page(0, 2)).await, [big, 100]);
    assert_eq!(ids(&yard, page(2, 2)).await, [10, 9]);
    assert_eq!(ids(&yard, page(3, 2)).await, [9]);
    assert_eq!(ids(&yard, page(u64::MAX, 2)).await, [0; 0]);
    assert_eq!(ids(&yard, below(100, 1)).await, [10]);
    assert_eq!(ids(&yard, below(9, 1)).await, [0; 0]);
    assert_eq!(ids(&yard, ALL).await, [big, 100, 10, 9]);
}

#[tokio::test]
async fn beyond_an_incomplete_list_sql_is_asked() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list(1_001..=2_000, false), 3)).await;
    assert_eq!(ids(&yard, page(998, 2)).await, [1_002, 1_001]);
    assert_eq!(read(&yard, page(999, 2)).await, Read::Beyond);
    assert_eq!(ids(&yard, below(1_003, 2)).await, [1_002, 1_001]);
    assert_eq!(read(&yard, below(1_002, 2)).await, Read::Beyond);
}

#[tokio::test]
async fn posts_and_removals_change_the_list_once() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list([1, 2], true), 3)).await;
    let batch = changed([
        (4, posted(7)),
        (5, removed(1)),
        (6, posted(8)),
        (7, removed(8)),
    ]);
    yard.apply(&batch).await;
    yard.apply(&batch).await;
    let expected = HotPart {
        article_count: 2_000,
        articles: vec![article_id(7), article_id(2)],
    };
    assert_eq!(read(&yard, ALL).await, Read::Entry(expected));
}

#[tokio::test]
async fn the_oldest_makes_room_and_the_list_is_not_complete_any_more() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list(1..=1_000, true), 3)).await;
    yard.apply(&changed([(4, posted(1_001)), (5, posted(1_002))]))
        .await;
    assert_eq!(ids(&yard, page(998, 2)).await, [4, 3]);
    assert_eq!(read(&yard, page(999, 2)).await, Read::Beyond);
}

/// Such a post comes late: ids are handed out before their events are appended.
#[tokio::test]
async fn a_post_below_an_incomplete_list_is_not_added() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list(1_001..=1_600, false), 3)).await;
    yard.apply(&changed([(4, posted(7)), (5, posted(1_700))]))
        .await;
    assert_eq!(ids(&yard, page(0, 1)).await, [1_700]);
    assert_eq!(ids(&yard, page(600, 1)).await, [1_001]);
    assert_eq!(read(&yard, page(601, 1)).await, Read::Beyond);
}

#[tokio::test]
async fn a_list_that_became_short_is_filled_anew() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list(1_001..=1_501, false), 3)).await;
    yard.apply(&changed([(4, removed(1_001))])).await;
    assert_eq!(ids(&yard, page(499, 1)).await, [1_002]);
    yard.apply(&changed([(5, removed(1_002))])).await;
    assert!(matches!(read(&yard, page(0, 1)).await, Read::Miss(_)));
    yard.fill_board(5, (&list(501..=1_500, false), 5)).await;
    assert_eq!(ids(&yard, page(999, 1)).await, [501]);
}

#[tokio::test]
async fn both_keys_of_a_board_die_together() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list([], true), 3)).await;
    yard.apply(&changed([(4, posted(7))])).await;
    let hash: i64 = yard.ask("PEXPIRETIME", "board:{5}").await;
    let list: i64 = yard.ask("PEXPIRETIME", "board:{5}:articles").await;
    assert!(hash > 0);
    assert_eq!(hash, list);
}

#[tokio::test]
async fn a_board_that_lost_its_list_is_a_miss_and_filled_anew() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list([1, 2], true), 3)).await;
    let _: i64 = yard.ask("DEL", "board:{5}:articles").await;
    let Read::Miss(missed) = read(&yard, ALL).await else {
        panic!("it was read");
    };
    let content = (&board(), &list([1, 2, 3], true));
    let moment = super::yard::moment(4);
    let filled = yard.hot.fill_board(&missed, content, moment).await;
    assert_eq!(filled, Ok(madang::hot::Filled::Yes));
    assert_eq!(ids(&yard, ALL).await, [3, 2, 1]);
}

#[tokio::test]
async fn an_event_does_not_mend_a_board_that_lost_its_list() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list([1, 2], true), 3)).await;
    let _: i64 = yard.ask("DEL", "board:{5}:articles").await;
    yard.apply(&changed([(4, posted(3))])).await;
    assert!(matches!(read(&yard, ALL).await, Read::Miss(_)));
}

#[tokio::test]
async fn a_list_that_lost_its_board_is_a_miss() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list([1, 2], true), 3)).await;
    let _: i64 = yard.ask("DEL", "board:{5}").await;
    yard.apply(&changed([(4, posted(3))])).await;
    assert!(matches!(read(&yard, ALL).await, Read::Miss(_)));
    yard.fill_board(5, (&list([3, 1], true), 4)).await;
    assert_eq!(ids(&yard, ALL).await, [3, 1]);
}

#[tokio::test]
async fn posts_beyond_the_steps_of_a_batch_are_composed() {
    let yard = Yard::new().await;
    yard.fill_board(5, (&list([], true), 3)).await;
    let posts = (4_u64..).zip(1..=900).map(|(at, id)| (at, posted(id)));
    let removals = (904_u64..).zip(1..=450).map(|(at, id)| (at, removed(id)));
    yard.apply(&changed(posts.chain(removals))).await;
    let expected: Vec<i64> = (451..=900).rev().collect();
    assert_eq!(ids(&yard, ALL).await, expected);
}
