//! Somebody who gives all kinds of commands in a storm, and looks at what became of them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use super::deeds::Deed;
use super::facts::{Facts, text};
use crate::node::client::{Answer, Client};

/// A writer with articles of its own.
pub(super) struct Writer {
    pub(super) name: String,
    pub(super) facts: Arc<Facts>,
    pub(super) over: Arc<AtomicBool>,
    /// Whether a command may be refused: the log is in the storm, too.
    pub(super) patient: bool,
    /// Hears of each deed that was acknowledged.
    pub(super) tell: Sender<Deed>,
}

impl Writer {
    /// Goes on until the storm is over. What was under way when the node died, or was refused, may have been
    /// done or not; nobody asks again.
    pub(super) fn run(&self) {
        let mut number = 0;
        while !self.over.load(Ordering::Relaxed) {
            let Ok(client) = self.facts.client() else {
                std::thread::yield_now();
                continue;
            };
            let mut round = Round {
                writer: self,
                client,
                position: String::new(),
                article: String::new(),
            };
            while !self.over.load(Ordering::Relaxed) {
                number += 1;
                if round.go(number).is_err() {
                    break;
                }
            }
        }
    }
}

/// What happens to one article after the other, over one connection.
struct Round<'a> {
    writer: &'a Writer,
    client: Client,
    /// Where the newest command has left the log.
    position: String,
    article: String,
}

impl Round<'_> {
    fn go(&mut self, number: u32) -> io::Result<()> {
        let title = format!("storm {} {number}", self.writer.name);
        self.post(&title)?;
        let comments = self.comment(&title, number.is_multiple_of(2))?;
        let likes = self.like(number.is_multiple_of(3))?;
        let answer = self.client.post(&self.at("/views"), &json!({}))?;
        self.done(&answer, "ArticlesViewed", &self.article.clone())?;
        assert_eq!(answer.body["counted"], true, "{}", answer.body);
        let title = format!("{title}, edited");
        let body = json!({"title": title, "content": "after the storm"});
        let answer = self.client.replace(&self.at(""), &body)?;
        self.done(&answer, "ArticleUpdated", &title)?;
        self.look(&json!({
            "title": title, "comment_count": comments, "like_count": likes, "view_count": 1,
        }))?;
        if number.is_multiple_of(4) {
            self.delete()?;
        }
        if number.is_multiple_of(8) {
            self.board(&title)?;
        }
        Ok(())
    }

    fn at(&self, what: &str) -> String {
        format!("/v1/articles/{}{what}", self.article)
    }

    /// A command that must have been done, unless the log is in the storm, too: then it may be refused,
    /// done or not, and nothing more is done to the same article.
    fn done(&mut self, answer: &Answer, event: &str, which: &str) -> io::Result<()> {
        if self.writer.patient && is_refused(answer) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        assert!(
            matches!(answer.status, 200..300),
            "{event}: {}",
            answer.body
        );
        answer.position().unwrap().clone_into(&mut self.position);
        // Nobody listens any more once the storm is over.
        let _ = self.writer.tell.send(Deed::of(event, which));
        Ok(())
    }

    fn post(&mut self, title: &str) -> io::Result<()> {
        let path = format!("/v1/boards/{}/articles", self.writer.facts.busy);
        let body = json!({"title": title, "content": "in the storm"});
        let answer = self.client.post(&path, &body)?;
        self.done(&answer, "ArticleCreated", title)?;
        self.article = text(&answer.body, "article_id");
        Ok(())
    }

    /// A comment and a reply that is edited; the number that is left.
    fn comment(&mut self, title: &str, take_back: bool) -> io::Result<u64> {
        let comment = self.say(&format!("on {title}"), None)?;
        let reply = self.say(&format!("again on {title}"), Some(&comment))?;
        let content = format!("edited on {title}");
        let path = format!("/v1/comments/{reply}");
        let answer = self.client.replace(&path, &json!({"content": content}))?;
        self.done(&answer, "CommentUpdated", &content)?;
        if !take_back {
            return Ok(2);
        }
        let answer = self.client.delete(&format!("/v1/comments/{comment}"))?;
        self.done(&answer, "CommentDeleted", &comment)?;
        Ok(1)
    }

    fn say(&mut self, content: &str, parent: Option<&str>) -> io::Result<String> {
        let body = json!({"content": content, "parent_id": parent});
        let answer = self.client.post(&self.at("/comments"), &body)?;
        self.done(&answer, "CommentCreated", content)?;
        Ok(text(&answer.body, "comment_id"))
    }

    fn like(&mut self, take_back: bool) -> io::Result<u64> {
        let answer = self.client.put(&self.at("/like"))?;
        self.done(&answer, "ArticleLiked", &self.article.clone())?;
        if !take_back {
            return Ok(1);
        }
        let answer = self.client.delete(&self.at("/like"))?;
        self.done(&answer, "ArticleUnliked", &self.article.clone())?;
        Ok(0)
    }

    /// The article as it is after all that, unless nobody can know.
    fn look(&mut self, expected: &Value) -> io::Result<()> {
        let answer = self.client.get(&self.at(""), &self.position)?;
        if is_refused(&answer) {
            return Ok(());
        }
        let fields = expected.as_object().unwrap().iter();
        let wrong = fields.filter(|(name, value)| answer.body[name.as_str()] != **value);
        assert_eq!(wrong.count(), 0, "{expected}, but {}", answer.body);
        Ok(())
    }

    fn delete(&mut self) -> io::Result<()> {
        let answer = self.client.delete(&self.at(""))?;
        self.done(&answer, "ArticleDeleted", &self.article.clone())?;
        let answer = self.client.get(&self.at(""), &self.position)?;
        assert!(
            is_refused(&answer) || answer.status == 410,
            "{}",
            answer.body
        );
        Ok(())
    }

    /// A board that is opened, changed and closed.
    fn board(&mut self, name: &str) -> io::Result<()> {
        let answer = self.client.post("/v1/boards", &json!({"name": name}))?;
        self.done(&answer, "BoardCreated", name)?;
        let board = text(&answer.body, "board_id");
        let name = format!("{name} anew");
        let path = format!("/v1/boards/{board}");
        let answer = self.client.replace(&path, &json!({"name": name}))?;
        self.done(&answer, "BoardUpdated", &name)?;
        let answer = self.client.post(&format!("{path}/close"), &json!({}))?;
        self.done(&answer, "BoardClosed", &board)?;
        Ok(())
    }
}

/// The views cannot be asked now; later they can.
pub(super) fn is_refused(answer: &Answer) -> bool {
    answer.status == 503 && answer.header("retry-after").is_some()
}
