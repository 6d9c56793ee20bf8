//! What every adapter of the event store promises, as tests that each adapter runs.
//!
//! The store may be shared with other tests: a test knows its own streams, and looks at the whole
//! log only from the head that it found.

pub(crate) mod append;
pub(crate) mod concurrent;
pub(crate) mod read;
pub(crate) mod subscribe;

use std::sync::Arc;

use async_trait::async_trait;
use madang::ambient::new_command_id;
use madang::domain::Revision;
use madang::event_store::{
    Appended, EventStore, Expected, NewEvent, Position, RecordedEvent, Reported, StreamName,
    Subscription,
};

/// A store to test, and what is needed to open it again.
#[async_trait]
pub(crate) trait Fixture: Send {
    /// Opens a store.
    async fn open() -> Self;
    /// The store as it is open now.
    fn store(&self) -> Arc<dyn EventStore>;
    /// Closes the store and opens it again.
    async fn reopen(&mut self);
}

/// Runs the whole suite against a fixture.
macro_rules! contract {
    ($fixture:ty: $($area:ident { $($test:ident),* $(,)? })*) => {
        $(mod $area {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let fixture = <$fixture as $crate::event_store::contract::Fixture>::open().await;
                $crate::event_store::contract::$area::$test(fixture).await;
            })*
        })*
    };
    ($fixture:ty) => {
        $crate::event_store::contract::contract! { $fixture:
            append {
                a_new_stream_starts_at_revision_zero,
                revisions_follow_each_other,
                an_existing_stream_is_not_new,
                a_stale_revision_is_refused_with_the_current_one,
                a_revision_of_a_missing_stream_is_refused,
                a_revision_past_the_end_is_refused,
                a_repeated_append_is_the_same_append,
                a_repeat_is_found_behind_later_appends,
                a_repeat_is_found_after_reopening,
                a_repeat_with_other_ids_is_refused,
                a_repeat_that_is_longer_is_refused,
                a_repeat_in_another_order_is_refused,
                several_events_are_appended_together,
                a_refused_append_leaves_nothing,
                an_append_without_events_is_refused,
                an_append_of_too_many_events_is_refused,
                an_append_of_too_many_bytes_is_refused,
                the_largest_append_fits,
            }
            read {
                a_missing_stream_is_empty,
                an_event_comes_back_as_it_was_written,
                any_text_comes_back,
                a_stream_is_read_forward_in_pages,
                a_stream_is_read_backward_in_pages,
                backward_from_past_the_end_begins_at_the_newest,
                no_more_than_the_limit_is_read,
                the_whole_log_is_read_forward,
                the_whole_log_is_read_backward,
                the_ends_of_the_whole_log_are_exclusive,
                an_event_is_found_at_its_position,
                no_event_stands_at_the_start_or_the_end,
                the_head_is_the_newest_position,
                the_position_before_a_time_is_before_its_events,
                all_is_there_after_reopening,
            }
            subscribe {
                the_past_is_reported_then_caught_up,
                a_subscription_starts_in_the_middle,
                a_subscription_from_the_head_reports_what_is_new,
                two_subscriptions_see_the_same,
                the_hand_over_has_no_seam,
                a_position_past_the_head_is_refused,
            }
            concurrent {
                a_thousand_writers_of_a_thousand_streams,
                a_thousand_writers_of_one_stream,
                the_same_append_twice_at_once,
                no_read_is_older_than_an_answered_append,
            }
        }
    };
}
pub(crate) use contract;

/// A stream that no other test knows.
pub(crate) fn fresh_stream() -> StreamName {
    format!("contract-{}", new_command_id()).parse().unwrap()
}

/// An event that is like no other.
pub(crate) fn event() -> NewEvent {
    NewEvent {
        event_id: new_command_id(),
        event_type: "SomethingHappened",
        data: r#"{"a":1}"#.to_owned(),
        metadata: r#"{"b":2}"#.to_owned(),
    }
}

/// `n` events that are like no others.
pub(crate) fn events(n: usize) -> Vec<NewEvent> {
    std::iter::repeat_with(event).take(n).collect()
}

/// What stands where the event with this revision is the newest.
pub(crate) fn at(revision: u64) -> Expected {
    Expected::Revision(Revision(revision))
}

/// Appends `n` events one by one to a new stream.
pub(crate) async fn given_stream(store: &dyn EventStore, n: u64) -> (StreamName, Vec<Appended>) {
    let stream = fresh_stream();
    let mut appended = Vec::new();
    let mut expected = Expected::NoStream;
    for revision in 0..n {
        let one = store.append(&stream, expected, vec![event()]).await;
        appended.push(one.unwrap());
        expected = at(revision);
    }
    (stream, appended)
}

/// Reads `subscription` until `enough` says so of the events of `stream` seen so far; tells also
/// how many of them came before it had caught up.
pub(crate) async fn follow(
    subscription: &mut Subscription,
    streams: &[StreamName],
    enough: impl Fn(&[RecordedEvent], Option<usize>) -> bool,
) -> (Vec<RecordedEvent>, Option<usize>) {
    let (mut seen, mut caught_up, mut last) = (Vec::new(), None, Position::START);
    while !enough(&seen, caught_up) {
        let mut batch = Vec::new();
        let n = subscription.next_batch(&mut batch, 100).await;
        assert_ne!(n, 0, "the subscription ended");
        for report in batch {
            match report.unwrap() {
                Reported::Event(event) => {
                    assert!(event.position > last, "events come in order, once");
                    last = event.position;
                    if streams.contains(&event.stream) {
                        seen.push(event);
                    }
                }
                Reported::CaughtUp => {
                    assert!(caught_up.is_none(), "caught up is said once");
                    caught_up = Some(seen.len());
                }
                Reported::Checkpoint(_) => {}
            }
        }
    }
    (seen, caught_up)
}
