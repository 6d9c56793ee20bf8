//! The number that the answer to a view shows.

use madang::query::QueryError;
use madang::views::Touched;

use super::Desk;
use crate::projections::yard::{Yard, article, tamper};

/// The article 10 was viewed 17 times.
const VIEWED: &str = "INSERT INTO article_counts VALUES (10, 1, 20261119, 0, 0, 0, 0, 17, 17, '')";

#[tokio::test]
async fn the_view_count_is_what_the_views_hold_now() {
    let desk = Desk::over(Yard::open().await).await;
    let queries = &desk.queries;
    assert_eq!(queries.view_count(article(10)).await, Ok(0));
    tamper(&desk.yard.views, VIEWED).await;
    let articles = vec![article(10)];
    queries.forget(&Touched {
        articles,
        ..Touched::default()
    });
    assert_eq!(queries.view_count(article(10)).await, Ok(17));
    assert_eq!(queries.view_count(article(11)).await, Ok(0));
}

#[tokio::test]
async fn a_view_count_that_cannot_be_read_is_said_and_not_kept() {
    let desk = Desk::over(Yard::open().await).await;
    tamper(&desk.yard.views, VIEWED).await;
    let hide = "ALTER TABLE article_counts RENAME TO hidden";
    tamper(&desk.yard.views, hide).await;
    let failed = desk.queries.view_count(article(10)).await;
    assert!(
        matches!(failed, Err(QueryError::Unavailable(_))),
        "{failed:?}"
    );
    let show = "ALTER TABLE hidden RENAME TO article_counts";
    tamper(&desk.yard.views, show).await;
    assert_eq!(desk.queries.view_count(article(10)).await, Ok(17));
}
