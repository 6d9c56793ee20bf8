//! Several connections that post, comment, reply, like and view without end, and what must be true
//! of it afterwards.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use madang::event_store::{EventStore, RecordedEvent};
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::views::Views;
use madang::{ambient::Clock, node::Node};
use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::server::Server;
use crate::cli::madang::Place;
use crate::import::log::everything;
use crate::projections::yard::{calendar, dump, select};

/// Connections at a time.
const WRITERS: usize = 6;

/// Something that is done once at most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    /// An article of this title was posted, under this id.
    Article(String, String),
    /// Somebody wrote this comment.
    Comment(String),
    /// Somebody likes this article.
    Like(String),
    /// Somebody viewed this article.
    View(String),
}

/// A place with a board to post on.
pub(super) struct Site {
    pub(super) place: Place,
    /// Of an admin.
    pub(super) token: String,
    board: String,
}

impl Site {
    /// Opens a board at a new place.
    pub(super) async fn new() -> Self {
        let place = Place::on_stack().await;
        let args = ["token", "--user", "ada", "--role", "admin"];
        let token = place.run(&args).expect(0).stdout.trim().to_owned();
        let server = Server::start(&place);
        let mut ada = Client::connect(&server.address, &token);
        let answer = ada.post("/v1/boards", &json!({"name": "yard"})).unwrap();
        assert_eq!(answer.status, 201);
        let board = answer.body["board_id"].as_str().unwrap().to_owned();
        Self {
            place,
            token,
            board,
        }
    }

    /// Lets a storm loose on a server until its connections break; whoever reads what it was
    /// told sees the end of the storm as the end of the channel.
    pub(super) fn storm(&self, server: &Server, name: &str) -> Receiver<Deed> {
        let (tell, told) = mpsc::channel();
        for number in 0..WRITERS {
            let mut writer = Writer {
                client: Client::connect(&server.address, &self.token),
                board: self.board.clone(),
                name: format!("{name} {number}"),
                tell: tell.clone(),
            };
            // An error is a connection that broke.
            thread::spawn(move || (0..).try_for_each(|number| writer.round(number)));
        }
        told
    }

    /// What the log and the views hold, now that nobody serves them. Views that a new node has
    /// brought up to date must be those that a replay makes.
    pub(super) async fn look(&self) -> Found {
        let config = self.place.config().await;
        let node = Node::start(&config, Clock::system()).await.unwrap();
        let head = node.store.head().await.unwrap();
        let mut status = node.status.clone().unwrap();
        status.wait_for(|at| at.position >= head).await.unwrap();
        let log = everything(&*node.store).await;
        let replayed = replayed(&*node.store, &self.place).await;
        node.stop().await;
        let views = Views::open(&config.database).await.unwrap();
        assert_eq!(dump(&views).await, replayed);
        let views = Seen::by(&views).await;
        Found { log, views }
    }
}

struct Writer {
    client: Client,
    board: String,
    name: String,
    tell: Sender<Deed>,
}

impl Writer {
    /// Posts an article and does to it all that can be done.
    fn round(&mut self, number: u32) -> io::Result<()> {
        let title = format!("{} {number}", self.name);
        let articles = format!("/v1/boards/{}/articles", self.board);
        let body = json!({"title": title, "content": "in the storm"});
        let answer = self.client.post(&articles, &body)?;
        let article = expect(&answer, 201, "article_id");
        self.told(Deed::Article(article.clone(), title.clone()))?;
        let at = format!("/v1/articles/{article}");
        let comment = self.comment(&at, &format!("comment on {title}"), None)?;
        self.comment(&at, &format!("reply to {title}"), Some(&comment))?;
        let answer = self.client.put(&format!("{at}/like"))?;
        assert_eq!(answer.status, 204, "{}", answer.body);
        self.told(Deed::Like(article.clone()))?;
        let answer = self.client.post(&format!("{at}/views"), &json!({}))?;
        assert_eq!(answer.body["counted"], true, "{}", answer.body);
        self.told(Deed::View(article))
    }

