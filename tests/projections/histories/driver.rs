//! Histories of commands, decided in memory by the rules of the domain: several users at once, each
//! of whom may have looked at other streams a while ago.

use madang::domain::article::{Article, ArticleCommand, ArticleStanding, BoardStanding};
use madang::domain::board::{Board, BoardCommand, BoardSettings, CommentDepth};
use madang::domain::comment::{Comment, CommentCommand, Parent};
use madang::domain::like::{Like, LikeCommand};
use madang::domain::text::{Content, WriterName};
use madang::domain::view::{self, Viewed};
use madang::domain::{
    Aggregate, ArticleId, BoardId, CommentId, Event, Fact, Timestamp, UserId, article, board,
    comment, like,
};
use madang::event_store::{RecordedEvent, StreamName};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::readers::comment as comment_id;
use super::super::yard::{
    article as article_id, board as board_id, encoded_by, own_stream, record, settings, text,
};

/// 2026-11-18, 12:00 in Seoul: histories last until noon three days later.
const NOON: i64 = 1_794_970_800_000;
const THREE_DAYS: i64 = 3 * 24 * 3600 * 1000;
const USERS: [&str; 3] = ["kim", "Kim", "이 minji/2"];

/// What somebody asks for. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Open(u64),
    Close(usize),
    Post(usize),
    Rewrite(usize, u8),
    Delete(usize),
    Comment(usize),
    Reply(usize),
    Reword(usize, u8),
    Remove(usize),
    Like(usize, bool),
    View(Vec<(usize, u64)>),
}

/// A command.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    step: Step,
    by: usize,
    moderator: bool,
    at: i64,
    /// How many events ago the other streams were looked at.
    stale: usize,
}

fn step() -> impl Strategy<Value = Step> {
    let one = || 0..64_usize;
    prop_oneof![
        1 => (2..6_u64).prop_map(Step::Open),
        1 => one().prop_map(Step::Close),
        4 => one().prop_map(Step::Post),
        1 => (one(), 0..3_u8).prop_map(|(i, words)| Step::Rewrite(i, words)),
        2 => one().prop_map(Step::Delete),
        5 => one().prop_map(Step::Comment),
        14 => one().prop_map(Step::Reply),
        2 => (one(), 0..3_u8).prop_map(|(i, words)| Step::Reword(i, words)),
        10 => one().prop_map(Step::Remove),
        10 => (one(), any::<bool>()).prop_map(|(i, liked)| Step::Like(i, liked)),
        4 => vec((one(), 1..4_u64), 1..4).prop_map(Step::View),
    ]
}

pub(crate) fn act() -> impl Strategy<Value = Act> {
    let stale = option::weighted(0.3, 1..8_usize);
    let who = (0..USERS.len(), proptest::bool::weighted(0.3));
    (step(), who, 0..THREE_DAYS, stale).prop_map(|(step, (by, moderator), at, stale)| Act {
        step,
        by,
        moderator,
        at: NOON + at,
        stale: stale.unwrap_or(0),
    })
}

/// What has happened so far.
#[derive(Default)]
struct History {
    facts: Vec<(StreamName, Fact<Event>)>,
    boards: i64,
    articles: i64,
    comments: i64,
}

/// Any history: a board, an article on it, and whatever the rules let happen then.
pub(crate) fn history(acts: &[Act]) -> Vec<RecordedEvent> {
    let mut history = History::default();
    let first = [Step::Open(8), Step::Post(0)].map(|step| Act {
        step,
        by: 0,
        moderator: false,
        at: NOON,
        stale: 0,
    });
    for act in first.iter().chain(acts) {
        history.take(act);
    }
    let facts = history.facts.into_iter();
    record(facts.map(|(stream, fact)| {
        let event = encoded_by(fact.actor, fact.event, fact.occurred_at);
        (stream, event)
    }))
}

/// One of the numbers from 1 to `count`.
fn pick(i: usize, count: i64) -> Option<i64> {
    let count = usize::try_from(count).unwrap();
    (count > 0).then(|| i64::try_from(i % count + 1).unwrap())
}

impl History {
    /// The state of a stream as somebody saw it when there were `seen` events.
    fn at<A: Aggregate>(&self, stream: &StreamName, seen: usize) -> Option<A> {
        let facts = self.facts[..seen].iter().filter(|(of, _)| of == stream);
        facts.fold(None, |state, (_, fact)| {
            let Fact {
                event,
                actor,
                occurred_at,
            } = fact.clone();
            let event = A::event_of(event).unwrap();
            let fact = Fact {
                event,
                actor,
                occurred_at,
            };
            A::evolve(state, &fact)
        })
    }

    fn now<A: Aggregate>(&self, stream: &StreamName) -> Option<A> {
        self.at(stream, self.facts.len())
    }

    fn happen<E: Into<Event>, R>(&mut self, act: &Act, decided: Result<Vec<E>, R>) {
        for event in decided.into_iter().flatten() {
            let event = event.into();
            let fact = Fact {
                event,
                actor: UserId::parse(USERS[act.by]).unwrap(),
                occurred_at: Timestamp(act.at),
            };
            self.facts.push((own_stream(&fact.event), fact));
        }
    }

