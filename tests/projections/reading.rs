//! What is read ahead of the fold is cut into batches that fit into memory.

use madang::domain::Timestamp;
use madang::event_store::{Position, Reported, Subscription};
use madang::projections::reader::{MAX_BATCH, MAX_BATCH_BYTES, Reader};
use tokio::sync::mpsc;

use super::yard::{encoded, own_stream, posted, record};

/// What 32,000 characters take that are not of the Latin script.
const LONG: usize = 96 * 1024;

/// A subscription at which so many events wait, each of so many bytes and one after the other.
async fn waiting(events: i64, bytes: usize) -> Subscription {
    let one = |number| {
        let event = posted(number, 1).into();
        let stream = own_stream(&event);
        let mut event = encoded(event, Timestamp(0));
        event.data = " ".repeat(bytes);
        (stream, event)
    };
    let (sender, receiver) = mpsc::channel(1024);
    for event in record((1..=events).map(one)) {
        sender.send(Ok(Reported::Event(event))).await.unwrap();
    }
    Subscription::new(receiver)
}

/// The events and the bytes of each batch.
async fn batches(subscription: Subscription) -> Vec<(usize, usize)> {
    let mut reader = Reader::of(subscription, Position::START);
    let mut batches = Vec::new();
    while let Some(reading) = reader.next().await {
        let events = &reading.batch.events;
        let bytes = events.iter().map(|read| read.recorded().data.len());
        batches.push((events.len(), bytes.sum()));
    }
    batches
}

#[tokio::test]
async fn batches_of_long_events_are_short() {
    let batches = batches(waiting(300, LONG).await).await;
    let longest = batches.iter().map(|(_, bytes)| *bytes).max();
    assert!(longest < Some(2 * MAX_BATCH_BYTES), "{batches:?}");
    assert_eq!(batches.iter().map(|(events, _)| events).sum::<usize>(), 300);
}

#[tokio::test]
async fn what_is_short_is_read_together() {
    let batches = batches(waiting(1024, 100).await).await;
    assert!(batches.iter().all(|(events, _)| *events <= MAX_BATCH));
    assert_eq!(batches.len(), 1, "{batches:?}");
}
