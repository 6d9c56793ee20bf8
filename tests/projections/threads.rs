//! What each event about a comment does to the rows, and which comments can be seen then.

use madang::views::Touched;
use serde_json::{Value, json};

use super::readers::{commented, liked, removed, replied, reworded, viewed};
use super::yard::{Yard, article, at, board, deleted, dump, opened, posted, select};

/// A board with article 10 on it, at positions 2 and 3, folded.
async fn posted_yard() -> Yard {
    let mut yard = Yard::open().await;
    yard.happens(opened(1)).await;
    yard.happens(posted(10, 1)).await;
    yard.fold().await;
    yard.set_clock(2000);
    yard
}

/// The visible comments, in the order of reading: number, whether it is deleted, visible replies.
async fn tree(yard: &Yard) -> Vec<Value> {
    const SELECT: &str = "SELECT json_array(comment_id, deleted, visible_replies) FROM comment \
         WHERE visible = 1 ORDER BY article_id, path";
    yard.fold().await;
    select(&yard.views, SELECT).await
}

/// Live and visible comments, as the article's counts have them.
async fn counted(yard: &Yard) -> Value {
    const SELECT: &str = "SELECT json_array(comments, visible_comments) FROM article_counts";
    select(&yard.views, SELECT).await.remove(0)
}

async fn comments(yard: &Yard) -> Vec<Value> {
    const SELECT: &str = "SELECT json_array(comment_id, article_id, parent_id, depth, deleted, \
         visible_replies, visible, revision, created_at, modified_at, position, hex(path), content) \
         FROM comment ORDER BY comment_id";
    yard.fold().await;
    select(&yard.views, SELECT).await
}

/// `number` as it stands in a path.
fn step(number: i64) -> String {
    format!("{number:016X}")
}

#[tokio::test]
async fn a_new_comment_has_a_row() {
    const WRITER: &str = "SELECT json_array(CAST(writer_id AS CHAR), writer_name) FROM comment";
    let mut yard = posted_yard().await;
    yard.happens(commented(20, 10)).await;
    let path = step(20);
    let row = json!([
        20,
        10,
        0,
        1,
        0,
        0,
        1,
        0,
        2000,
        null,
        at(4),
        path,
        "well said"
    ]);
    assert_eq!(comments(&yard).await, [row]);
    assert_eq!(counted(&yard).await, json!([1, 1]));
    assert_eq!(
        select(&yard.views, WRITER).await,
        [json!(["kim", "Kim Minji"])]
    );
}

#[tokio::test]
async fn a_reply_stands_below_its_parent_which_counts_it() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        yard.happens(commented(20, 10)).await;
        if !in_one_batch {
            yard.fold().await;
        }
        yard.happens(replied(21, 10, &[20])).await;
        let (above, below) = (step(20), step(20) + &step(21));
        let root = json!([
            20,
            10,
            0,
            1,
            0,
            1,
            1,
            0,
            2000,
            null,
            at(5),
            above,
            "well said"
        ]);
        let reply = json!([
            21,
            10,
            20,
            2,
            0,
            0,
            1,
            0,
            2000,
            null,
            at(5),
            below,
            "well said"
        ]);
        assert_eq!(comments(&yard).await, [root, reply]);
        assert_eq!(counted(&yard).await, json!([2, 2]));
    }
}

#[tokio::test]
async fn an_edited_comment_says_something_else() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        yard.happens(commented(20, 10)).await;
        if !in_one_batch {
            yard.fold().await;
        }
        yard.set_clock(3000);
        yard.happens(reworded(20, 10)).await;
        let path = step(20);
        let row = json!([
            20,
            10,
            0,
            1,
            0,
            0,
            1,
            1,
            2000,
            3000,
            at(5),
            path,
            "better said"
        ]);
        assert_eq!(comments(&yard).await, [row]);
        assert_eq!(counted(&yard).await, json!([1, 1]));
    }
}

#[tokio::test]
async fn a_deleted_comment_leaves_a_row_without_words_that_nobody_sees() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        yard.happens(commented(20, 10)).await;
        yard.happens(reworded(20, 10)).await;
        if !in_one_batch {
            yard.fold().await;
        }
        yard.set_clock(3000);
        yard.happens(removed(20, 10)).await;
        let path = step(20);
        let row = json!([20, 10, 0, 1, 1, 0, 0, 2, 2000, 2000, at(6), path, ""]);
        assert_eq!(comments(&yard).await, [row]);
        assert_eq!(counted(&yard).await, json!([0, 0]));
    }
}

#[tokio::test]
async fn the_tree_is_read_depth_first_and_oldest_first() {
    let mut yard = posted_yard().await;
    for (number, under) in [
        (20, vec![]),
        (21, vec![]),
        (22, vec![20]),
        (23, vec![20, 22]),
    ] {
        yard.happens(replied(number, 10, &under)).await;
    }
    yard.happens(replied(24, 10, &[20])).await;
    let expected = [[20, 0, 2], [22, 0, 1], [23, 0, 0], [24, 0, 0], [21, 0, 0]];
    assert_eq!(tree(&yard).await, expected.map(|row| json!(row)));
}

