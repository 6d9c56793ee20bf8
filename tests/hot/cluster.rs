//! The same on a Cluster of three masters: keys that change together are together, scripts are on every
//! node, and losing one master is noticed.

use madang::domain::UserId;
use madang::hot::{
    ArticleChange, Batch, BoardChange, Filled, Generation, GuardedView, Hot, HotError, HotList,
    HotPopular, Pointer, PopularChange, Read, Span,
};
use redis::cluster_async::ClusterConnection;
use redis::{FromRedisValue, cmd};
use uuid::Uuid;

use super::story::day;
use super::yard::{article, article_id, begin, board, board_id, connect, moment, position};
use crate::servers::redis::RedisCluster;

/// A generation of one's own on the Cluster that all share.
struct Part {
    hot: Hot,
    pointer: Pointer,
    generation: Generation,
    connection: ClusterConnection,
    prefix: &'static str,
}

impl Part {
    async fn new(prefix: &'static str) -> Self {
        Self::on(RedisCluster::shared().await, prefix).await
    }

    async fn on(cluster: &RedisCluster, prefix: &'static str) -> Self {
        let hot = connect(&cluster.url(), prefix);
        let pointer = begin(&hot, 0).await;
        Self {
            generation: Generation::of(&pointer),
            connection: cluster.connect().await,
            hot,
            pointer,
            prefix,
        }
    }

    async fn ask<T: FromRedisValue>(&mut self, command: &str, rest: &str) -> T {
        let key = format!("{}:{}:{rest}", self.prefix, self.pointer.generation);
        let asked = cmd(command)
            .arg(key)
            .query_async(&mut self.connection)
            .await;
        asked.unwrap()
    }

    async fn fill_articles(&self, ids: impl Iterator<Item = i64>) {
        let ids: Vec<_> = ids.map(article_id).collect();
        let read = self.hot.articles(&self.generation, &ids).await.unwrap();
        for read in read {
            let Read::Miss(missed) = read else {
                panic!("{read:?}");
            };
            let filled = self
                .hot
                .fill_article(&missed, Some(&article()), moment(3))
                .await;
            assert_eq!(filled, Ok(Filled::Yes));
        }
    }

    async fn apply(&self, batch: &Batch) {
        let applied = self.hot.apply(&self.pointer.generation, batch).await;
        assert_eq!(applied, Ok(()));
    }

    async fn likes(&self, ids: impl Iterator<Item = i64>) -> Vec<u64> {
        let ids: Vec<_> = ids.map(article_id).collect();
        let read = self.hot.articles(&self.generation, &ids).await.unwrap();
        let likes = read.into_iter().map(|read| match read {
            Read::Entry(article) => article.like_count,
            other => panic!("{other:?}"),
        });
        likes.collect()
    }
}

fn liked(ids: impl Iterator<Item = i64>, at: u64) -> Batch {
    let mut batch = Batch::default();
    for id in ids {
        let like = ArticleChange {
            likes: 1,
            ..ArticleChange::default()
        };
        batch.article(article_id(id), position(at), like);
    }
    batch
}

#[tokio::test]
async fn articles_on_all_nodes_change_once() {
    let part = Part::new("articles").await;
    part.fill_articles(1..=60).await;
    for _ in 0..2 {
        part.apply(&liked(1..=60, 4)).await;
    }
    assert_eq!(part.likes(1..=60).await, vec![3; 60]);
}

#[tokio::test]
async fn scripts_that_the_nodes_forgot_are_loaded_again() {
    let mut part = Part::new("scripts").await;
    part.fill_articles(1..=20).await;
    let flushed = cmd("SCRIPT")
        .arg("FLUSH")
        .exec_async(&mut part.connection)
        .await;
    assert!(flushed.is_ok());
    part.apply(&liked(1..=20, 4)).await;
    assert_eq!(part.likes(1..=20).await, vec![3; 20]);
}

