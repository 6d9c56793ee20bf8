//! A node whose log is on a server that is not there, comes, refuses, or is not what it was.

use serde_json::{Value, json};

use super::client::Client;
use super::server::Server;
use crate::cli::madang::Place;
use crate::servers::eventstoredb::{Call, EventStoreDb, Foreign, Manner, Rights};
use crate::servers::mariadb::MariaDb;
use crate::servers::redis::Redis;

/// A place whose log is at `url`, and the token of somebody who may do everything.
pub(crate) fn place(url: &str) -> (Place, String) {
    let place = Place::new();
    place.write("madang.toml", settings(url));
    let roles = ["--role", "admin", "--role", "auditor"];
    let args = [&["token", "--user", "ada"], &roles[..]].concat();
    let token = place.run(&args).expect(0).stdout.trim().to_owned();
    (place, token)
}

/// Settings of a node whose views are in files, and which has a number of its own therefore.
fn settings(url: &str) -> String {
    format!("event_store = \"{url}\"\nnode_id = 0\n")
}

/// A place for a server that is not there.
async fn without_server() -> (EventStoreDb, Place, String) {
    let mut store = EventStoreDb::start().await;
    store.stop().await;
    let (place, token) = place(&store.url());
    (store, place, token)
}

/// Opens a board, and waits until the views show it.
pub(crate) fn open_board(server: &Server, token: &str) -> Value {
    let mut ada = Client::connect(&server.address, token);
    let opened = ada.post("/v1/boards", &json!({"name": "yard"})).unwrap();
    assert_eq!(opened.status, 201, "{}", opened.body);
    let board = opened.body["board_id"].as_str().unwrap();
    let path = format!("/v1/boards/{board}");
    let shown = ada.get(&path, opened.position().unwrap()).unwrap();
    assert_eq!(shown.status, 200, "{}", shown.body);
    opened.body
}

