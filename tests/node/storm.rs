//! Several connections that post articles without end, and what must be true of them afterwards.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use madang::event_store::{EventStore, RecordedEvent};
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::views::Views;
use madang::{ambient::Clock, node::Node};
use serde_json::{Value, json};

use super::client::Client;
use super::config;
use super::server::Server;
use crate::cli::madang::Place;
use crate::import::log::everything;
use crate::projections::yard::{calendar, dump, select};

/// Connections at a time.
const WRITERS: usize = 6;

/// An article that the server said it has taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Taken {
    pub(super) id: String,
    pub(super) title: String,
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
    pub(super) fn new() -> Self {
        let place = Place::new();
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
    pub(super) fn storm(&self, server: &Server, name: &str) -> Receiver<Taken> {
        let (tell, told) = mpsc::channel();
        for writer in 0..WRITERS {
            let client = Client::connect(&server.address, &self.token);
            let path = format!("/v1/boards/{}/articles", self.board);
            let (name, tell) = (format!("{name} {writer}"), tell.clone());
            thread::spawn(move || post_without_end(client, &path, &name, &tell));
        }
        told
    }

    /// What the log and the views hold, now that nobody serves them. Views that a new node has
    /// brought up to date must be those that a replay makes.
    pub(super) async fn look(&self) -> Found {
        let config = config(&self.place.path("data"));
        let node = Node::start(&config, Clock::system()).await.unwrap();
        let head = node.store.head().await.unwrap();
        let mut status = node.status.clone().unwrap();
        status.wait_for(|at| at.position >= head).await.unwrap();
        let log = everything(&*node.store).await;
        let replayed = replayed(&*node.store, &self.place).await;
        node.stop().await;
        let views = Views::open(&config.database).await.unwrap();
        assert_eq!(dump(&views).await, replayed);
        let rows = "SELECT json_array(article_id, title) FROM article";
        let views = select(&views, rows).await;
        Found { log, views }
    }
}

fn post_without_end(mut client: Client, path: &str, name: &str, tell: &Sender<Taken>) {
    for number in 0.. {
        let title = format!("{name} {number}");
        let body = json!({"title": title, "content": "in the storm"});
        let Ok(answer) = client.post(path, &body) else {
            return;
        };
        assert_eq!(answer.status, 201, "{}", answer.body);
        let id = answer.body["article_id"].as_str().unwrap().to_owned();
        if tell.send(Taken { id, title }).is_err() {
            return;
        }
    }
}

async fn replayed(log: &dyn EventStore, place: &Place) -> Vec<String> {
    let path = place.path("data/replayed.db");
    let views = (&*path, &calendar());
    rebuild(log, views, OnUnfit::Fail, |_| {}).await.unwrap();
    let views = Views::open(&path).await.unwrap();
    let rows = dump(&views).await;
    views.close().await;
    rows
}

/// What is there after a storm.
pub(super) struct Found {
    log: Vec<RecordedEvent>,
    views: Vec<Value>,
}

impl Found {
    /// The articles of the log, each of which is there once.
    pub(super) fn in_log(&self) -> HashSet<Taken> {
        let mut found = HashSet::new();
        let mut titles: HashMap<String, u32> = HashMap::new();
        let created = self.log.iter().filter(|e| e.event_type == "ArticleCreated");
        for event in created {
            let data: Value = serde_json::from_str(&event.data).unwrap();
            let text = |field: &str| data[field].as_str().unwrap().to_owned();
            let (id, title) = (text("article_id"), text("title"));
            assert_eq!(event.stream.as_str(), format!("article-{id}"));
            *titles.entry(title.clone()).or_default() += 1;
            found.insert(Taken { id, title });
        }
        assert!(titles.values().all(|times| *times == 1), "posted twice");
        found
    }

    /// The articles of the views.
    pub(super) fn in_views(&self) -> HashSet<Taken> {
        let taken = |row: &Value| Taken {
            id: row[0].to_string(),
            title: row[1].as_str().unwrap().to_owned(),
        };
        self.views.iter().map(taken).collect()
    }
}
