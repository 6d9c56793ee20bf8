//! Reads: a hit is one round trip. A miss is a second one, which marks the place for the fill.

use redis::{Cmd, Value, cmd};

use super::entry::{EntryId, Hole, HotArticle, HotBoard, HotPart, Missed, Read, Span};
use super::keys::{member, of_member};
use super::pointer::Generation;
use super::script::{MISS, PART, TOP};
use super::values::{self, Fields};
use super::{Hot, HotError};
use crate::ambient;
use crate::calendar::Day;
use crate::domain::{ArticleId, BoardId};

/// How long a miss leaves its place marked, in milliseconds: longer than any fill may take.
const HOLE_LIFE: u64 = 10_000;

impl Hot {
    /// An article.
    pub async fn article(
        &self,
        generation: &Generation,
        id: ArticleId,
    ) -> Result<Read<HotArticle>, HotError> {
        let mut found = self.articles(generation, &[id]).await?;
        let missing = || HotError::foreign("an answer is missing");
        found.pop().ok_or_else(missing)
    }

    /// Articles, in the order of `ids`, in as many round trips as for one.
    pub async fn articles(
        &self,
        generation: &Generation,
        ids: &[ArticleId],
    ) -> Result<Vec<Read<HotArticle>>, HotError> {
        let entries: Vec<EntryId> = ids.iter().copied().map(EntryId::Article).collect();
        let found = self.hashes(generation, &entries).await?;
        let found = found.into_iter().map(|fields| article(fields?)).collect();
        self.marked(generation, &entries, found).await
    }

    /// Articles as lists show them, in the order of `ids`: with an empty `content`, which may be long
    /// and shares its connection with every other reader's answer. Not to be filled with.
    pub async fn listed_articles(
        &self,
        generation: &Generation,
        ids: &[ArticleId],
    ) -> Result<Vec<Read<HotArticle>>, HotError> {
        let entries: Vec<EntryId> = ids.iter().copied().map(EntryId::Article).collect();
        let asks = entries.iter().map(|entry| {
            let mut ask = cmd("HMGET");
            ask.arg(&self.keys().entry(generation.name(), *entry)[0])
                .arg(&values::LISTED);
            ask
        });
        let answers = self.quick_run(asks.collect()).await?;
        let listed = |answer| article(Fields::listed(answer)?);
        let found = answers.into_iter().map(|answer| listed(answer?)).collect();
        self.marked(generation, &entries, found).await
    }

    /// A board, without its list.
    pub async fn board(
        &self,
        generation: &Generation,
        id: BoardId,
    ) -> Result<Read<HotBoard>, HotError> {
        let entry = EntryId::Board(id);
        let mut found = self.hashes(generation, &[entry]).await?;
        let found = found.pop().map_or(Ok(None), |fields| board(fields?));
        self.one(generation, entry, found).await
    }

    /// A part of a board's list of articles, newest first.
    pub async fn board_list(
        &self,
        generation: &Generation,
        (id, span): (BoardId, Span),
    ) -> Result<Read<HotPart>, HotError> {
        let entry = EntryId::Board(id);
        let keys = self.keys().entry(generation.name(), entry);
        let answer = self.quick_ask(part_of(PART.call(&keys), span)).await?;
        let found = part(answer, span);
        self.one(generation, entry, found).await
    }

    /// The articles of a day with the highest scores above 0, of equals the older first.
    pub async fn popular(
        &self,
        generation: &Generation,
        (day, top): (Day, u32),
    ) -> Result<Read<Vec<(ArticleId, u64)>>, HotError> {
        let entry = EntryId::Popular(day);
        let keys = self.keys().entry(generation.name(), entry);
        let answer = self.quick_ask(TOP.call_with(&keys, top)).await?;
        let found = top_of(answer).map(|top| top.map(Read::Entry));
        self.one(generation, entry, found).await
    }

    async fn hashes(
        &self,
        generation: &Generation,
        entries: &[EntryId],
    ) -> Result<Vec<Result<Fields, HotError>>, HotError> {
        let asks = entries.iter().map(|entry| {
            let mut ask = cmd("HGETALL");
            ask.arg(&self.keys().entry(generation.name(), *entry)[0]);
            ask
        });
        let answers = self.quick_run(asks.collect()).await?;
        let fields = answers.into_iter().map(|answer| Fields::of(answer?));
        Ok(fields.collect())
    }

    async fn one<T>(
        &self,
        generation: &Generation,
        entry: EntryId,
        found: Result<Option<Read<T>>, HotError>,
    ) -> Result<Read<T>, HotError> {
        let mut read = self.marked(generation, &[entry], vec![found]).await?;
        let missing = || HotError::foreign("an answer is missing");
        read.pop().ok_or_else(missing)
    }

