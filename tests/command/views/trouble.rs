//! Views when the log is away, slow or silent, when others are in the way, and when callers leave.

use madang::command::CommandError;
use madang::command::ids::IdError;
use madang::command::view::{MAX_WAITING, Viewing};
use madang::event_store::{EventStore as _, StoreError};
use tokio::sync::watch;
use tokio::task::{JoinSet, yield_now};

use super::booth::{Act, Booth, NOW, TEN_MINUTES, at, counter_under, lease_of};
use crate::wayward::{away, unknown};

#[tokio::test]
async fn a_failed_append_frees_its_users_at_once() {
    let booth = Booth::open(&[Act::Fail]).await;
    let failed = booth.view("lee", NOW).await;
    assert_eq!(failed.unwrap_err(), CommandError::Store(away()));
    assert!(booth.view("lee", NOW).await.unwrap().counted);
    assert_eq!(booth.total().await, 1);
}

#[tokio::test]
async fn a_node_without_a_number_counts_nothing_and_later_by_its_new_one() {
    let booth = Booth::open(&[]).await;
    let (tell, lease) = watch::channel(None);
    let viewing = Viewing::start(&booth.commands, counter_under(lease), None);
    for (user, number) in [
        ("lee", None),
        ("lee", Some(3)),
        ("park", None),
        ("park", Some(9)),
    ] {
        tell.send_replace(number.map(lease_of));
        let viewed = viewing.view(&at(user, NOW), booth.square.article).await;
        match number {
            None => assert_eq!(viewed, Err(CommandError::Ids(IdError::NoNode))),
            Some(_) => assert!(viewed.unwrap().counted),
        }
    }
    let views = booth.seen().await;
    let seen: Vec<_> = views.iter().map(|s| (&*s.stream, &*s.actor)).collect();
    let by_three = ("view-3-20270115", "system:node-3");
    assert_eq!(seen, [by_three, ("view-9-20270115", "system:node-9")]);
}

/// The one behind it had counted on it.
#[tokio::test]
async fn what_follows_a_failed_append_is_counted_all_the_same() {
    let booth = Booth::open(&[Act::Hold, Act::Hold, Act::Fail]).await;
    let mut views = Vec::new();
    for (n, user) in ["lee", "park", "choi"].into_iter().enumerate() {
        views.push(booth.spawn(user, NOW));
        booth.appended(n + 1).await;
    }
    let behind = booth.spawn("kang", NOW);
    booth.appended(4).await;
    booth.release();
    let mut failures = 0;
    for view in views {
        failures += u32::from(view.await.unwrap().is_err());
    }
    assert!(behind.await.unwrap().unwrap().counted);
    assert_eq!((failures, booth.total().await), (1, 3));
}

#[tokio::test]
async fn an_append_without_an_answer_counts_once() {
    for act in [Act::Lose, Act::Mute] {
        for times in 1..=3 {
            let booth = Booth::open(&vec![act; times]).await;
            assert!(booth.view("lee", NOW).await.unwrap().counted);
            assert!(!booth.view("lee", NOW).await.unwrap().counted);
            assert!(booth.view("park", NOW).await.unwrap().counted);
            assert_eq!((booth.total().await, booth.log.appends()), (2, times + 2));
        }
    }
}

/// Whoever is told that nobody knows may try again, and is not counted twice for it.
#[tokio::test]
async fn a_view_that_may_be_there_is_not_counted_again() {
    for (act, total) in [(Act::Lose, 0), (Act::Mute, 1)] {
        let booth = Booth::open(&[act, Act::Refuse]).await;
        let outcome = booth.view("lee", NOW).await;
        assert_eq!(outcome.unwrap_err(), CommandError::Store(unknown()));
        assert!(!booth.view("lee", NOW).await.unwrap().counted);
        assert_eq!(booth.total().await, total);
        let later = booth.view("lee", NOW + TEN_MINUTES).await;
        assert!(later.unwrap().counted);
        assert_eq!(booth.total().await, total + 1);
    }
}

#[tokio::test]
async fn who_is_overtaken_looks_and_appends_once() {
    for times in 1..=4 {
        let booth = Booth::open(&vec![Act::Overtake; times]).await;
        assert!(booth.view("lee", NOW).await.unwrap().counted);
        assert_eq!((booth.total().await, booth.log.appends()), (1, times + 1));
    }
}

#[tokio::test]
async fn the_fifth_attempt_is_the_last_and_frees_its_users() {
    let booth = Booth::open(&[Act::Overtake; 5]).await;
    let outcome = booth.view("lee", NOW).await;
    let position = Some(booth.log.head().await.unwrap());
    assert_eq!(outcome.unwrap_err(), CommandError::Conflict { position });
    assert_eq!(booth.log.appends(), 5);
    assert!(booth.view("lee", NOW).await.unwrap().counted);
    assert_eq!(booth.total().await, 1);
}

#[tokio::test]
async fn a_silent_append_that_was_overtaken_counts_once() {
    let booth = Booth::open(&[Act::Mute, Act::Overtake, Act::Lose, Act::Overtake]).await;
    assert!(booth.view("lee", NOW).await.unwrap().counted);
    assert!(booth.view("park", NOW).await.unwrap().counted);
    assert_eq!(booth.total().await, 2);
}

#[tokio::test]
async fn a_view_counts_also_if_its_caller_has_hung_up() {
    let booth = Booth::open(&[Act::Hold]).await;
    let gone = booth.spawn("lee", NOW);
    booth.appended(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    booth.release();
    booth.view("park", NOW).await.unwrap();
    assert!(!booth.view("lee", NOW).await.unwrap().counted);
    assert_eq!(booth.total().await, 2);
}

/// The first view's article is read; then the gatherer waits to read its stream.
#[tokio::test]
async fn too_many_waiting_views_are_told_to_come_back() {
    let booth = Booth::reading(&[], 1).await;
    let mut views = JoinSet::new();
    views.spawn(booth.view("first", NOW));
    booth.has_read(2).await;
    for n in 0..MAX_WAITING {
        views.spawn(booth.view(&format!("user {n}"), NOW));
    }
    for _ in 0..1000 {
        yield_now().await;
    }
    let refused = booth.view("late", NOW).await.unwrap_err();
    assert!(
        matches!(refused, CommandError::Store(StoreError::Busy { .. })),
        "{refused:?}"
    );
    booth.release();
    assert!(views.join_all().await.iter().all(Result::is_ok));
    assert!(booth.view("late", NOW).await.unwrap().counted);
    assert_eq!(booth.total().await, MAX_WAITING as u64 + 2);
}

#[tokio::test]
async fn after_the_end_nothing_is_counted() {
    let booth = Booth::open(&[]).await;
    booth.viewing.stop().await;
    let refused = booth.view("lee", NOW).await.unwrap_err();
    assert!(
        matches!(refused, CommandError::Store(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
    assert_eq!(booth.total().await, 0);
}
