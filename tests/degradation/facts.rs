//! What there is on a board that a node serves, for those who ask for it.

use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use madang::ambient::Clock;
use serde_json::{Value, json};

use crate::cli::madang::Place;
use crate::node::client::Client;
use crate::node::server::Server;

/// So many that nobody asks for one of them twice in a test.
const ARTICLES: u64 = 3_000;
/// The newest ones are asked for so often that they are hot; the first of the others.
const COLD_FROM: usize = 200;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What there is, and who asks.
#[derive(Debug)]
pub(super) struct Facts {
    /// Where the node listens; after a restart it is elsewhere.
    address: Mutex<String>,
    /// Of an admin who is an auditor, too.
    pub(super) token: String,
    /// A board on which nothing is posted.
    pub(super) quiet: String,
    /// A board for whoever wants to post.
    pub(super) busy: String,
    /// The quiet board's, newest first.
    articles: Vec<String>,
    cold: AtomicUsize,
}

impl Facts {
    /// The newest article of the quiet board.
    pub(super) fn hot(&self) -> &str {
        &self.articles[0]
    }

    /// An article that was not asked for before.
    pub(super) fn cold(&self) -> &str {
        let next = self.cold.fetch_add(1, Ordering::Relaxed);
        let cold = &self.articles[COLD_FROM..];
        &cold[next % cold.len()]
    }

    /// A new connection; an error while no node listens.
    pub(super) fn client(&self) -> io::Result<Client> {
        let address = self.address.lock().unwrap_or_else(PoisonError::into_inner);
        let address = address.clone();
        Client::try_connect(&address, &self.token)
    }

    /// The node listens elsewhere now.
    pub(super) fn moved(&self, address: &str) {
        let mut known = self.address.lock().unwrap_or_else(PoisonError::into_inner);
        address.clone_into(&mut known);
    }

    /// Brings a forum's records to a place that nobody serves yet; a token for it.
    pub(super) fn import(place: &Place) -> String {
        place.write("forum.jsonl", forum());
        place.run(&["import", "forum.jsonl"]).expect(0);
        let token = "token --user ada --role admin --role auditor".split(' ');
        let args: Vec<&str> = token.collect();
        place.run(&args).expect(0).stdout.trim().to_owned()
    }

    /// Looks for what [`import`](Self::import) has brought, once all of it is in the views.
    pub(super) fn find(server: &Server, token: String) -> Self {
        let mut client = Client::connect(&server.address, &token);
        let busy = client.post("/v1/boards", &json!({"name": "busy"}));
        let busy = busy.unwrap();
        let position = busy.position().unwrap().to_owned();
        let boards = reached(&mut client, "/v1/boards", &position);
        let mut facts = Self {
            address: Mutex::new(server.address.clone()),
            token,
            quiet: text(&boards["items"][0], "board_id"),
            busy: text(&busy.body, "board_id"),
            articles: Vec::new(),
            cold: AtomicUsize::new(0),
        };
        let pages = 1..=ARTICLES / 100;
        facts.articles = pages
            .flat_map(|page| facts.page(&mut client, page))
            .collect();
        facts
    }

    fn page(&self, client: &mut Client, page: u64) -> Vec<String> {
        let path = format!("/v1/boards/{}/articles?page={page}&size=100", self.quiet);
        let answer = client.read(&path).unwrap();
        let items = answer.body["items"].as_array().unwrap();
        items.iter().map(|item| text(item, "article_id")).collect()
    }
}

/// A node that has just begun may take longer to fold the log than a query waits.
fn reached(client: &mut Client, path: &str, position: &str) -> Value {
    let mut answers = (0..10).map(|_| client.get(path, position).unwrap());
    let answer = answers.find(|answer| answer.status == 200);
    answer.expect("the views come").body
}

pub(super) fn text(value: &Value, field: &str) -> String {
    let text = value[field].as_str();
    text.unwrap_or_else(|| panic!("no {field} in {value}"))
        .to_owned()
}

/// Articles on one board, half of them of the day before yesterday, some with likes and views; the
/// newest has a thread.
fn forum() -> String {
    let now = Clock::system().now().0;
    let mut text = String::new();
    for id in 1..=ARTICLES {
        let days_ago = if id > ARTICLES / 2 { 1 } else { 2 };
        let popular = id.is_multiple_of(100);
        let liked_by: &[&str] = if popular { &["kim", "lee"] } else { &[] };
        let post = json!({
            "type": "post", "id": id, "board": "quiet", "author": "kim",
            "title": format!("title {id}"), "body": "words ".repeat(20),
            "created_at": now - days_ago * DAY, "views": if popular { id } else { 0 },
            "liked_by": liked_by,
        });
        writeln!(text, "{post}").unwrap();
    }
    for id in 1..=50 {
        let comment = json!({
            "type": "comment", "id": id, "post_id": ARTICLES, "parent_id": null,
            "author": "lee", "body": "yes", "created_at": now - DAY,
        });
        writeln!(text, "{comment}").unwrap();
    }
    text
}
