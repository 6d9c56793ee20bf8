//! Any history, cut into batches anywhere or replayed, gives the same rows; and a history of
//! commands gives the rows that a naive reader of the log makes up in memory.

use madang::domain::{Event, Timestamp};
use madang::event_store::RecordedEvent;
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::views::Views;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use super::histories::{few, views_equal_the_model};
use super::play::{play, step};
use super::readers::{commented, liked, removed, replied, reworded, unliked, viewed};
use super::yard::{
    Yard, calendar, deleted, dump, edited, encoded, opened, own_stream, posted, record,
};
use crate::domain::any;

/// What mostly fits: article 1 on board 1, and so on; comment 10 and its reply 11 under article 1.
fn likely() -> impl Strategy<Value = Event> {
    (1..=3_i64, 0..13_u8).prop_map(|(number, what)| match what {
        0 => posted(number, number).into(),
        1 => deleted(number, number).into(),
        2 => edited(number, number).into(),
        3 => commented(10 * number, number).into(),
        4 | 5 => replied(10 * number + 1, number, &[10 * number]).into(),
        6 => replied(10 * number + 2, number, &[10 * number, 10 * number + 1]).into(),
        7 => removed(10 * number, number).into(),
        8 => removed(10 * number + 1, number).into(),
        9 => reworded(10 * number, number).into(),
        10 => liked(number, "lee").into(),
        11 => unliked(number, "lee").into(),
        _ => viewed(&[(number, 2), (4, 1)]),
    })
}

/// Three boards, each with an article, and then anything: events that no rule has looked at, some
/// of them in a stream not their own.
fn anything() -> impl Strategy<Value = Vec<(Event, Option<Event>)>> {
    let event = prop_oneof![6 => likely(), 1 => any::event()];
    let stray = proptest::option::weighted(0.1, any::event());
    vec((event, stray), 0..60).prop_map(|then| {
        let boards = (1..=3).map(|n| opened(n).into());
        let articles = (1..=3).map(|n| posted(n, n).into());
        let first = boards.chain(articles).map(|event| (event, None));
        first.chain(then).collect()
    })
}

/// The log that has these events, each in its own stream or in that of its stray companion.
fn recorded(anything: Vec<(Event, Option<Event>)>) -> Vec<RecordedEvent> {
    record(anything.into_iter().map(|(event, stray)| {
        let stream = own_stream(stray.as_ref().unwrap_or(&event));
        (stream, encoded(event, Timestamp(0)))
    }))
}

#[test]
fn commands_give_the_same_views_in_any_batches_by_replay_and_in_memory() {
    let runtime = Runtime::new().unwrap();
    let yard = Mutex::new(runtime.block_on(Yard::open()));
    let strategy = (vec(step(), 1..40), vec(1..6_usize, 0..20));
    proptest!(few(12), |((steps, sizes) in strategy)| {
        runtime.block_on(async {
            let mut yard = yard.lock().await;
            yard.renew().await;
            play(&mut yard, steps).await;
            come_out_alike(&yard, &sizes).await;
        });
    });
}

async fn come_out_alike(yard: &Yard, sizes: &[usize]) {
    yard.fold().await;
    let events = yard.events().await;
    let live = dump(&yard.views).await;
    assert_eq!(yard.folded(&events, sizes).await, live);
    views_equal_the_model(&yard.views, &events).await;
    let (database, calendar) = (yard.other_database("replayed.db").await, calendar());
    let rebuilt = rebuild(&*yard.log, (&database, &calendar), OnUnfit::Fail, |_| {});
    rebuilt.await.unwrap();
    let replayed = Views::open(&database).await.unwrap();
    assert_eq!(dump(&replayed).await, live);
    replayed.close().await;
}

#[test]
fn what_is_parked_does_not_depend_on_batches() {
    let runtime = Runtime::new().unwrap();
    let yard = runtime.block_on(Yard::open());
    let strategy = (anything(), vec(1..6_usize, 0..20));
    proptest!(few(24), |((anything, sizes) in strategy)| {
        runtime.block_on(async {
            let events = recorded(anything);
            let at_once = yard.folded(&events, &[]).await;
            assert_eq!(yard.folded(&events, &sizes).await, at_once);
            assert_eq!(yard.folded(&events, &vec![1; events.len()]).await, at_once);
        });
    });
}
