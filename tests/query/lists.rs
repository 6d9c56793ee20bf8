//! Lists: in both forms, at every size, each item once and in order.

use madang::query::{MAX_PAGE_SIZE, Part};

use super::{Answer, Desk, Listed};
use crate::projections::yard::{Yard, board, deleted, encoded, opened, own_stream, posted};

const SIZES: [u32; 7] = [1, 2, 7, 30, 99, MAX_PAGE_SIZE, 61];

/// Board 1 with the articles 1000 to 1249 of which each third is gone, and board 2 with a few
/// among them. Answers also with what board 1 should list.
async fn long_board() -> (Desk, Vec<i64>) {
    let mut yard = Yard::open().await;
    let now = yard.clock().now();
    let mut events = vec![opened(1).into(), opened(2).into()];
    events.extend((1000..1250).map(|n| posted(n, 1).into()));
    events.extend((2000..2005).map(|n| posted(n, 2).into()));
    let gone = |n: &i64| n % 3 == 0;
    events.extend((1000..1250).filter(gone).map(|n| deleted(n, 1).into()));
    let events = events
        .into_iter()
        .map(|event| (own_stream(&event), encoded(event, now)));
    yard.happen(events.collect()).await;
    let listed = (1000..1250).rev().filter(|n| !gone(n)).collect();
    (Desk::over(yard).await, listed)
}

#[tokio::test]
async fn pages_give_each_article_once_newest_first() {
    let (desk, expected) = long_board().await;
    for size in SIZES {
        let mut seen = Vec::new();
        for number in 1.. {
            let part = Part::Page { number, size };
            let Listed { ids, total, .. } = desk.board_articles(board(1), part).await.listed();
            assert_eq!(total, expected.len());
            if ids.is_empty() {
                break;
            }
            seen.extend(ids);
        }
        assert_eq!(seen, expected, "size {size}");
    }
}

#[tokio::test]
async fn cursors_give_each_article_once_newest_first() {
    let (desk, expected) = long_board().await;
    for size in SIZES {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let part = Part::After { after, size };
            let listed = desk.board_articles(board(1), part).await.listed();
            assert!(listed.ids.len() <= size as usize);
            seen.extend(listed.ids);
            after = listed.next_after;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "size {size}");
    }
}

#[tokio::test]
async fn a_cursor_that_ends_with_the_list_names_nothing_after_it() {
    let (desk, expected) = long_board().await;
    let after = Some(expected[expected.len() - 31]);
    let part = Part::After { after, size: 30 };
    let listed = desk.board_articles(board(1), part).await.listed();
    assert_eq!(listed.ids, expected[expected.len() - 30..]);
    assert_eq!(listed.next_after, None);
    let after = expected.last().copied();
    let part = Part::After { after, size: 30 };
    assert!(
        desk.board_articles(board(1), part)
            .await
            .listed()
            .ids
            .is_empty()
    );
}

#[tokio::test]
async fn past_the_end_there_is_nothing_but_the_total() {
    let (desk, expected) = long_board().await;
    for number in [7, 1_000_000_000] {
        let part = Part::Page { number, size: 30 };
        let listed = desk.board_articles(board(1), part).await.listed();
        assert!(listed.ids.is_empty());
        assert_eq!(listed.total, expected.len());
    }
}

#[tokio::test]
async fn a_list_of_a_board_that_never_was_is_not_found() {
    let (desk, _) = long_board().await;
    let page = Part::Page {
        number: 1,
        size: 30,
    };
    let after = Part::After {
        after: None,
        size: 30,
    };
    for part in [page, after] {
        assert_eq!(desk.board_articles(board(3), part).await, Answer::NotFound);
    }
}

#[tokio::test]
async fn boards_are_listed_oldest_first_in_both_forms() {
    let mut yard = Yard::open().await;
    let now = yard.clock().now();
    let events = (1..=9).map(|n| opened(n).into());
    let events = events.map(|event| (own_stream(&event), encoded(event, now)));
    yard.happen(events.collect()).await;
    let desk = Desk::over(yard).await;
    let page = |number| desk.boards(Part::Page { number, size: 4 });
    assert_eq!(page(1).await.listed().ids, [1, 2, 3, 4]);
    assert_eq!(page(3).await.listed().ids, [9]);
    let past = page(1_000_000_000).await.listed();
    assert_eq!((past.ids.len(), past.total), (0, 9));
    let after = |after| desk.boards(Part::After { after, size: 4 });
    let first = after(None).await.listed();
    assert_eq!((first.ids, first.next_after), (vec![1, 2, 3, 4], Some(4)));
    let last = after(Some(5)).await.listed();
    assert_eq!((last.ids, last.next_after), (vec![6, 7, 8, 9], None));
}