/// What a `serve` says that ends by itself with 1.
fn refused(place: &Place) -> String {
    let ended = place.run(&["serve", "--listen", "127.0.0.1:0"]).expect(1);
    ended.stderr
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_log_a_node_is_live_and_not_ready_and_asks_to_come_back() {
    let (_store, place, token) = without_server().await;
    let mut server = Server::start(&place);
    let mut ada = Client::connect(&server.address, &token);
    assert_eq!(ada.read("/health/live").unwrap().status, 200);
    let opening = json!({"name": "event_store", "ok": false, "state": "opening"});
    assert_eq!(server.health("event_store"), (503, opening));
    let article = json!({"title": "t", "content": "c"});
    let answers = [
        ada.post("/v1/boards", &json!({"name": "yard"})).unwrap(),
        ada.post("/v1/boards/1/articles", &article).unwrap(),
        ada.put("/v1/articles/1/like").unwrap(),
        ada.post("/v1/articles/1/views", &json!({})).unwrap(),
        ada.read("/v1/boards").unwrap(),
        ada.read("/v1/popular").unwrap(),
        ada.read("/v1/audit/events").unwrap(),
    ];
    for answer in answers {
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(answer.header("retry-after").is_some(), "{}", answer.body);
    }
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_there_first_goes_on_when_the_log_comes() {
    let (mut store, place, token) = without_server().await;
    let mut server = Server::start(&place);
    assert_eq!(server.health("event_store").0, 503);
    store.start_again().await;
    server.is_ready();
    open_board(&server, &token);
    let open = json!({"name": "event_store", "ok": true, "state": "open"});
    assert_eq!(server.health("event_store"), (200, open));
    let events = store.log().events();
    assert_eq!(events.first().unwrap().0, "madang-log");
    assert_eq!(events.len(), 2);
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_goes_away_is_told_and_used_again_when_it_is_back() {
    let mut store = EventStoreDb::start().await;
    let (place, token) = place(&store.url());
    let server = Server::start(&place);
    server.is_ready();
    open_board(&server, &token);
    store.stop().await;
    while server.health("event_store").1["state"] != "away" {}
    let mut ada = Client::connect(&server.address, &token);
    let refused = ada.post("/v1/boards", &json!({"name": "yard"})).unwrap();
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(ada.read("/v1/boards").unwrap().status, 200);
    store.start_again().await;
    server.is_ready();
    open_board(&server, &token);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_let_in_is_told_so_at_once_or_later_and_shown_no_password() {
    let mut store = EventStoreDb::start().await;
    store.manners().admit("madang", "sesame", Rights::Admin);
    let url = store.url().replace("//", "//madang:open-secret@");
    let (place, _) = place(&url);
    let said = refused(&place);
    assert!(said.contains("--event-store-password"), "{said}");
    assert!(!said.contains("open-secret"), "{said}");
    store.stop().await;
    let mut server = Server::start(&place);
    store.start_again().await;
    assert_eq!(server.ended().code(), Some(1));
    assert!(!server.last_words().contains("open-secret"));
    assert!(store.log().events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_beside_the_url_win() {
    let store = EventStoreDb::start().await;
    store.manners().admit("madang", "sesame", Rights::Admin);
    let (place, token) = place(&store.url().replace("//", "//kim:open-secret@"));
    let mut serve = place.command(&["audit", "events"]);
    serve.env("MADANG_EVENT_STORE_USER", "madang");
    let ended = serve.env("MADANG_EVENT_STORE_PASSWORD", "sesame").output();
    assert!(ended.unwrap().status.success());
    let url = settings(&store.url());
    let login = "event_store_user = \"madang\"\nevent_store_password = \"sesame\"\n";
    place.write("madang.toml", url + login);
    let server = Server::start(&place);
    server.is_ready();
    open_board(&server, &token);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_read_the_whole_log_is_told_the_acl_and_writes_nothing() {
    let store = EventStoreDb::start().await;
    store.manners().admit("madang", "sesame", Rights::Streams);
    let (place, _) = place(&store.url().replace("//", "//madang:sesame@"));
    let said = refused(&place);
    for named in ["$all", "$admins", "$r"] {
        assert!(said.contains(named), "{said}");
    }
    assert!(store.log().events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_the_views_are_not_of_is_refused_and_gets_no_command() {
    let (ours, theirs) = (EventStoreDb::start().await, EventStoreDb::start().await);
    let (place, token) = place(&ours.url());
    let mut server = Server::start(&place);
    server.is_ready();
    open_board(&server, &token);
    server.terminate();
    server.ended();
    let (other, _) = self::place(&theirs.url());
    other
        .run(&["import", "/dev/null", "--source", "n"])
        .expect(0);
    place.write("madang.toml", settings(&theirs.url()));
    let said = refused(&place);
    assert!(said.contains("of another log"), "{said}");
    assert!(said.contains("name the event store"), "{said}");
    assert_eq!(theirs.log().events().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_log_is_not_begun_where_the_views_are_of_another() {
    let (ours, empty) = (EventStoreDb::start().await, EventStoreDb::start().await);
    let (place, token) = place(&ours.url());
    let mut server = Server::start(&place);
    server.is_ready();
    open_board(&server, &token);
    server.terminate();
    server.ended();
    place.write("madang.toml", settings(&empty.url()));
    let said = refused(&place);
    assert!(said.contains("bring back its data"), "{said}");
    assert!(empty.log().events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_log_is_begun_when_the_views_have_answered() {
    let (store, mut sql, mut redis) = (
        EventStoreDb::start().await,
        MariaDb::start(),
        Redis::start(),
    );
    let database = sql.database().await;
    let (place, token) = place(&store.url());
    let url = store.url();
    let all = format!(
        "event_store = \"{url}\"\ndatabase = \"{}\"\nredis = \"{}\"\n",
        database.url,
        redis.url()
    );
    place.write("madang.toml", all);
    sql.process().kill();
    redis.process().kill();
    let server = Server::start(&place);
    let opening = json!({"name": "event_store", "ok": false, "state": "opening"});
    assert_eq!(server.health("event_store"), (503, opening));
    assert!(store.log().events().is_empty());
    // Redis is not needed for it.
    sql.process().restart();
    server.is_ready();
    open_board(&server, &token);
    assert_eq!(store.log().events().first().unwrap().0, "madang-log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_ends_when_the_log_is_another_one() {
    let store = EventStoreDb::start().await;
    let empty = store.log().backup();
    let (place, token) = place(&store.url());
    let mut server = Server::start(&place);
    server.is_ready();
    open_board(&server, &token);
    store.log().restore(empty);
    assert_eq!(server.ended().code(), Some(1));
    let said = server.last_words();
    assert!(said.contains("bring back the server's data"), "{said}");
    assert!(store.log().events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_comes_back_as_another_one_gets_nothing() {
    let mut store = EventStoreDb::start().await;
    let empty = store.log().backup();
    let (place, token) = place(&store.url());
    let mut server = Server::start(&place);
    server.is_ready();
    let mut ada = Client::connect(&server.address, &token);
    store.stop().await;
    while server.health("event_store").1["state"] != "away" {}
    store.log().restore(empty);
    store.start_again().await;
    while let Ok(answer) = ada.post("/v1/boards", &json!({"name": "yard"})) {
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    assert_eq!(server.ended().code(), Some(1));
    assert!(store.log().events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn views_ahead_of_a_restored_log_are_refused_with_the_replay_to_run() {
    let store = EventStoreDb::start().await;
    let (place, token) = place(&store.url());
    let mut server = Server::start(&place);
    server.is_ready();
    let before = store.log().backup();
    open_board(&server, &token);
    server.terminate();
    server.ended();
    store.log().restore(before);
    let said = refused(&place);
    assert!(said.contains("ahead of the log"), "{said}");
    assert!(said.contains("`madang replay --offline`"), "{said}");
    place.run(&["replay", "--offline"]).expect(0);
    let server = Server::start(&place);
    server.is_ready();
    open_board(&server, &token);
}

/// Its head is past the checkpoint of the views, and another event stands there, or none.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_ends_when_an_older_copy_of_the_log_has_grown_past_its_views() {
    let mut store = EventStoreDb::start().await;
    let (place, token) = place(&store.url());
    let mut server = Server::start(&place);
    server.is_ready();
    let before = store.log().backup();
    open_board(&server, &token);
    store.stop().await;
    store.log().restore(before);
    for _ in 0..50 {
        store.log().write("theirs", Foreign::new("Theirs", "{}"));
    }
    store.start_again().await;
    assert_eq!(server.ended().code(), Some(1));
    let said = server.last_words();
    assert!(said.contains("ahead of the log"), "{said}");
    assert!(said.contains("`madang replay --offline`"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_only_reads_waits_for_one_that_begins_the_log() {
    let store = EventStoreDb::start().await;
    let (place, token) = place(&store.url());
    let (elsewhere, _) = self::place(&store.url());
    elsewhere.write(
        "madang.toml",
        format!("event_store = \"{}\"\nrole = [\"query\"]\n", store.url()),
    );
    let reading = Server::start(&elsewhere);
    assert_eq!(reading.health("event_store").1["state"], "opening");
    assert!(store.log().events().is_empty());
    let writing = Server::start(&place);
    writing.is_ready();
    open_board(&writing, &token);
    while reading.health("event_store").1["state"] != "open" {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_says_nothing_keeps_nobody_from_stopping() {
    let store = EventStoreDb::start_with(&[(Call::ReadAll, Manner::Silent)]).await;
    let (place, _) = place(&store.url());
    let mut server = Server::start(&place);
    assert_eq!(server.health("event_store").1["state"], "opening");
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_log_is_refused() {
    let store = EventStoreDb::start().await;
    store
        .log()
        .write("madang-log", Foreign::new("Theirs", "{}"));
    let (place, _) = place(&store.url());
    let said = refused(&place);
    assert!(said.contains("stream madang-log revision 0"), "{said}");
    assert_eq!(store.log().events().len(), 1);
}
