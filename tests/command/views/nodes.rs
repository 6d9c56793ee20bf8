//! Several nodes that count the views of one log, and the Redis in which they tell each other.

use madang::command::CommandError;
use madang::command::view::{ViewDone, Viewing};
use madang::event_store::{EventStore as _, Position};
use madang::hot::{At, Hot, HotPrefix, HotUrl, Replication};
use tokio::sync::watch;
use tokio::task::{JoinSet, yield_now};
use uuid::Uuid;

use super::booth::{Act, Booth, NOW, at, counter_of};
use crate::servers::redis::Redis;
use crate::wayward::{away, unknown};

/// Redis need not know more of the log.
const LOG: Uuid = Uuid::from_u128(1);

/// Two nodes.
struct Nodes {
    booth: Booth,
    redis: Redis,
    hot: Hot,
    both: [Viewing; 2],
    _follow: JoinSet<()>,
}

impl Nodes {
    async fn open(acts: &[Act]) -> Self {
        let booth = Booth::open(acts).await;
        let redis = Redis::start();
        let hot = Hot::new(HotUrl::parse(&redis.url()).unwrap(), HotPrefix::default());
        begin(&hot).await;
        let (_, sql) = watch::channel(Position::START);
        let following = hot.clone();
        let mut follow = JoinSet::new();
        follow.spawn(async move { following.follow(LOG, sql).await });
        let nodes = Self {
            both: [7, 8].map(|node| start(&booth, node, Some(hot.clone()))),
            booth,
            redis,
            hot,
            _follow: follow,
        };
        nodes.are_in_touch(true).await;
        nodes
    }

    /// Waits until the nodes may use Redis, or know that they may not.
    async fn are_in_touch(&self, with_redis: bool) {
        while self.hot.generation().is_some() != with_redis {
            yield_now().await;
        }
    }

