//! Any history, cut into batches anywhere or replayed, gives the same rows; and a history of
//! commands gives the rows that a naive reader of the log makes up in memory.

use std::collections::HashMap;

use madang::ambient::new_command_id;
use madang::domain::{Event, Revision, Timestamp};
use madang::event_store::{Position, RecordedEvent, StreamName};
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::views::Views;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::model::Model;
use super::play::{play, step};
use super::yard::{
    Yard, calendar, deleted, dump, edited, encoded, opened, own_stream, posted, select,
};
use crate::domain::any;

async fn views_equal_the_model(yard: &Yard, events: &[RecordedEvent]) {
    const BOARDS: &str = "SELECT json_array(board_id, name, description, max_comment_depth, \
         article_count, closed, created_at, revision) FROM board ORDER BY board_id";
    const ARTICLES: &str = "SELECT json_array(article_id, board_id, title, content, created_at, \
         modified_at, revision, deleted) FROM article ORDER BY article_id";
    let model = Model::of(events);
    assert_eq!(select(&yard.views, BOARDS).await, model.boards());
    assert_eq!(select(&yard.views, ARTICLES).await, model.articles());
}

/// What mostly fits: article 1 on board 1, and so on.
fn likely() -> impl Strategy<Value = Event> {
    (1..=3_i64, 0..4_u8).prop_map(|(number, what)| match what {
        0 => posted(number, number).into(),
        1 => deleted(number, number).into(),
        _ => edited(number, number).into(),
    })
}

/// Three boards, each with an article, and then anything: events that no rule has looked at, some
/// of them in a stream not their own.
fn anything() -> impl Strategy<Value = Vec<(Event, Option<Event>)>> {
    let event = prop_oneof![6 => likely(), 1 => any::event()];
    let stray = proptest::option::weighted(0.1, any::event());
    vec((event, stray), 0..30).prop_map(|then| {
        let boards = (1..=3).map(|n| opened(n).into());
        let articles = (1..=3).map(|n| posted(n, n).into());
        let first = boards.chain(articles).map(|event| (event, None));
        first.chain(then).collect()
    })
}

/// The log that has these events, each in its own stream or in that of its stray companion.
fn recorded(anything: Vec<(Event, Option<Event>)>) -> Vec<RecordedEvent> {
    let mut lengths: HashMap<StreamName, u64> = HashMap::new();
    let record = |(number, (event, stray)): (u64, (Event, Option<Event>))| {
        let stream = own_stream(stray.as_ref().unwrap_or(&event));
        let length = lengths.entry(stream.clone()).or_default();
        let revision = Revision(*length);
        *length += 1;
        let event = encoded(event, Timestamp(0));
        RecordedEvent {
            position: Position::new(0, number),
            stream,
            revision,
            event_id: event.event_id,
            event_type: event.event_type.to_owned(),
            data: event.data,
            metadata: event.metadata,
            recorded_at: Timestamp(0),
        }
    };
    (1..).zip(anything).map(record).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands_give_the_same_views_in_any_batches_by_replay_and_in_memory(
        steps in vec(step(), 1..40),
        sizes in vec(1..6_usize, 0..20),
    ) {
        Runtime::new().unwrap().block_on(async {
            let yard = Yard::open().await;
            play(&yard, steps).await;
            yard.fold().await;
            let events = yard.events().await;
            let live = dump(&yard.views).await;
            assert_eq!(yard.folded(&events, &sizes).await, live);
            views_equal_the_model(&yard, &events).await;
            let path = yard.path(&format!("{}.db", new_command_id()));
            rebuild(&*yard.log, (&path, &calendar()), OnUnfit::Fail, |_| {}).await.unwrap();
            let replayed = Views::open(&path).await.unwrap();
            assert_eq!(dump(&replayed).await, live);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_parked_does_not_depend_on_batches(
        anything in anything(),
        sizes in vec(1..6_usize, 0..20),
    ) {
        Runtime::new().unwrap().block_on(async {
            let yard = Yard::open().await;
            let events = recorded(anything);
            let at_once = yard.folded(&events, &[]).await;
            assert_eq!(yard.folded(&events, &sizes).await, at_once);
            assert_eq!(yard.folded(&events, &vec![1; events.len()]).await, at_once);
        });
    }
}