    /// What was found, and for the rest a proof of the miss.
    async fn marked<T>(
        &self,
        generation: &Generation,
        entries: &[EntryId],
        found: Vec<Result<Option<Read<T>>, HotError>>,
    ) -> Result<Vec<Read<T>>, HotError> {
        let found = found.into_iter().collect::<Result<Vec<_>, _>>()?;
        let missing = entries.iter().zip(&found);
        let missing: Vec<EntryId> = missing
            .filter_map(|(entry, found)| found.is_none().then_some(*entry))
            .collect();
        let mut missed = self.miss(generation, &missing).await?.into_iter();
        let read = entries.iter().zip(found).map(|(entry, found)| {
            found.unwrap_or_else(|| {
                Read::Miss(Missed {
                    generation: generation.name().clone(),
                    entry: *entry,
                    checkpoint: generation.checkpoint(),
                    hole: missed.next().flatten(),
                })
            })
        });
        Ok(read.collect())
    }

    /// Marks the places of entries. Where that is refused (no memory, no writes) there is nothing to
    /// be filled, but the reader has its answer: a miss.
    async fn miss(
        &self,
        generation: &Generation,
        entries: &[EntryId],
    ) -> Result<Vec<Option<Hole>>, HotError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let calls = entries.iter().map(|entry| {
            let keys = self.keys().entry(generation.name(), *entry);
            MISS.call_with(&keys, (ambient::new_hole(), HOLE_LIFE))
        });
        let answers = self.quick_run(calls.collect()).await?;
        answers
            .into_iter()
            .map(|answer| match answer {
                Ok(answer) => hole(answer),
                Err(HotError::Full(_) | HotError::ReadOnly(_)) => Ok(None),
                Err(error) => Err(error),
            })
            .collect()
    }
}

fn hole(answer: Value) -> Result<Option<Hole>, HotError> {
    let (token, at): (String, i64) = values::value(answer)?;
    Ok((!token.is_empty()).then_some(Hole { token, at }))
}

fn article(mut fields: Fields) -> Result<Option<Read<HotArticle>>, HotError> {
    if fields.has("deleted") {
        return Ok(Some(Read::Deleted));
    }
    if !fields.has("created_at") {
        return Ok(None);
    }
    values::article(&mut fields).map(|article| Some(Read::Entry(article)))
}

fn board(mut fields: Fields) -> Result<Option<Read<HotBoard>>, HotError> {
    if !fields.has("created_at") {
        return Ok(None);
    }
    values::board(&mut fields).map(|board| Some(Read::Entry(board)))
}

fn part_of(mut call: Cmd, span: Span) -> Cmd {
    match span {
        Span::Page { offset, limit } => {
            // Ranks are 64-bit and signed; a list is far shorter.
            let first = offset.min(u64::from(u32::MAX));
            let last = first + u64::from(limit);
            call.arg("page").arg(first).arg(last)
        }
        Span::Below { article, limit } => {
            let bound = article.map_or_else(|| "+".to_owned(), |id| format!("({}", member(id)));
            call.arg("below").arg(bound).arg(limit)
        }
    };
    call
}

fn part(answer: Value, span: Span) -> Result<Option<Read<HotPart>>, HotError> {
    let answer = values::array(answer)?;
    if answer.is_empty() {
        return Ok(None);
    }
    let (count, complete, listed, members): (i64, String, u64, Vec<String>) =
        values::value(Value::Array(answer))?;
    let articles = members.iter().map(|member| id_of(member));
    let mut articles = articles.collect::<Result<Vec<_>, _>>()?;
    let known = match span {
        Span::Page { offset, limit } => {
            articles.truncate(limit as usize);
            offset.saturating_add(u64::from(limit)) <= listed
        }
        Span::Below { limit, .. } => articles.len() >= limit as usize,
    };
    if !known && complete != "1" {
        return Ok(Some(Read::Beyond));
    }
    Ok(Some(Read::Entry(HotPart {
        article_count: u64::try_from(count).unwrap_or(0),
        articles,
    })))
}

fn top_of(answer: Value) -> Result<Option<Vec<(ArticleId, u64)>>, HotError> {
    let mut answer = values::array(answer)?;
    let Some(top) = answer.pop() else {
        return Ok(None);
    };
    let top: Vec<(String, u64)> = values::value(top)?;
    let top = top.iter().filter(|(_, score)| *score > 0);
    let mut top = top
        .map(|(member, score)| Ok((id_of(member)?, *score)))
        .collect::<Result<Vec<_>, HotError>>()?;
    top.sort_unstable_by_key(|(id, score)| (std::cmp::Reverse(*score), *id));
    Ok(Some(top))
}

fn id_of(member: &str) -> Result<ArticleId, HotError> {
    of_member(member).ok_or_else(|| HotError::Foreign(format!("a list with {member:?}")))
}