    fn take(&mut self, act: &Act) {
        let seen = self.facts.len().saturating_sub(act.stale);
        match &act.step {
            Step::Open(depth) => {
                self.boards += 1;
                let board_id = board_id(self.boards);
                let settings = BoardSettings {
                    max_comment_depth: CommentDepth::new(*depth).unwrap(),
                    ..settings("yard")
                };
                let open = BoardCommand::Create { board_id, settings };
                self.happen(act, board::decide(open, None));
            }
            Step::Close(i) => {
                let Some(number) = pick(*i, self.boards) else {
                    return;
                };
                let state = self.now::<Board>(&StreamName::board(board_id(number)));
                self.happen(act, board::decide(BoardCommand::Close, state.as_ref()));
            }
            Step::Post(i) => self.post(act, *i, seen),
            Step::Rewrite(i, _) | Step::Delete(i) => self.change_article(act, *i),
            Step::Comment(i) => {
                let Some(number) = pick(*i, self.articles) else {
                    return;
                };
                self.comment(act, (article_id(number), None), seen);
            }
            Step::Reply(i) => {
                let Some(number) = pick(*i, self.comments) else {
                    return;
                };
                let parent = comment_id(number);
                let Some(state) = self.now::<Comment>(&StreamName::comment(parent)) else {
                    return;
                };
                self.comment(act, (state.article_id, Some(parent)), seen);
            }
            Step::Reword(i, _) | Step::Remove(i) => self.change_comment(act, *i, seen),
            Step::Like(i, liked) => self.like(act, (*i, *liked), seen),
            Step::View(views) => self.view(act, views, seen),
        }
    }

    fn post(&mut self, act: &Act, i: usize, seen: usize) {
        let Some(number) = pick(i, self.boards) else {
            return;
        };
        let board_id = board_id(number);
        let board = match self.at::<Board>(&StreamName::board(board_id), seen) {
            None => BoardStanding::Missing,
            Some(board) if board.closed => BoardStanding::Closed,
            Some(_) => BoardStanding::Open,
        };
        let post = ArticleCommand::Create {
            article_id: article_id(self.articles + 1),
            board_id,
            board,
            text: text("first"),
            writer_name: WriterName::parse("Somebody").unwrap(),
        };
        let decided = article::decide(post, None);
        self.articles += i64::from(decided.is_ok());
        self.happen(act, decided);
    }

    fn change_article(&mut self, act: &Act, i: usize) {
        let Some(number) = pick(i, self.articles) else {
            return;
        };
        let state = self.now::<Article>(&StreamName::article(article_id(number)));
        let by = UserId::parse(USERS[act.by]).unwrap();
        let command = match act.step {
            Step::Rewrite(_, words) => ArticleCommand::Update {
                by,
                text: text(&format!("{words}")),
                if_match: None,
            },
            _ => ArticleCommand::Delete {
                by,
                moderator: act.moderator,
                if_match: None,
            },
        };
        self.happen(act, article::decide(command, state.as_ref()));
    }

    fn standing(&self, id: ArticleId, seen: usize) -> ArticleStanding {
        let state = self.at::<Article>(&StreamName::article(id), seen);
        ArticleStanding::of(state.as_ref())
    }

    fn max_depth(&self, id: ArticleId) -> CommentDepth {
        let article = self.now::<Article>(&StreamName::article(id)).unwrap();
        let stream = StreamName::board(BoardId(article.board_id.0));
        self.now::<Board>(&stream)
            .unwrap()
            .settings
            .max_comment_depth
    }

    fn comment(
        &mut self,
        act: &Act,
        (article_id, parent): (ArticleId, Option<CommentId>),
        seen: usize,
    ) {
        let parent = parent.map_or(Parent::Article, |id| {
            Parent::of(self.at::<Comment>(&StreamName::comment(id), seen).as_ref())
        });
        let create = CommentCommand::Create {
            comment_id: comment_id(self.comments + 1),
            article_id,
            article: self.standing(article_id, seen),
            max_depth: self.max_depth(article_id),
            parent,
            content: Content::parse("well said").unwrap(),
            writer_name: WriterName::parse("Somebody").unwrap(),
        };
        let decided = comment::decide(create, None);
        self.comments += i64::from(decided.is_ok());
        self.happen(act, decided);
    }

    fn change_comment(&mut self, act: &Act, i: usize, seen: usize) {
        let Some(number) = pick(i, self.comments) else {
            return;
        };
        let state = self.now::<Comment>(&StreamName::comment(comment_id(number)));
        let Some(article_id) = state.as_ref().map(|comment| comment.article_id) else {
            return;
        };
        let article = self.standing(article_id, seen);
        let by = UserId::parse(USERS[act.by]).unwrap();
        let command = match act.step {
            Step::Reword(_, words) => CommentCommand::Update {
                by,
                article,
                content: Content::parse(&format!("{words}")).unwrap(),
                if_match: None,
            },
            _ => CommentCommand::Delete {
                by,
                article,
                moderator: act.moderator,
                if_match: None,
            },
        };
        self.happen(act, comment::decide(command, state.as_ref()));
    }

    fn like(&mut self, act: &Act, (i, liked): (usize, bool), seen: usize) {
        let Some(number) = pick(i, self.articles) else {
            return;
        };
        let article_id = article_id(number);
        let user_id = UserId::parse(USERS[act.by]).unwrap();
        let state = self.now::<Like>(&StreamName::like(article_id, &user_id));
        let command = LikeCommand {
            article_id,
            article: self.standing(article_id, seen),
            user_id,
            liked,
        };
        self.happen(act, like::decide(command, state.as_ref()));
    }

    fn view(&mut self, act: &Act, views: &[(usize, u64)], seen: usize) {
        let picked = views.iter().filter_map(|(i, count)| {
            let article_id = article_id(pick(*i, self.articles)?);
            view::decide(self.standing(article_id, seen)).ok()?;
            let count = *count;
            Some(Viewed { article_id, count })
        });
        let views: Vec<_> = picked.collect();
        if !views.is_empty() {
            self.happen(act, Ok::<_, ()>(vec![Event::ArticlesViewed { views }]));
        }
    }
}
