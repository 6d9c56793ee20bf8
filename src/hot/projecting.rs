//! What the projector does: generations, the checkpoint, batches.

use redis::{Arg, Cmd, Value, cmd};
use uuid::Uuid;

use super::change::{ArticleChange, Batch, BoardChange, PopularChange, Steps};
use super::entry::EntryId;
use super::keys::member;
use super::pointer::{Advanced, At, GenerationName, Pointer};
use super::script::{ADVANCE, APPLY_ARTICLE, APPLY_BOARD, APPLY_POPULAR, BEGIN};
use super::{Hot, HotError, Replication, info, values};
use crate::ambient;
use crate::event_store::Position;

/// How many entries are changed in one round trip.
const CHUNK: usize = 256;
/// How many bytes of steps go into one round trip; a single entry's may be more.
const CHUNK_BYTES: usize = 1 << 20;

impl Hot {
    /// What stands in the pointer key now. Asked of Redis each time.
    pub async fn pointer(&self) -> Result<Option<Pointer>, HotError> {
        let mut ask = cmd("HGETALL");
        ask.arg(self.keys().pointer());
        values::pointer(self.patient().ask(ask).await?)
    }

    /// Who the masters are now. It is compared with what the pointer says after each batch, before the
    /// checkpoint moves, and from time to time when there are no batches.
    pub async fn replication(&self) -> Result<Replication, HotError> {
        Ok(info::digest(&self.patient().masters().await?))
    }

    /// The same over a new connection: the old one may know the masters that a Cluster had a while ago.
    pub async fn replication_anew(&self) -> Result<Replication, HotError> {
        self.patient().renew();
        self.replication().await
    }

    /// Begins a generation at SQL's checkpoint, if what stands in the pointer key is still what was
    /// `seen`, or nothing. Answers what stands there then: ours, or that of somebody who was faster, or
    /// that of another log, which is never overwritten.
    pub async fn begin(&self, seen: Option<&Pointer>, at: &At) -> Result<Pointer, HotError> {
        let generation = GenerationName(ambient::new_generation().into());
        let ours = Pointer {
            generation,
            log_id: at.log_id,
            checkpoint: at.checkpoint,
            last: at.last,
            replication: at.replication.clone(),
        };
        let mut call = BEGIN.call(&[self.keys().pointer()]);
        call.arg(seen.map_or_else(String::new, |seen| seen.generation.to_string()))
            .arg(seen.map_or_else(String::new, |seen| seen.checkpoint.to_string()))
            .arg(ours.log_id.to_string())
            .arg("generation")
            .arg(ours.generation.as_str())
            .arg("log_id")
            .arg(ours.log_id.to_string())
            .arg("checkpoint")
            .arg(ours.checkpoint.to_string())
            .arg("last_event_id")
            .arg(event_id(ours.last))
            .arg("replication")
            .arg(&ours.replication.0);
        let theirs = values::pointer(self.patient().ask(call).await?)?;
        Ok(theirs.unwrap_or(ours))
    }

    /// Moves the checkpoint from where this projector left it to `to`: a position and the id of the
    /// event there. Wanted: everything up to there is applied, and SQL has it.
    pub async fn advance(
        &self,
        from: &Pointer,
        (position, last): (Position, Uuid),
    ) -> Result<Advanced, HotError> {
        let mut call = ADVANCE.call(&[self.keys().pointer()]);
        call.arg(from.generation.as_str())
            .arg(from.checkpoint.to_string())
            .arg(position.to_string())
            .arg(last.to_string());
        let mut answer = values::array(self.patient().ask(call).await?)?;
        match (answer.pop(), answer.pop()) {
            (Some(Value::Int(1)), None) => Ok(Advanced::Moved(Pointer {
                checkpoint: position,
                last: Some(last),
                ..from.clone()
            })),
            (Some(stands), Some(Value::Int(0))) => {
                Ok(Advanced::Elsewhere(values::pointer(stands)?))
            }
            _ => Err(HotError::foreign("an answer to moving the checkpoint")),
        }
    }

