//! New ids under a lease that somebody else keeps, whatever becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use madang::ambient::Clock;
use madang::command::ids::{IdError, Ids, Lease};
use madang::domain::Timestamp;
use madang::domain::snowflake::{EPOCH, Node, Snowflake};
use tokio::sync::watch;

const NOON: i64 = 1_800_000_000_000;

struct Desk {
    hands: Arc<AtomicI64>,
    told: watch::Sender<Option<Lease>>,
    ids: Ids,
}

impl Desk {
    fn new() -> Self {
        let hands = Arc::new(AtomicI64::new(NOON));
        let (told, lease) = watch::channel(None);
        let ids = Ids::leased(lease, Clock::driven_by(hands.clone()));
        Self { hands, told, ids }
    }

    /// Somebody tells of a lease, in milliseconds after noon.
    fn lease(&self, node: u16, from: i64, until: i64) {
        self.told.send_replace(Some(Lease {
            node: Node::new(node).unwrap(),
            from: Timestamp(NOON + from),
            until: Timestamp(NOON + until),
        }));
    }

    fn set(&self, after_noon: i64) {
        self.hands.store(NOON + after_noon, Ordering::Relaxed);
    }

    async fn next(&self) -> Result<Parts, IdError> {
        self.ids.next().await.map(parts)
    }
}

/// Milliseconds after noon, node and sequence of an id.
type Parts = (i64, i64, i64);

fn parts(id: Snowflake) -> Parts {
    let id = id.to_i64();
    let at = (id >> 22) + EPOCH.0 - NOON;
    (at, (id >> 12) & 0x3ff, id & 0xfff)
}

#[tokio::test]
async fn without_a_lease_there_is_neither_number_nor_id() {
    let desk = Desk::new();
    assert_eq!(desk.ids.node(), None);
    assert_eq!(desk.next().await, Err(IdError::NoNode));
    desk.lease(7, -1000, 1000);
    assert_eq!(desk.ids.node(), Node::new(7));
    assert_eq!(desk.next().await, Ok((0, 7, 0)));
    desk.told.send_replace(None);
    assert_eq!(desk.ids.node(), None);
    assert_eq!(desk.next().await, Err(IdError::NoNode));
}

#[tokio::test]
async fn ids_end_with_the_lease_and_go_on_when_it_is_renewed() {
    let desk = Desk::new();
    desk.lease(7, -1000, 1000);
    desk.set(999);
    assert_eq!(desk.next().await, Ok((999, 7, 0)));
    desk.set(1000);
    assert_eq!(desk.ids.node(), None);
    assert_eq!(desk.next().await, Err(IdError::NoNode));
    desk.lease(7, -1000, 2000);
    assert_eq!(desk.next().await, Ok((1000, 7, 0)));
    desk.set(0);
    assert_eq!(
        desk.next().await,
        Ok((1000, 7, 1)),
        "the clock was set back"
    );
}

/// Its number was somebody else's in between.
#[tokio::test]
async fn a_later_lease_of_the_same_number_begins_where_it_says() {
    let desk = Desk::new();
    desk.lease(7, -1000, 1000);
    desk.next().await.unwrap();
    desk.lease(7, 5000, 9000);
    assert_eq!(desk.next().await, Ok((5000, 7, 0)));
    desk.set(6000);
    assert_eq!(desk.next().await, Ok((6000, 7, 0)));
}

#[tokio::test]
async fn another_number_begins_anew() {
    let desk = Desk::new();
    desk.lease(7, -1000, 1000);
    desk.next().await.unwrap();
    desk.lease(8, -2000, 1000);
    assert_eq!(desk.next().await, Ok((0, 8, 0)));
}

#[tokio::test]
async fn what_is_given_up_ends_after_the_last_id() {
    let desk = Desk::new();
    assert_eq!(desk.ids.give_up(), None);
    for (made, end) in [(1, 1), (4096, 1), (4097, 2)] {
        let desk = Desk::new();
        desk.lease(7, -1000, 1000);
        for _ in 0..made {
            desk.next().await.unwrap();
        }
        let (lease, free) = desk.ids.give_up().unwrap();
        assert_eq!((lease.node.get(), free), (7, Timestamp(NOON + end)));
        assert_eq!(desk.next().await, Err(IdError::NoNode), "nor later");
    }
}

#[tokio::test]
async fn past_the_last_id_a_lease_helps_nobody() {
    let desk = Desk::new();
    desk.lease(7, 0, i64::MAX - NOON);
    desk.hands.store(i64::MAX - 1, Ordering::Relaxed);
    let error = desk.next().await.unwrap_err();
    assert!(matches!(error, IdError::OutOfTime(_)), "{error}");
}
