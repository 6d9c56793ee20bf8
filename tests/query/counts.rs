//! The number that the answer to a view shows.

use madang::query::QueryError;

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

#[tokio::test]
async fn many_who_ask_at_once_get_the_number_of_their_own_article() {
    const VIEWED: &str = "INSERT INTO article_counts \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) \
         SELECT i, 1, 20261119, 0, 0, 0, 0, 1000 + i, 0, '' FROM n";
    let desk = Desk::over(Yard::open().await).await;
    tamper(&desk.yard.views, VIEWED).await;
    // Some ask for the same one, and some for one that is not there.
    let ids = || (1..=310_u16).chain(1..=50);
    let asked = ids().map(|id| desk.queries.view_count(article(id.into())));
    let told = futures_util::future::join_all(asked).await;
    for (id, told) in ids().zip(told) {
        let views = if id <= 300 { 1000 + u64::from(id) } else { 0 };
        assert_eq!(told, Ok(views), "{id}");
    }
}
