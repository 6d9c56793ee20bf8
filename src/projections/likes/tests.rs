//! How SQLite finds likes.

use sqlx::AssertSqlSafe;

use super::SELECT;
use crate::views::{Views, rows};

/// Reading the whole table for each run of likes would be unbearable, and nothing else would tell.
#[tokio::test]
async fn likes_are_found_by_their_key() {
    let directory = tempfile::tempdir().unwrap();
    let views = Views::open(&directory.path().join("views.db")).await;
    let views = views.unwrap();
    for likes in [1, 4, 64] {
        let statement = rows::statement(SELECT, "(?, ?)", likes);
        let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan)
            .fetch_all(views.writer())
            .await
            .unwrap();
        let by_key = "SEARCH l USING PRIMARY KEY (article_id=? AND user_id=?)";
        assert!(plan.iter().any(|step| step.3 == by_key), "{plan:?}");
    }
}