#[tokio::test]
async fn a_deleted_comment_with_a_reply_is_a_placeholder_until_the_reply_goes() {
    let mut yard = posted_yard().await;
    yard.happens(commented(20, 10)).await;
    yard.happens(replied(21, 10, &[20])).await;
    yard.happens(removed(20, 10)).await;
    assert_eq!(tree(&yard).await, [json!([20, 1, 1]), json!([21, 0, 0])]);
    assert_eq!(counted(&yard).await, json!([1, 2]));
    yard.happens(removed(21, 10)).await;
    assert_eq!(tree(&yard).await, [Value::Null; 0]);
    assert_eq!(counted(&yard).await, json!([0, 0]));
}

/// The reply was decided before its parent was deleted, and recorded after.
#[tokio::test]
async fn a_late_reply_brings_its_removed_parent_back_as_a_placeholder() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        yard.happens(commented(20, 10)).await;
        yard.happens(removed(20, 10)).await;
        if !in_one_batch {
            assert_eq!(tree(&yard).await, [Value::Null; 0]);
        }
        yard.happens(replied(21, 10, &[20])).await;
        assert_eq!(tree(&yard).await, [json!([20, 1, 1]), json!([21, 0, 0])]);
        assert_eq!(counted(&yard).await, json!([1, 2]));
    }
}

/// Comments 100 to 199, each under the one before, all of them deleted.
async fn removed_chain(yard: &mut Yard) -> Vec<i64> {
    let chain: Vec<i64> = (100..200).collect();
    for (depth, number) in chain.iter().enumerate() {
        yard.happens(replied(*number, 10, &chain[..depth])).await;
    }
    for number in &chain {
        yard.happens(removed(*number, 10)).await;
    }
    assert_eq!(tree(yard).await, [Value::Null; 0]);
    chain
}

#[tokio::test]
async fn one_late_reply_brings_a_hundred_removed_ancestors_back_and_takes_them_away_again() {
    let mut yard = posted_yard().await;
    let chain = removed_chain(&mut yard).await;
    yard.happens(replied(300, 10, &chain)).await;
    let placeholders = chain.iter().map(|number| json!([number, 1, 1]));
    let expected: Vec<_> = placeholders.chain([json!([300, 0, 0])]).collect();
    assert_eq!(tree(&yard).await, expected);
    assert_eq!(counted(&yard).await, json!([1, 101]));
    yard.happens(removed(300, 10)).await;
    assert_eq!(tree(&yard).await, [Value::Null; 0]);
    assert_eq!(counted(&yard).await, json!([0, 0]));
    let events = yard.events().await;
    let one_by_one = yard.folded(&events, &vec![1; events.len()]).await;
    assert_eq!(one_by_one, dump(&yard.views).await);
}

#[tokio::test]
async fn what_follows_the_articles_deletion_is_neither_visible_nor_counted() {
    for in_one_batch in [true, false] {
        let mut yard = posted_yard().await;
        yard.happens(commented(20, 10)).await;
        yard.happens(deleted(10, 1)).await;
        if !in_one_batch {
            yard.fold().await;
        }
        yard.happens(replied(21, 10, &[20])).await;
        yard.happens(replied(22, 10, &[20, 21])).await;
        yard.happens(removed(21, 10)).await;
        yard.happens(reworded(22, 10)).await;
        assert_eq!(tree(&yard).await, [json!([20, 0, 0])]);
        yard.happens(removed(20, 10)).await;
        assert_eq!(tree(&yard).await, [Value::Null; 0]);
        assert_eq!(counted(&yard).await, json!([1, 1]));
        let revisions = "SELECT json_array(comment_id, revision, content) FROM comment";
        let rows = select(&yard.views, revisions).await;
        let said = [
            json!([20, 1, ""]),
            json!([21, 1, ""]),
            json!([22, 1, "better said"]),
        ];
        assert_eq!(rows, said);
    }
}

fn touched(articles: &[i64], threads: &[i64]) -> Touched {
    Touched {
        articles: articles.iter().copied().map(article).collect(),
        boards: Vec::new(),
        lists: vec![board(1)],
        threads: threads.iter().copied().map(article).collect(),
        everything: false,
    }
}

#[tokio::test]
async fn a_commit_tells_which_threads_and_counts_it_touched() {
    let mut yard = posted_yard().await;
    yard.happens(liked(10, "lee")).await;
    assert_eq!(yard.fold().await.touched, touched(&[10], &[]));
    yard.happens(viewed(&[(10, 1), (11, 1)])).await;
    assert_eq!(yard.fold().await.touched, touched(&[10], &[]));
    yard.happens(commented(20, 10)).await;
    assert_eq!(yard.fold().await.touched, touched(&[10], &[10]));
    yard.happens(deleted(10, 1)).await;
    let all = Touched {
        boards: vec![board(1)],
        ..touched(&[10], &[10])
    };
    assert_eq!(yard.fold().await.touched, all);
}
