//! `kill -9` of a server in the midst of a storm of views: each view that was answered is in the log,
//! once.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use madang::event_store::RecordedEvent;
use serde_json::{Value, json};

use super::client::Client;
use super::server::Server;
use crate::cli::madang::Place;
use crate::import::log::everything;

/// Users that view at once, each of them every article once in a round.
const VIEWERS: usize = 6;
const ARTICLES: usize = 150;
const ROUNDS: usize = 2;

/// A place with articles.
struct Gallery {
    place: Place,
    articles: Vec<String>,
}

impl Gallery {
    async fn open() -> Self {
        let place = Place::on_stack().await;
        let admin = token(&place, &["--user", "ada", "--role", "admin"]);
        let server = Server::start(&place);
        let mut ada = Client::connect(&server.address, &admin);
        let board = ada.post("/v1/boards", &json!({"name": "yard"})).unwrap();
        let path = format!(
            "/v1/boards/{}/articles",
            board.body["board_id"].as_str().unwrap()
        );
        let article = |n: usize| {
            let body = json!({"title": n.to_string(), "content": "Look"});
            let posted = ada.post(&path, &body).unwrap();
            posted.body["article_id"].as_str().unwrap().to_owned()
        };
        let articles = (0..ARTICLES).map(article).collect();
        drop(server);
        Self { place, articles }
    }

    /// Lets new viewers view everything; tells of each view when it is sent (`false`) and when it is
    /// answered as counted (`true`). Ends when the server does.
    fn storm(&self, server: &Server, round: usize) -> Receiver<(String, bool)> {
        let (tell, told) = mpsc::channel();
        for number in 0..VIEWERS {
            let viewer = format!("viewer {number} of round {round}");
            let token = token(&self.place, &["--user", &viewer]);
            let mut client = Client::connect(&server.address, &token);
            let (articles, tell) = (self.articles.clone(), tell.clone());
            thread::spawn(move || {
                for article in articles {
                    tell.send((article.clone(), false)).unwrap();
                    let path = format!("/v1/articles/{article}/views");
                    let Ok(answer) = client.post(&path, &json!({})) else {
                        return;
                    };
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    assert_eq!(answer.body["counted"], true);
                    tell.send((article, true)).unwrap();
                }
            });
        }
        told
    }

    /// How often each article was viewed, as the log says.
    async fn viewed(&self) -> HashMap<String, u64> {
        let log = self.place.log().await;
        let events = everything(&*log).await;
        log.close().await;
        sums(&events)
    }
}

fn token(place: &Place, of: &[&str]) -> String {
    let args = [&["token"], of].concat();
    place.run(&args).expect(0).stdout.trim().to_owned()
}

fn sums(events: &[RecordedEvent]) -> HashMap<String, u64> {
    let mut sums = HashMap::new();
    for event in events.iter().filter(|e| e.event_type == "ArticlesViewed") {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        for view in data["views"].as_array().unwrap() {
            let article = view["article_id"].as_str().unwrap().to_owned();
            *sums.entry(article).or_default() += view["count"].as_u64().unwrap();
        }
    }
    sums
}

#[tokio::test]
async fn views_that_were_answered_are_in_the_log_once() {
    let gallery = Gallery::open().await;
    // At least what was answered, at most what was sent.
    let mut bounds: HashMap<String, (u64, u64)> = HashMap::new();
    for round in 0..ROUNDS {
        let mut server = Server::start(&gallery.place);
        let told = gallery.storm(&server, round);
        for (n, (article, answered)) in told.iter().enumerate() {
            let (least, most) = bounds.entry(article).or_default();
            *least += u64::from(answered);
            *most += u64::from(!answered);
            if n == 300 + 200 * round {
                server.kill();
            }
        }
        let viewed = gallery.viewed().await;
        for (article, (least, most)) in &bounds {
            let views = viewed.get(article).copied().unwrap_or(0);
            assert!((*least..=*most).contains(&views), "{article}: {views}");
        }
    }
    assert!(bounds.values().any(|(least, _)| *least > 0));
}
