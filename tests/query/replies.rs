//! How many replies to a comment can be seen.

use super::Desk;
use crate::projections::yard::{Yard, tamper};

#[tokio::test]
async fn replies_are_counted_as_the_views_have_them() {
    let desk = Desk::over(Yard::open().await).await;
    let with_replies = "INSERT INTO comment VALUES \
         (50, 40, 0, 1, 0, 3, 1, 0, 0, NULL, '', x'0000000000000032', 'kim', 'Kim', 'Me, too.')";
    tamper(&desk.yard.views, with_replies).await;
    let replies = desk.queries.reply_count("50".parse().unwrap()).await;
    assert_eq!(replies, Ok(3));
}

#[tokio::test]
async fn what_the_views_have_not_heard_of_has_no_replies() {
    let desk = Desk::over(Yard::open().await).await;
    let replies = desk.queries.reply_count("7".parse().unwrap()).await;
    assert_eq!(replies, Ok(0));
}
