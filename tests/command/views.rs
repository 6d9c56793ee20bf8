//! Views over a log: gathered, durable before the answer, and counted once.

mod anyhow;
mod booth;
mod known;
mod nodes;
mod trouble;

use madang::command::view::{ViewDone, Viewing};
use madang::domain::Revision;
use madang::domain::view::MAX_VIEWED;
use tokio::task::{JoinSet, yield_now};

use self::booth::{Act, Booth, DAY, NOW, TEN_MINUTES, counter, counter_of};

/// Midnight in Seoul, on which one day of the zone ends within a day of UTC.
const MIDNIGHT: i64 = NOW + 7 * 60 * 60 * 1000;

#[tokio::test]
async fn a_view_is_durable_before_its_answer() {
    let booth = Booth::open(&[Act::Hold]).await;
    let view = booth.spawn("lee", NOW);
    booth.appended(1).await;
    assert!(!view.is_finished());
    booth.release();
    let ViewDone { counted, position } = view.await.unwrap().unwrap();
    let seen = booth.seen().await;
    assert!(counted);
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].position, seen[0].occurred_at), (position, NOW));
    assert_eq!(seen[0].stream, "view-7-20270115");
    assert_eq!(seen[0].actor, "system:node-7");
    assert_eq!((seen[0].revision, seen[0].total), (Revision(0), 1));
}

#[tokio::test]
async fn a_user_counts_once_in_ten_minutes_and_every_user_counts() {
    let booth = Booth::open(&[]).await;
    let counted = async |user, at| booth.view(user, at).await.unwrap().counted;
    assert!(counted("lee", NOW).await);
    assert!(!counted("lee", NOW).await);
    assert!(counted("park", NOW).await);
    assert!(!counted("lee", NOW + TEN_MINUTES - 1).await);
    assert!(counted("lee", NOW + TEN_MINUTES).await);
    assert_eq!(booth.total().await, 3);
}

#[tokio::test]
async fn a_view_that_does_not_count_tells_of_the_newest_that_did() {
    let booth = Booth::open(&[]).await;
    booth.view("lee", NOW).await.unwrap();
    let newest = booth.view("park", NOW).await.unwrap();
    let again = booth.view("lee", NOW).await.unwrap();
    let position = newest.position;
    assert_eq!(
        again,
        ViewDone {
            counted: false,
            position
        }
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_users_at_once_are_exactly_a_thousand_views() {
    let booth = Booth::open(&[]).await;
    let mut users = JoinSet::new();
    for n in 0..2000 {
        // Each of them twice.
        let view = booth.view(&format!("user {}", n % 1000), NOW);
        users.spawn(async move { view.await.unwrap().counted });
    }
    let counted = users.join_all().await;
    assert_eq!(counted.iter().filter(|counted| **counted).count(), 1000);
    assert_eq!(booth.total().await, 1000);
    assert!(booth.log.appends() < 500, "{}", booth.log.appends());
}

/// While four appends are under way nothing more is sent, and an event takes no more than it may.
#[tokio::test]
async fn what_is_too_much_for_one_event_goes_into_the_next() {
    let booth = Booth::open(&[Act::Hold; 4]).await;
    for n in 1..=4 {
        booth.spawn(&format!("early {n}"), NOW);
        booth.appended(n).await;
    }
    let mut users = JoinSet::new();
    for n in 0..=MAX_VIEWED {
        users.spawn(booth.patient(&format!("user {n}")));
        if n % 500 == 0 {
            yield_now().await;
        }
    }
    for _ in 0..5_000 {
        yield_now().await;
    }
    booth.release();
    users.join_all().await;
    let totals: Vec<u64> = booth.seen().await.iter().map(|seen| seen.total).collect();
    assert_eq!(totals, [1, 1, 1, 1, 10_000, 1]);
}

#[tokio::test]
async fn a_slow_append_does_not_hold_back_the_next() {
    let booth = Booth::open(&[Act::Hold, Act::Hold]).await;
    let slow = booth.spawn("lee", NOW);
    booth.appended(1).await;
    let next = booth.spawn("park", NOW);
    booth.appended(2).await;
    booth.release();
    let (slow, next) = (slow.await.unwrap().unwrap(), next.await.unwrap().unwrap());
    assert_ne!(slow.position, next.position);
    assert_eq!(booth.total().await, 2);
}

#[tokio::test]
async fn no_event_holds_views_of_two_days() {
    let booth = Booth::open(&[Act::Hold]).await;
    let mut views = vec![booth.spawn("first", NOW)];
    booth.appended(1).await;
    views.push(booth.spawn("before", MIDNIGHT - 1));
    yield_now().await;
    views.push(booth.spawn("after", MIDNIGHT));
    yield_now().await;
    booth.release();
    for view in views {
        assert!(view.await.unwrap().unwrap().counted);
    }
    let seen = booth.seen().await;
    let times: Vec<_> = seen
        .iter()
        .map(|seen| (seen.occurred_at, seen.total))
        .collect();
    assert_eq!(times, [(NOW, 1), (MIDNIGHT - 1, 1), (MIDNIGHT, 1)]);
    assert!(seen.iter().all(|seen| seen.stream == "view-7-20270115"));
}

#[tokio::test]
async fn the_day_of_utc_names_the_stream() {
    let booth = Booth::open(&[]).await;
    let midnight = NOW + 16 * 60 * 60 * 1000;
    for (user, at) in [
        ("lee", midnight - 1),
        ("park", midnight),
        ("kim", midnight - 1),
        ("choi", midnight + DAY),
    ] {
        booth.view(user, at).await.unwrap();
    }
    let seen = booth.seen().await;
    let places: Vec<_> = seen.iter().map(|s| (&*s.stream, s.revision.0)).collect();
    let expected = [
        ("view-7-20270115", 0),
        ("view-7-20270116", 0),
        ("view-7-20270115", 1),
        ("view-7-20270117", 0),
    ];
    assert_eq!(places, expected);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_stream_ended() {
    let booth = Booth::open(&[]).await;
    booth.view("lee", NOW).await.unwrap();
    booth.viewing.stop().await;
    let viewing = Viewing::start(&booth.commands, counter(), None);
    let again = booth::at("lee", NOW);
    let again = viewing.view(&again, booth.square.article).await;
    assert!(again.unwrap().counted, "the guard forgets");
    let seen = booth.seen().await;
    assert_eq!((seen.len(), seen[1].revision), (2, Revision(1)));
    assert_eq!(booth.log.appends(), 2);
}

#[tokio::test]
async fn stopping_lets_what_was_accepted_become_durable() {
    let booth = Booth::open(&[Act::Hold, Act::Hold]).await;
    let first = booth.spawn("lee", NOW);
    booth.appended(1).await;
    let second = booth.spawn("park", NOW);
    yield_now().await;
    let viewing = booth.viewing.clone();
    let stopping = tokio::spawn(async move { viewing.stop().await });
    booth.appended(2).await;
    booth.release();
    stopping.await.unwrap();
    assert_eq!(booth.total().await, 2);
    assert!(first.await.unwrap().unwrap().counted && second.await.unwrap().unwrap().counted);
}

#[tokio::test]
async fn nodes_count_apart() {
    let booth = Booth::open(&[]).await;
    let other = Viewing::start(&booth.commands, counter_of(8), None);
    booth.view("lee", NOW).await.unwrap();
    let origin = booth::at("park", NOW);
    let view = other.view(&origin, booth.square.article).await;
    view.unwrap();
    let streams: Vec<_> = booth.seen().await.into_iter().map(|s| s.stream).collect();
    assert_eq!(streams, ["view-7-20270115", "view-8-20270115"]);
}
