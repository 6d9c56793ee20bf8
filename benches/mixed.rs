//! Everything that readers and writers do, in one log: 5 % articles, 35 % comments in threads to a
//! depth of 10 (one in ten of them an edit, one in ten a deletion), 40 % likes and unlikes, 20 %
//! flushes of views of 1 to 20 articles. Newer articles get most of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Poll;

use fastrand::Rng;
use futures_util::poll;
use madang::domain::comment::CommentEvent;
use madang::domain::like::LikeEvent;
use madang::domain::snowflake::Node;
use madang::domain::text::{Content, WriterName};
use madang::domain::view::Viewed;
use madang::domain::{ArticleId, CommentId, Event, Revision, UserId};
use madang::event_store::sqlite::SqliteLog;
use madang::event_store::{EventStore, Expected, StreamName};

use crate::support;

const USERS: u64 = 20_000;
const DEPTH: usize = 10;
/// Appends under way at once.
const AT_ONCE: usize = 1_000;
/// Appends begun before the runtime has its turn. It lets a task do 128 things at a time, and an append
/// begins with two; then it would be put off, and lose its place.
const IN_TURN: usize = 32;

/// What there is so far.
pub(crate) struct Village {
    random: Rng,
    articles: i64,
    /// Whether anybody still posts articles.
    posts: bool,
    /// Each comment with its ancestors, its article, its newest revision and whether it is there.
    comments: Vec<Comment>,
    likes: HashMap<(ArticleId, u64), (Revision, bool)>,
    flushes: Option<Revision>,
}

struct Comment {
    path: Vec<CommentId>,
    article_id: ArticleId,
    revision: Revision,
    deleted: bool,
}

type Append = (StreamName, Expected, Event);

impl Village {
    /// A village without articles, the same each time.
    pub(crate) fn new() -> Self {
        Self {
            random: Rng::with_seed(7),
            articles: 0,
            posts: true,
            comments: Vec::new(),
            likes: HashMap::new(),
            flushes: None,
        }
    }

    /// A village in which nobody posts any more, and all the rest goes on: with the articles that
    /// [`support::long_log`] posts, but for the first.
    pub(crate) fn of_articles(count: u64) -> Self {
        Self {
            articles: i64::try_from(count).expect("small") - 1,
            posts: false,
            ..Self::new()
        }
    }

    /// Appends `count` events to a log that has the boards.
    pub(crate) async fn live(&mut self, log: &Arc<SqliteLog>, count: u64) {
        let mut appends = Vec::with_capacity(AT_ONCE);
        for _ in 0..count {
            if appends.len() % IN_TURN == 0 {
                tokio::task::yield_now().await;
            }
            let (stream, expected, event) = self.next();
            let log = Arc::clone(log);
            let event = support::new_event(event);
            let append = async move { log.append(&stream, expected, vec![event]).await };
            let mut append = Box::pin(append);
            // Takes its place in the queue, so that the log keeps the order.
            match poll!(&mut append) {
                Poll::Ready(done) => {
                    done.expect("an append");
                }
                Poll::Pending => appends.push(append),
            }
            if appends.len() == AT_ONCE {
                for append in appends.drain(..) {
                    append.await.expect("an append");
                }
            }
        }
        for append in appends {
            append.await.expect("an append");
        }
    }

    fn next(&mut self) -> Append {
        match self.random.u8(0..100) {
            _ if self.articles == 0 => self.post(),
            0..5 if self.posts => self.post(),
            0..40 => self.talk(),
            40..80 => self.like(),
            _ => self.view(),
        }
    }

    fn post(&mut self) -> Append {
        self.articles += 1;
        let (article_id, event) = support::article(self.articles);
        let stream = StreamName::article(article_id);
        (stream, Expected::NoStream, event.into())
    }

    /// How many steps back from the newest of `count`: often few, seldom many.
    fn back(&mut self, count: usize) -> usize {
        let mut back = count;
        for _ in 0..3 {
            back = self.random.usize(0..back.max(1));
        }
        back
    }

    fn some_article(&mut self) -> ArticleId {
        let count = usize::try_from(self.articles).expect("positive");
        let back = i64::try_from(self.back(count)).expect("small");
        support::article_id(self.articles - back)
    }

    fn talk(&mut self) -> Append {
        let what = self.random.u8(0..10);
        if what < 2 && !self.comments.is_empty() {
            let back = self.back(self.comments.len());
            let at = self.comments.len() - 1 - back;
            if !self.comments[at].deleted {
                return self.change(at, what == 0);
            }
        }
        self.comment()
    }

    fn change(&mut self, at: usize, delete: bool) -> Append {
        let comment = &mut self.comments[at];
        let comment_id = *comment.path.last().expect("its own id");
        let expected = Expected::from(Some(comment.revision));
        let article_id = comment.article_id;
        comment.revision = comment.revision.next();
        comment.deleted = delete;
        let event = if delete {
            CommentEvent::Deleted {
                comment_id,
                article_id,
            }
        } else {
            CommentEvent::Updated {
                comment_id,
                article_id,
                content: Content::recorded("I take that back. ".repeat(4)),
            }
        };
        (StreamName::comment(comment_id), expected, event.into())
    }

    fn comment(&mut self) -> Append {
        let number = i64::try_from(self.comments.len()).expect("small") + 1;
        let comment_id = CommentId::from_i64(number).expect("positive");
        let parent = match self.comments.len() {
            0 => None,
            count if self.random.u8(0..10) < 7 => Some(count - 1 - self.back(count)),
            _ => None,
        };
        let parent = parent.map(|at| &self.comments[at]);
        let parent = parent.filter(|parent| !parent.deleted && parent.path.len() < DEPTH);
        let under = parent.map(|parent| (parent.article_id, parent.path.clone()));
        let (article_id, ancestors) = under.unwrap_or_else(|| (self.some_article(), Vec::new()));
        let mut path = ancestors.clone();
        path.push(comment_id);
        self.comments.push(Comment {
            path,
            article_id,
            revision: Revision::FIRST,
            deleted: false,
        });
        let event = CommentEvent::Created {
            comment_id,
            article_id,
            ancestors,
            content: Content::recorded("It never rains but it pours. ".repeat(4)),
            writer_name: WriterName::recorded("Somebody".to_owned()),
        };
        (
            StreamName::comment(comment_id),
            Expected::NoStream,
            event.into(),
        )
    }

    fn like(&mut self) -> Append {
        let (article_id, user) = (self.some_article(), self.random.u64(0..USERS));
        let user_id = UserId::recorded(format!("user-{user}"));
        let before = self.likes.get(&(article_id, user)).copied();
        let expected = Expected::from(before.map(|(revision, _)| revision));
        let liked = !before.is_some_and(|(_, liked)| liked);
        self.likes
            .insert((article_id, user), (expected.first(), liked));
        let stream = StreamName::like(article_id, &user_id);
        let event = if liked {
            LikeEvent::Liked {
                article_id,
                user_id,
            }
        } else {
            LikeEvent::Unliked {
                article_id,
                user_id,
            }
        };
        (stream, expected, event.into())
    }

    fn view(&mut self) -> Append {
        let expected = Expected::from(self.flushes);
        self.flushes = Some(expected.first());
        let views = (0..self.random.u8(1..=20)).map(|_| Viewed {
            article_id: self.some_article(),
            count: 1,
        });
        let views = views.collect();
        let node = Node::new(0).expect("a node");
        (
            StreamName::views(node, 20_260_101),
            expected,
            Event::ArticlesViewed { views },
        )
    }
}