    /// Somebody is sent to one of the nodes.
    async fn view(
        &self,
        node: usize,
        (user, time): (&str, i64),
    ) -> Result<bool, madang::event_store::StoreError> {
        match self.done(node, (user, time)).await {
            Ok(done) => Ok(done.counted),
            Err(CommandError::Store(error)) => Err(error),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn done(
        &self,
        node: usize,
        (user, time): (&str, i64),
    ) -> impl Future<Output = madang::command::view::ViewOutcome> + Send + use<> {
        let (viewing, article) = (self.both[node].clone(), self.booth.square.article);
        let origin = at(user, time);
        async move { viewing.view(&origin, article).await }
    }
}

async fn begin(hot: &Hot) {
    let at = At {
        log_id: LOG,
        checkpoint: Position::START,
        last: None,
        replication: masters(hot).await,
    };
    hot.begin(None, &at).await.unwrap();
}

/// A connection from before a restart has to fail once.
async fn masters(hot: &Hot) -> Replication {
    loop {
        match hot.replication().await {
            Ok(masters) => return masters,
            Err(_) => yield_now().await,
        }
    }
}

fn start(booth: &Booth, node: u16, hot: Option<Hot>) -> Viewing {
    Viewing::start(&booth.commands, counter_of(node), hot)
}

#[tokio::test]
async fn a_user_counts_once_on_whichever_node() {
    let nodes = Nodes::open(&[]).await;
    assert_eq!(nodes.view(0, ("lee", NOW)).await, Ok(true));
    assert_eq!(nodes.view(1, ("lee", NOW)).await, Ok(false));
    assert_eq!(nodes.view(1, ("Lee", NOW)).await, Ok(true));
    assert_eq!(nodes.view(0, ("Lee", NOW)).await, Ok(false));
    assert_eq!(nodes.booth.total().await, 2);
    assert_eq!(
        nodes.booth.log.appends(),
        2,
        "what counts for nothing is not appended"
    );
}

#[tokio::test]
async fn what_another_node_counted_says_how_far_this_one_has_read() {
    let nodes = Nodes::open(&[]).await;
    let read = nodes.booth.log.head().await.unwrap();
    nodes.view(0, ("lee", NOW)).await.unwrap();
    let ViewDone { counted, position } = nodes.done(1, ("lee", NOW)).await.unwrap();
    assert_eq!((counted, position), (false, read));
}

/// Nobody's place is lost because somebody else's view of the same flush counts for nothing.
#[tokio::test]
async fn of_views_that_are_flushed_together_each_counts_by_itself() {
    let nodes = Nodes::open(&[Act::Mute]).await;
    for user in ["a", "c", "e"] {
        assert_eq!(nodes.view(0, (user, NOW)).await, Ok(true));
    }
    let mut views = JoinSet::new();
    for user in ["a", "b", "c", "d", "e"] {
        let view = nodes.done(1, (user, NOW));
        views.spawn(async move { (user, view.await.unwrap().counted) });
    }
    let mut counted: Vec<_> = views.join_all().await;
    counted.sort_unstable();
    let expected = [
        ("a", false),
        ("b", true),
        ("c", false),
        ("d", true),
        ("e", false),
    ];
    assert_eq!(counted, expected);
    assert_eq!(nodes.booth.total().await, 5);
}

#[tokio::test]
async fn a_failed_append_frees_its_users_on_every_node() {
    let nodes = Nodes::open(&[Act::Fail]).await;
    assert_eq!(nodes.view(0, ("lee", NOW)).await, Err(away()));
    assert_eq!(nodes.view(1, ("lee", NOW)).await, Ok(true));
    assert_eq!(nodes.view(0, ("lee", NOW)).await, Ok(false));
    assert_eq!(nodes.booth.total().await, 1);
}

#[tokio::test]
async fn a_view_that_may_be_there_is_counted_on_no_other_node() {
    let nodes = Nodes::open(&[Act::Mute, Act::Refuse]).await;
    assert_eq!(nodes.view(0, ("lee", NOW)).await, Err(unknown()));
    assert_eq!(nodes.view(1, ("lee", NOW)).await, Ok(false));
    assert_eq!(nodes.booth.total().await, 1);
}

#[tokio::test]
async fn a_node_that_starts_again_has_not_forgotten() {
    let mut nodes = Nodes::open(&[]).await;
    assert_eq!(nodes.view(0, ("lee", NOW)).await, Ok(true));
    nodes.both[0].stop().await;
    nodes.both[0] = start(&nodes.booth, 7, Some(nodes.hot.clone()));
    assert_eq!(nodes.view(0, ("lee", NOW)).await, Ok(false));
    assert_eq!(nodes.booth.total().await, 1);
}

/// Ten minutes are of the view that counted: once it is forgotten, who was refused may view again.
#[tokio::test]
async fn being_refused_keeps_nobody_out_for_longer() {
    let nodes = Nodes::open(&[]).await;
    assert_eq!(nodes.view(0, ("lee", NOW)).await, Ok(true));
    assert_eq!(nodes.view(1, ("lee", NOW)).await, Ok(false));
    let _: () = nodes.redis.run("FLUSHALL").await;
    begin(&nodes.hot).await;
    assert_eq!(nodes.view(1, ("lee", NOW + 10_000)).await, Ok(true));
}

#[tokio::test]
async fn while_redis_is_away_each_node_counts_for_itself() {
    let mut nodes = Nodes::open(&[]).await;
    nodes.redis.process().kill();
    for counted in [true, false] {
        assert_eq!(nodes.view(0, ("lee", NOW)).await, Ok(counted));
        assert_eq!(nodes.view(1, ("lee", NOW)).await, Ok(counted));
    }
    assert_eq!(nodes.booth.total().await, 2);
    nodes.redis.process().restart();
    begin(&nodes.hot).await;
    nodes.are_in_touch(true).await;
    assert_eq!(nodes.view(0, ("park", NOW)).await, Ok(true));
    assert_eq!(nodes.view(1, ("park", NOW)).await, Ok(false));
}

#[tokio::test]
async fn a_silent_redis_loses_no_view() {
    let mut nodes = Nodes::open(&[]).await;
    nodes.redis.process().pause();
    for counted in [true, false] {
        assert_eq!(nodes.view(0, ("lee", NOW)).await, Ok(counted));
    }
    assert!(nodes.hot.generation().is_none(), "it is not asked again");
    nodes.redis.process().resume();
    assert_eq!(nodes.booth.total().await, 1);
}

#[tokio::test]
async fn a_redis_that_dies_during_the_append_changes_nothing() {
    for (act, outcome) in [(Act::Hold, Ok(true)), (Act::Fail, Err(away()))] {
        let mut nodes = Nodes::open(&[Act::Hold, act]).await;
        let first = tokio::spawn(nodes.done(0, ("park", NOW)));
        nodes.booth.appended(1).await;
        nodes.redis.process().kill();
        nodes.booth.release();
        assert!(first.await.unwrap().unwrap().counted);
        assert_eq!(nodes.view(0, ("park", NOW)).await, Ok(false));
        assert_eq!(nodes.view(0, ("lee", NOW)).await, outcome);
        let again = nodes.view(0, ("lee", NOW)).await;
        assert_eq!(again, Ok(outcome.is_err()), "{act:?}");
        assert_eq!(nodes.booth.total().await, 2);
    }
}
