//! How SQLite goes about the statements: what is one range of an index stays one, however large the
//! views are.

use super::comments::tree;
use super::{articles, comments, likes, popular};
use crate::views::{Row, Views};

/// The steps of a statement, in SQLite's words.
async fn plan(statement: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let views = Views::open_file(&directory.path().join("views.db"))
        .await
        .unwrap();
    let mut reader = views.readers().acquire().await.unwrap();
    let steps = reader.statement(format!("EXPLAIN QUERY PLAN {statement}").leak());
    let steps = steps.fetch_all(&mut reader).await.unwrap();
    drop(reader);
    views.close().await;
    let detail = |step: &Row| step.try_get(3).unwrap();
    steps.iter().map(detail).collect()
}

#[tokio::test]
async fn any_stretch_of_a_tree_is_one_range() {
    assert_eq!(
        plan(tree::RANGE).await,
        ["SEARCH c USING INDEX comment_by_path (article_id=? AND visible=? AND path>?)"]
    );
}

#[tokio::test]
async fn pages_skip_over_the_index_alone() {
    assert_eq!(
        plan(tree::NTH).await,
        ["SEARCH comment USING COVERING INDEX comment_by_path (article_id=? AND visible=?)"]
    );
}

#[tokio::test]
async fn a_level_is_one_range() {
    assert_eq!(
        plan(comments::LEVEL).await,
        ["SEARCH c USING INDEX comment_by_parent \
          (article_id=? AND parent_id=? AND visible=? AND comment_id>?)"]
    );
}

#[tokio::test]
async fn a_boards_list_is_one_range_and_a_row_of_each_table_for_each_article() {
    assert_eq!(
        plan(articles::FOLLOWING).await,
        [
            "SEARCH a USING INDEX article_by_board (board_id=? AND deleted=? AND article_id<?)",
            "SEARCH n USING INTEGER PRIMARY KEY (rowid=?)",
        ]
    );
}

#[tokio::test]
async fn a_popular_list_reads_no_more_than_it_shows() {
    assert_eq!(
        plan(popular::RANKED).await,
        [
            "SEARCH n USING INDEX article_counts_popular (day=? AND score>?)",
            "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)",
        ]
    );
}

#[tokio::test]
async fn single_things_are_found_by_their_keys() {
    for statement in [
        articles::ONE,
        articles::COUNTS,
        tree::ARTICLE,
        comments::ONE,
        comments::PARENT,
        tree::PATH,
        comments::REPLIES,
        likes::LIKE,
    ] {
        let plan = plan(statement).await;
        let by_key = |step: &String| step.contains(" USING ") && step.contains("=?)");
        assert!(plan.iter().all(by_key), "{statement}: {plan:?}");
    }
}