    fn comment(&mut self, at: &str, text: &str, parent: Option<&str>) -> io::Result<String> {
        let body = json!({"content": text, "parent_id": parent});
        let answer = self.client.post(&format!("{at}/comments"), &body)?;
        let id = expect(&answer, 201, "comment_id");
        self.told(Deed::Comment(text.to_owned()))?;
        Ok(id)
    }

    /// The end of who listens is the end of the storm, too.
    fn told(&self, deed: Deed) -> io::Result<()> {
        let gone = |_| io::ErrorKind::BrokenPipe.into();
        self.tell.send(deed).map_err(gone)
    }
}

fn expect(answer: &Answer, status: u16, field: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.body);
    answer.body[field].as_str().unwrap().to_owned()
}

async fn replayed(log: &dyn EventStore, place: &Place) -> Vec<String> {
    let database = place.database("data/replayed.db").await;
    let views = (&database, &calendar());
    rebuild(log, views, OnUnfit::Fail, |_| {}).await.unwrap();
    let views = Views::open(&database).await.unwrap();
    let rows = dump(&views).await;
    views.close().await;
    rows
}

/// How often each thing was done.
pub(super) type Deeds = BTreeMap<Deed, u64>;

/// What is there after a storm.
pub(super) struct Found {
    log: Vec<RecordedEvent>,
    views: Seen,
}

impl Found {
    /// What was done, as the log tells it.
    pub(super) fn in_log(&self) -> Deeds {
        let mut deeds = Deeds::new();
        for event in &self.log {
            let data: Value = serde_json::from_str(&event.data).unwrap();
            let text = |field: &str| data[field].as_str().unwrap().to_owned();
            let deed = match event.event_type.as_str() {
                "ArticleCreated" => Deed::Article(text("article_id"), text("title")),
                "CommentCreated" => Deed::Comment(text("content")),
                "ArticleLiked" => Deed::Like(text("article_id")),
                "ArticlesViewed" => {
                    for viewed in data["views"].as_array().unwrap() {
                        let article = viewed["article_id"].as_str().unwrap().to_owned();
                        let count = viewed["count"].as_u64().unwrap();
                        *deeds.entry(Deed::View(article)).or_default() += count;
                    }
                    continue;
                }
                _ => continue,
            };
            *deeds.entry(deed).or_default() += 1;
        }
        deeds
    }

    /// What was done, as readers see it.
    pub(super) fn in_views(&self) -> Deeds {
        let text = |row: &Value, column: usize| row[column].as_str().unwrap().to_owned();
        let mut deeds = Deeds::new();
        for row in &self.views.articles {
            let deed = Deed::Article(row[0].to_string(), text(row, 1));
            deeds.insert(deed, 1);
        }
        for row in &self.views.comments {
            *deeds.entry(Deed::Comment(text(row, 0))).or_default() += 1;
        }
        for row in &self.views.counts {
            let counted = [Deed::Like, Deed::View].map(|deed| deed(row[0].to_string()));
            for (deed, count) in counted.into_iter().zip([&row[1], &row[2]]) {
                let count = count.as_u64().unwrap();
                if count > 0 {
                    deeds.insert(deed, count);
                }
            }
        }
        deeds
    }
}

/// What the views hold after a storm.
struct Seen {
    articles: Vec<Value>,
    comments: Vec<Value>,
    counts: Vec<Value>,
}

impl Seen {
    async fn by(views: &Views) -> Self {
        const ARTICLES: &str = "SELECT json_array(article_id, title) FROM article";
        const COMMENTS: &str = "SELECT json_array(content) FROM comment WHERE visible = 1";
        const COUNTS: &str = "SELECT json_array(article_id, likes, views) FROM article_counts";
        Self {
            articles: select(views, ARTICLES).await,
            comments: select(views, COMMENTS).await,
            counts: select(views, COUNTS).await,
        }
    }
}
