//! Compares all entries of a generation with the truth at their own positions.

use std::collections::{BTreeMap, HashMap};

use redis::FromRedisValue;
use redis::aio::ConnectionLike;

use super::story::{BOARD, Standing, Story, Truth};

/// Reads what stands in Redis, past all that is tested.
pub(super) struct Checker<C> {
    pub(super) connection: C,
    /// What keys begin with, up to the generation.
    pub(super) start: String,
}

type Hash = HashMap<String, String>;

impl<C: ConnectionLike> Checker<C> {
    /// Compares all; how many entries there were.
    pub(super) async fn check(&mut self, story: &Story, ids: &[i64]) -> usize {
        let mut entries = 0;
        for id in ids {
            let hash: Hash = self.ask("HGETALL", &format!("article:{{{id}}}")).await;
            entries += usize::from(same_article(story, (*id, &hash)));
        }
        entries += usize::from(self.same_board(story).await);
        entries + usize::from(self.same_popular(story).await)
    }

    async fn ask<T: FromRedisValue>(&mut self, command: &str, rest: &str) -> T {
        let mut ask = redis::cmd(command);
        ask.arg(format!("{}:{rest}", self.start));
        if command == "ZRANGE" {
            ask.arg(0).arg(-1).arg("WITHSCORES");
        }
        ask.query_async(&mut self.connection).await.unwrap()
    }

    /// The members of a set, if it is as large as the hash beside it says.
    async fn beside(&mut self, hash: &Hash, set: &str) -> Option<BTreeMap<i64, u64>> {
        let listed = hash.get("listed")?;
        let members: Vec<(i64, u64)> = self.ask("ZRANGE", set).await;
        let whole = members.len().to_string() == *listed;
        whole.then(|| members.into_iter().collect())
    }

    async fn same_board(&mut self, story: &Story) -> bool {
        let hash: Hash = self.ask("HGETALL", &format!("board:{{{BOARD}}}")).await;
        let list = format!("board:{{{BOARD}}}:articles");
        let Some(list) = self.beside(&hash, &list).await else {
            return false;
        };
        let live = truth(story, &hash).live();
        assert_eq!(hash["article_count"], live.len().to_string(), "{hash:?}");
        assert_eq!(list.into_keys().collect::<Vec<_>>(), live, "{hash:?}");
        true
    }

    async fn same_popular(&mut self, story: &Story) -> bool {
        let hash: Hash = self.ask("HGETALL", "popular:{20261119}:meta").await;
        let scores = self.beside(&hash, "popular:{20261119}").await;
        let Some(scores) = scores else { return false };
        assert_eq!(&scores, truth(story, &hash).scores(), "{hash:?}");
        true
    }
}

/// What is true at the position that an entry carries.
fn truth(story: &Story, hash: &Hash) -> Truth {
    let position = &hash["position"];
    let position = if position.is_empty() { "0" } else { position };
    story.at(u64::from_str_radix(position, 16).unwrap())
}

fn same_article(story: &Story, (id, hash): (i64, &Hash)) -> bool {
    if !hash.contains_key("deleted") && !hash.contains_key("title") {
        return false;
    }
    let Standing::Live(expected) = truth(story, hash).article(id) else {
        assert_eq!(
            hash.get("deleted").map(String::as_str),
            Some("1"),
            "{id} {hash:?}"
        );
        return true;
    };
    assert_eq!(hash["title"], expected.title, "{id} {hash:?}");
    assert_eq!(
        hash["like_count"],
        expected.like_count.to_string(),
        "{id} {hash:?}"
    );
    assert_eq!(
        hash["view_count"],
        expected.view_count.to_string(),
        "{id} {hash:?}"
    );
    true
}