    /// Folds a batch into the entries that are there. Doing it again, wholly or in other cuts, changes
    /// nothing more. After an error part of it may be done.
    pub async fn apply(&self, generation: &GenerationName, batch: &Batch) -> Result<(), HotError> {
        let mut calls = self.calls(generation, batch);
        let mut chunk = cut(&mut calls);
        while !chunk.is_empty() {
            // The next calls are made while Redis works on these, once they are on their way.
            let next = async {
                tokio::task::yield_now().await;
                cut(&mut calls)
            };
            let (applied, next) = tokio::join!(self.apply_chunk(chunk), next);
            applied?;
            chunk = next;
        }
        Ok(())
    }

    /// Forgets the generation: what is hot is not used any more, and dies by its own life. For whoever
    /// rebuilds the views in SQL.
    pub async fn forget_all(&self) -> Result<(), HotError> {
        let mut delete = cmd("DEL");
        delete.arg(self.keys().pointer());
        self.patient().ask(delete).await.map(|_| ())
    }

    async fn apply_chunk(&self, chunk: Vec<Cmd>) -> Result<(), HotError> {
        for answer in self.patient().run(chunk).await? {
            answer?;
        }
        Ok(())
    }

    fn calls(&self, generation: &GenerationName, batch: &Batch) -> impl Iterator<Item = Cmd> {
        let keys = |entry| self.keys().entry(generation, entry);
        let articles = batch.articles.iter().map(move |(id, steps)| {
            let call = APPLY_ARTICLE.call(&keys(EntryId::Article(*id)));
            with_steps(call, steps, article)
        });
        let boards = batch.boards.iter().map(move |(id, steps)| {
            let call = APPLY_BOARD.call(&keys(EntryId::Board(*id)));
            with_steps(call, steps, board)
        });
        let popular = batch.popular.iter().map(move |(day, steps)| {
            let call = APPLY_POPULAR.call(&keys(EntryId::Popular(*day)));
            with_steps(call, steps, scores)
        });
        articles.chain(boards).chain(popular)
    }
}

/// The calls of the next round trip; none at the end.
fn cut(calls: &mut impl Iterator<Item = Cmd>) -> Vec<Cmd> {
    let (mut chunk, mut bytes) = (Vec::with_capacity(CHUNK), 0);
    while chunk.len() < CHUNK && bytes < CHUNK_BYTES {
        let Some(call) = calls.next() else { break };
        bytes += size(&call);
        chunk.push(call);
    }
    chunk
}

/// What a call weighs, about, in bytes.
fn size(call: &Cmd) -> usize {
    call.args_iter()
        .map(|argument| match argument {
            Arg::Simple(bytes) => bytes.len(),
            _ => 0,
        })
        .sum()
}

fn event_id(id: Option<Uuid>) -> String {
    id.map_or_else(String::new, |id| id.to_string())
}

fn with_steps<C>(mut call: Cmd, steps: &Steps<C>, write: fn(&mut Cmd, &C)) -> Cmd {
    let newest = steps.0.last().map_or(Position::START, |step| step.last);
    call.arg(newest.to_string());
    for step in &steps.0 {
        call.arg(step.first.to_string()).arg(step.last.to_string());
        write(&mut call, &step.change);
    }
    call
}

fn article(call: &mut Cmd, change: &ArticleChange) {
    call.arg(change.comments)
        .arg(change.likes)
        .arg(change.views)
        .arg(u8::from(change.deleted))
        .arg(u8::from(change.edited.is_some()));
    if let Some(edited) = &change.edited {
        call.arg(&edited.title)
            .arg(&edited.content)
            .arg(edited.modified_at.0)
            .arg(edited.revision);
    }
}

fn board(call: &mut Cmd, change: &BoardChange) {
    let revision = change.revision.map(|revision| revision.to_string());
    call.arg(change.article_count)
        .arg(revision.unwrap_or_default())
        .arg(u8::from(change.closed))
        .arg(u8::from(change.described.is_some()));
    if let Some(described) = &change.described {
        call.arg(&described.name)
            .arg(&described.description)
            .arg(described.max_comment_depth);
    }
    for ids in [&change.posted, &change.removed] {
        call.arg(ids.len());
        for id in ids {
            call.arg(member(*id));
        }
    }
}

fn scores(call: &mut Cmd, change: &PopularChange) {
    call.arg(change.scores().len());
    for (id, score) in change.scores() {
        call.arg(member(id))
            .arg(u8::from(score.begins))
            .arg(score.added)
            .arg(score.least)
            .arg(u8::from(score.ends));
    }
}
