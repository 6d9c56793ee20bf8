//! How SQLite finds likes.

use super::SELECT;
use crate::views::Views;
use crate::views::dialect::Dialect;

/// Reading the whole table for each run of likes would be unbearable, and nothing else would tell.
#[tokio::test]
async fn likes_are_found_by_their_key() {
    let directory = tempfile::tempdir().unwrap();
    let views = Views::open_file(&directory.path().join("views.db")).await;
    let views = views.unwrap();
    for likes in [1, 4, 64] {
        let plan = format!("EXPLAIN QUERY PLAN {}", SELECT.text(Dialect::Sqlite, likes));
        let mut connection = views.writer().acquire().await.unwrap();
        let plan = connection.statement(plan.leak());
        let plan = plan.fetch_all(&mut connection).await.unwrap();
        let mut steps = plan.iter().map(|step| step.try_get::<String>(3).unwrap());
        let by_key = "SEARCH l USING PRIMARY KEY (article_id=? AND user_id=?)";
        assert!(steps.any(|step| step == by_key));
    }
}
