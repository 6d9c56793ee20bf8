//! Two nodes on one full stack, neither of which knows of the other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::client::Client;
use super::server::Server;
use crate::cli::madang::Place;
use crate::import::log::everything;
use crate::stack::Stack;

/// Articles that are posted at each node in turn.
const ROUNDS: usize = 20;
/// How often a reader asks again whose views are behind: whoever folded them may have died.
const PATIENCE: usize = 12;

/// A place for nodes with all roles, and the token of an admin.
async fn place() -> (Place, String) {
    let place = Place::on(Stack::Servers).await;
    let args = ["token", "--user", "ada", "--role", "admin"];
    let token = place.run(&args).expect(0).stdout.trim().to_owned();
    (place, token)
}

/// Posts an article at one node and reads it at another, where it is once its position is.
fn post_and_read(board: &str, title: &str, (at, by): (&mut Client, &mut Client)) -> i64 {
    let article = json!({"title": title, "content": "from one to the other"});
    let path = format!("/v1/boards/{board}/articles");
    let posted = at.post(&path, &article).unwrap();
    assert_eq!(posted.status, 201, "{}", posted.body);
    let (id, position) = (&posted.body["article_id"], posted.position().unwrap());
    let id = id.as_str().unwrap();
    let mut asked = (0..PATIENCE).map(|_| by.get(&format!("/v1/articles/{id}"), position).unwrap());
    let read = asked.find(|read| read.status != 503).expect("it is folded");
    assert_eq!((read.status, &read.body["title"]), (200, &json!(title)));
    id.parse().unwrap()
}

/// Which node has made an id.
fn maker(id: i64) -> i64 {
    (id >> 12) & 0x3ff
}

/// How often each article was created, as the log says.
async fn created(place: &Place) -> BTreeMap<i64, usize> {
    let mut created = BTreeMap::new();
    for event in everything(&*place.log().await).await {
        if let Some(id) = event.stream.as_str().strip_prefix("article-") {
            *created.entry(id.parse().unwrap()).or_default() += 1;
        }
    }
    created
}

#[tokio::test(flavor = "multi_thread")]
async fn both_take_commands_and_when_one_dies_the_other_goes_on() {
    let (place, token) = place().await;
    let mut nodes = [(); 2].map(|()| Server::start(&place));
    nodes.iter().for_each(Server::is_ready);
    let [mut one, mut other] = nodes
        .each_ref()
        .map(|node| Client::connect(&node.address, &token));
    let board = one.post("/v1/boards", &json!({"name": "yard"})).unwrap();
    let board = board.body["board_id"].as_str().unwrap().to_owned();
    let mut ids = Vec::new();
    for round in 0..ROUNDS {
        let title = format!("round {round}");
        ids.push(post_and_read(&board, &title, (&mut one, &mut other)));
        ids.push(post_and_read(&board, &title, (&mut other, &mut one)));
    }
    let makers: BTreeSet<_> = ids.iter().map(|id| maker(*id)).collect();
    assert_eq!(makers.len(), 2, "{makers:?}");

    nodes[0].kill();
    let mut reader = Client::connect(&nodes[1].address, &token);
    for round in 0..ROUNDS {
        let title = format!("round {round}, alone");
        ids.push(post_and_read(&board, &title, (&mut other, &mut reader)));
    }
    let third = Server::start(&place);
    third.is_ready();
    let mut third = Client::connect(&third.address, &token);
    ids.push(post_and_read(&board, "the third", (&mut third, &mut other)));

    let expected: BTreeMap<_, _> = ids.iter().map(|id| (*id, 1)).collect();
    assert_eq!(expected.len(), ids.len(), "an id came twice");
    assert_eq!(created(&place).await, expected);
    let after_death = maker(*ids.last().unwrap());
    assert!(
        !makers.contains(&after_death),
        "{after_death} of {makers:?}"
    );
}