#[tokio::test]
async fn an_event_between_snapshot_and_fill_stops_the_fill() {
    let part = Part::new("between").await;
    for id in 1..=10 {
        let read = part.hot.article(&part.generation, article_id(id)).await;
        let Ok(Read::Miss(paused)) = read else {
            panic!("{read:?}");
        };
        part.apply(&liked(id..=id, 4)).await;
        let filled = part
            .hot
            .fill_article(&paused, Some(&article()), moment(3))
            .await;
        assert_eq!(filled, Ok(Filled::Overtaken));
    }
}

#[tokio::test]
async fn a_board_and_its_list_are_on_one_node() {
    let mut part = Part::new("boards").await;
    for id in 1..=10 {
        let read = part.hot.board(&part.generation, board_id(id)).await;
        let Ok(Read::Miss(missed)) = read else {
            panic!("{read:?}");
        };
        let list = HotList {
            newest: vec![article_id(1)],
            complete: true,
        };
        let filled = part
            .hot
            .fill_board(&missed, (&board(), &list), moment(3))
            .await;
        assert_eq!(filled, Ok(Filled::Yes));
        let mut batch = Batch::default();
        batch.board(
            board_id(id),
            position(4),
            BoardChange::posted(article_id(2)),
        );
        part.apply(&batch).await;
        let span = Span::Page {
            offset: 0,
            limit: 9,
        };
        let read = part
            .hot
            .board_list(&part.generation, (board_id(id), span))
            .await;
        let Ok(Read::Entry(read)) = read else {
            panic!("{read:?}");
        };
        assert_eq!(read.articles, [article_id(2), article_id(1)]);
        let life: i64 = part.ask("PTTL", &format!("board:{{{id}}}:articles")).await;
        assert!(life > 60_000, "{life}");
    }
}

#[tokio::test]
async fn a_day_and_its_scores_are_on_one_node() {
    let part = Part::new("days").await;
    let wanted = (day(), 10);
    let Ok(Read::Miss(missed)) = part.hot.popular(&part.generation, wanted).await else {
        panic!("it was read");
    };
    let popular = HotPopular {
        scores: vec![(article_id(1), 5)],
    };
    let filled = part.hot.fill_popular(&missed, &popular, moment(3)).await;
    assert_eq!(filled, Ok(Filled::Yes));
    let mut batch = Batch::default();
    batch.popular(day(), position(4), PopularChange::counts(article_id(1), -2));
    part.apply(&batch).await;
    let top = part.hot.popular(&part.generation, wanted).await;
    assert_eq!(top, Ok(Read::Entry(vec![(article_id(1), 3)])));
}

#[tokio::test]
async fn a_user_counts_once() {
    let part = Part::new("guards").await;
    let views: Vec<GuardedView> = (1..=20)
        .map(|id| GuardedView {
            article_id: article_id(id),
            user_id: UserId::parse("{kim}").unwrap(),
            token: Uuid::from_u128(1),
        })
        .collect();
    let again: Vec<GuardedView> = views
        .iter()
        .map(|view| GuardedView {
            token: Uuid::from_u128(2),
            ..view.clone()
        })
        .collect();
    let take = async |views| part.hot.take_views(&part.generation, views).await;
    assert_eq!(take(&views).await, Ok(vec![true; 20]));
    assert_eq!(take(&again).await, Ok(vec![false; 20]));
    let back = part.hot.take_back_views(&part.generation, &views).await;
    assert_eq!(back, Ok(()));
    assert_eq!(take(&again).await, Ok(vec![true; 20]));
}

#[tokio::test]
async fn a_master_that_was_lost_is_noticed() {
    let mut cluster = RedisCluster::start().await;
    let part = Part::on(&cluster, "lost").await;
    let replication = part.hot.replication().await.unwrap();
    assert_eq!(replication, part.pointer.replication);
    part.fill_articles(1..=20).await;
    cluster.nodes()[2].process().kill();
    let applied = part
        .hot
        .apply(&part.pointer.generation, &liked(1..=20, 4))
        .await;
    assert!(matches!(applied, Err(HotError::Away(_))), "{applied:?}");
    cluster.nodes()[2].process().restart();
    cluster.wait_until_whole().await;
    let now = part.hot.replication().await;
    assert!(now.as_ref().is_ok_and(|now| *now != replication), "{now:?}");
}
