//! Fills: what a reader found in SQL becomes hot, if nothing came between the miss and now.

use std::time::Duration;

use redis::{Cmd, Value};

use super::entry::{EntryId, Filled, HotArticle, HotBoard, HotList, HotPopular, Missed, Moment};
use super::keys::member;
use super::script::FILL;
use super::{Hot, HotError, values};
use crate::ambient;

/// How long a miss may be ago, in milliseconds, by the clock of the node that has the entry.
const BOUND: u64 = 5_000;

/// The fields and values of an entry's hash; the scores and members of the set beside it.
type Content = (Vec<(&'static str, String)>, Vec<(u64, String)>);

impl Hot {
    /// Fills articles; without one, it is a tombstone: the article was deleted. Tells what became of
    /// each, in their order.
    pub async fn fill_articles(
        &self,
        articles: &[(Missed, Option<HotArticle>)],
        moment: Moment,
    ) -> Result<Vec<Filled>, HotError> {
        let mut filled = Vec::with_capacity(articles.len());
        let mut calls = Vec::with_capacity(articles.len());
        for (missed, article) in articles {
            let fields = article.as_ref().map_or_else(tombstone, article_fields);
            let call = match missed.entry {
                EntryId::Article(_) => self.call((missed, moment), (fields, Vec::new())),
                EntryId::Board(_) | EntryId::Popular(_) => Err(Filled::Lost),
            };
            match call {
                Ok(call) => {
                    filled.push(None);
                    calls.push(call);
                }
                Err(why_not) => filled.push(Some(why_not)),
            }
        }
        if calls.is_empty() {
            return Ok(filled.into_iter().flatten().collect());
        }
        let mut answers = self.quick_run(calls).await?.into_iter();
        let missing = || HotError::foreign("an answer is missing");
        let filled = filled.into_iter().map(|filled| match filled {
            Some(why_not) => Ok(why_not),
            None => outcome(answers.next().ok_or_else(missing)??),
        });
        filled.collect()
    }

    /// Fills an article, as [`Self::fill_articles`].
    pub async fn fill_article(
        &self,
        missed: &Missed,
        article: Option<&HotArticle>,
        moment: Moment,
    ) -> Result<Filled, HotError> {
        let article = (missed.clone(), article.cloned());
        let filled = self.fill_articles(&[article], moment).await?;
        Ok(filled.first().copied().unwrap_or(Filled::Lost))
    }

    /// Fills a board and its list.
    pub async fn fill_board(
        &self,
        missed: &Missed,
        (board, list): (&HotBoard, &HotList),
        moment: Moment,
    ) -> Result<Filled, HotError> {
        if list.newest.len() > HotList::MAX {
            return Ok(Filled::TooBig);
        }
        let mut fields = board_fields(board);
        fields.push(("complete", u8::from(list.complete).to_string()));
        let members = list.newest.iter().map(|id| (0, member(*id))).collect();
        match missed.entry {
            EntryId::Board(_) => self.fill(missed, (fields, members), moment).await,
            EntryId::Article(_) | EntryId::Popular(_) => Ok(Filled::Lost),
        }
    }

    /// Fills the scores of a day.
    pub async fn fill_popular(
        &self,
        missed: &Missed,
        popular: &HotPopular,
        moment: Moment,
    ) -> Result<Filled, HotError> {
        if popular.scores.len() > HotPopular::MAX {
            return Ok(Filled::TooBig);
        }
        let scores = popular.scores.iter();
        let members = scores.map(|(id, score)| (*score, member(*id))).collect();
        match missed.entry {
            EntryId::Popular(_) => self.fill(missed, (Vec::new(), members), moment).await,
            EntryId::Article(_) | EntryId::Board(_) => Ok(Filled::Lost),
        }
    }

    async fn fill(
        &self,
        missed: &Missed,
        content: Content,
        moment: Moment,
    ) -> Result<Filled, HotError> {
        let call = match self.call((missed, moment), content) {
            Ok(call) => call,
            Err(why_not) => return Ok(why_not),
        };
        // A day's list is a megabyte, which is not to delay other readers' answers.
        outcome(match missed.entry {
            EntryId::Popular(_) => self.patient().ask(call).await?,
            EntryId::Article(_) | EntryId::Board(_) => self.quick_ask(call).await?,
        })
    }

    /// The call of a fill, or why there is none.
    fn call(&self, (missed, moment): (&Missed, Moment), content: Content) -> Result<Cmd, Filled> {
        let hole = missed.hole.as_ref().ok_or(Filled::Lost)?;
        if moment.checkpoint < missed.checkpoint {
            return Err(Filled::Behind);
        }
        let keys = self.keys().entry(&missed.generation, missed.entry);
        let mut call = FILL.call(&keys);
        call.arg(&hole.token)
            .arg(hole.at)
            .arg(BOUND)
            .arg(moment.rows.to_string())
            .arg(u64::try_from(life().as_millis()).unwrap_or(u64::MAX));
        Ok(with_content(call, content))
    }
}

fn outcome(answer: Value) -> Result<Filled, HotError> {
    let answer: String = values::value(answer)?;
    match answer.as_str() {
        "yes" => Ok(Filled::Yes),
        "there" => Ok(Filled::There),
        "overtaken" => Ok(Filled::Overtaken),
        "late" => Ok(Filled::Late),
        "lost" => Ok(Filled::Lost),
        _ => Err(HotError::foreign("an answer to a fill")),
    }
}

fn with_content(mut call: Cmd, (fields, members): Content) -> Cmd {
    call.arg(2 * fields.len());
    for (field, value) in fields {
        call.arg(field).arg(value);
    }
    for (score, member) in members {
        call.arg(score).arg(member);
    }
    call
}

/// 24 h ± 10 %, so that what was filled together does not die together.
fn life() -> Duration {
    // 70 % of a day, and between 20 % and 40 % of one.
    Duration::from_mins(1_008) + ambient::jittered(Duration::from_mins(576))
}

fn tombstone() -> Vec<(&'static str, String)> {
    vec![("deleted", "1".to_owned())]
}

fn article_fields(article: &HotArticle) -> Vec<(&'static str, String)> {
    let modified_at = article.modified_at.map(|time| time.0.to_string());
    vec![
        ("board_id", article.board_id.to_string()),
        ("title", article.title.clone()),
        ("content", article.content.clone()),
        ("writer_id", article.writer_id.clone()),
        ("writer_name", article.writer_name.clone()),
        ("created_at", article.created_at.0.to_string()),
        ("modified_at", modified_at.unwrap_or_default()),
        ("revision", article.revision.to_string()),
        ("comment_count", article.comment_count.to_string()),
        ("like_count", article.like_count.to_string()),
        ("view_count", article.view_count.to_string()),
    ]
}

fn board_fields(board: &HotBoard) -> Vec<(&'static str, String)> {
    vec![
        ("name", board.name.clone()),
        ("description", board.description.clone()),
        ("max_comment_depth", board.max_comment_depth.to_string()),
        ("closed", u8::from(board.closed).to_string()),
        ("created_at", board.created_at.0.to_string()),
        ("revision", board.revision.to_string()),
        ("article_count", board.article_count.to_string()),
    ]
}
