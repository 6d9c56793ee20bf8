//! The requests whose fate is watched while a store is ill.

use std::io;
use std::sync::Arc;

use serde_json::json;

use super::facts::{Facts, text};
use crate::node::client::{Answer, Client};

/// What an answer cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing at all.
    Nothing,
    /// The log, for writing.
    Log,
    /// Redis or SQL, whichever is there.
    Views,
    /// SQL, for reading.
    Sql,
    /// The log and SQL for writing: it follows the log.
    Fold,
}

/// A kind of request.
pub(super) struct Probe {
    pub(super) name: &'static str,
    /// The status while all is well.
    pub(super) well: u16,
    pub(super) needs: Need,
    pub(super) ask: fn(&mut Caller) -> io::Result<Answer>,
}

/// Asks one kind of request again and again.
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) facts: Arc<Facts>,
}

impl Caller {
    fn read(&mut self, path: &str) -> io::Result<Answer> {
        self.client.read(path)
    }

    fn post(&mut self) -> io::Result<Answer> {
        let path = format!("/v1/boards/{}/articles", self.facts.busy);
        let article = json!({"title": "news", "content": "more of them"});
        self.client.post(&path, &article)
    }

    /// Posts an article and reads it where that is in the views; a post that fails is the answer.
    fn post_and_read(&mut self) -> io::Result<Answer> {
        let posted = self.post()?;
        let Some(position) = posted.position().filter(|_| posted.status == 201) else {
            return Ok(posted);
        };
        let path = format!("/v1/articles/{}", text(&posted.body, "article_id"));
        self.client.get(&path, position)
    }
}

const fn reads(
    name: &'static str,
    needs: Need,
    ask: fn(&mut Caller) -> io::Result<Answer>,
) -> Probe {
    Probe {
        name,
        well: 200,
        needs,
        ask,
    }
}

/// So many of the first ones only read.
pub(super) const READS: usize = 9;

/// All of them, in the table's order.
pub(super) const PROBES: &[Probe] = &[
    reads("hot article", Need::Views, |caller| {
        let path = format!("/v1/articles/{}", caller.facts.hot());
        caller.read(&path)
    }),
    reads("cold article", Need::Sql, |caller| {
        let path = format!("/v1/articles/{}", caller.facts.cold());
        caller.read(&path)
    }),
    reads("board", Need::Views, |caller| {
        let path = format!("/v1/boards/{}", caller.facts.quiet);
        caller.read(&path)
    }),
    reads("first page", Need::Views, |caller| {
        let path = format!("/v1/boards/{}/articles?page=1", caller.facts.quiet);
        caller.read(&path)
    }),
    // Its newest article is perhaps not in Redis yet.
    reads("first page, busy board", Need::Sql, |caller| {
        let path = format!("/v1/boards/{}/articles", caller.facts.busy);
        caller.read(&path)
    }),
    reads("deep page", Need::Sql, |caller| {
        let path = format!("/v1/boards/{}/articles?page=61", caller.facts.quiet);
        caller.read(&path)
    }),
    reads("comments", Need::Sql, |caller| {
        let path = format!("/v1/articles/{}/comments", caller.facts.hot());
        caller.read(&path)
    }),
    reads("popular", Need::Views, |caller| caller.read("/v1/popular")),
    reads("own like", Need::Sql, |caller| {
        let path = format!("/v1/articles/{}/like", caller.facts.hot());
        caller.read(&path)
    }),
    Probe {
        name: "post an article",
        well: 201,
        needs: Need::Log,
        ask: Caller::post,
    },
    Probe {
        name: "like",
        well: 204,
        needs: Need::Log,
        ask: |caller| {
            let path = format!("/v1/articles/{}/like", caller.facts.cold());
            caller.client.put(&path)
        },
    },
    Probe {
        name: "view",
        well: 200,
        needs: Need::Log,
        ask: |caller| {
            let path = format!("/v1/articles/{}/views", caller.facts.cold());
            caller.client.post(&path, &json!({}))
        },
    },
    reads("read your write", Need::Fold, Caller::post_and_read),
    reads("ready", Need::Fold, |caller| caller.read("/health/ready")),
    reads("live", Need::Nothing, |caller| caller.read("/health/live")),
];
