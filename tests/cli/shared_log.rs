//! The program on a log on a server, beside nodes that serve it.

use serde_json::json;

use super::madang::{Place, forum};
use crate::node::client::Client;
use crate::node::log::{open_board, place};
use crate::node::server::Server;
use crate::servers::eventstoredb::{EventStoreDb, Foreign};
use crate::servers::mariadb::MariaDb;
use crate::servers::redis::Redis;
use crate::views::refusals::say;

/// Events of the server's own: more than lie between three checkpoints of a subscription, of which the
/// last one is not believed yet.
const NOISE: usize = 10_000;

/// A place beside others on the same log, whose files have a number of their own.
fn beside(store: &EventStoreDb, number: u16) -> Place {
    let place = Place::new();
    let settings = format!("event_store = \"{}\"\nnode_id = {number}\n", store.url());
    place.write("madang.toml", settings);
    place.write("forum.jsonl", forum(20));
    place
}

/// How many boards a server shows.
fn boards(server: &Server, token: &str) -> usize {
    let mut ada = Client::connect(&server.address, token);
    let boards = ada.read("/v1/boards").unwrap();
    boards.body["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_works_beside_a_running_server_and_adds_nothing_twice() {
    let store = EventStoreDb::start().await;
    let (place, token) = place(&store.url());
    let server = Server::start(&place);
    server.is_ready();
    let importing = beside(&store, 1);
    importing.run(&["import", "forum.jsonl"]).expect(0);
    while boards(&server, &token) < 5 {}
    open_board(&server, &token);
    let before = store.log().events();
    importing.run(&["import", "forum.jsonl"]).expect(0);
    assert_eq!(store.log().events(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_views_on_a_server_too_an_import_leases_a_number_of_its_own() {
    let store = EventStoreDb::start().await;
    let database = MariaDb::shared().await.database().await;
    let (place, token) = place(&store.url());
    let both = format!(
        "event_store = \"{}\"\ndatabase = \"{}\"\n",
        store.url(),
        database.url
    );
    place.write("madang.toml", &both);
    place.write("forum.jsonl", forum(20));
    let server = Server::start(&place);
    server.is_ready();
    // Both from the same directory: they have nothing in it that only one may hold.
    let importing = place.run(&["import", "forum.jsonl"]).expect(0);
    assert!(importing.stderr.contains("has a number"), "{importing:?}");
    while boards(&server, &token) < 5 {}
    open_board(&server, &token);
    assert!(!place.path("data/ids.lease").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_takes_its_number_from_no_database_of_another_log() {
    let (store, empty) = (EventStoreDb::start().await, EventStoreDb::start().await);
    let database = MariaDb::shared().await.database().await;
    let place = Place::new();
    let at = |store: &EventStoreDb| {
        let (log, views) = (store.url(), &database.url);
        format!("event_store = \"{log}\"\ndatabase = \"{views}\"\n")
    };
    place.write("madang.toml", at(&store));
    place.write("forum.jsonl", forum(20));
    Server::start(&place).is_ready();
    place.write("madang.toml", at(&empty));
    let ended = place.run(&["import", "forum.jsonl"]).expect(1);
    assert!(ended.stderr.contains("bring back its data"), "{ended:?}");
    assert!(empty.log().events().is_empty());
    beside(&empty, 0).run(&["import", "forum.jsonl"]).expect(0);
    let ended = place.run(&["import", "forum.jsonl"]).expect(1);
    assert!(ended.stderr.contains("of another log"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_number_nobody_keeps_apart_has_to_name_one() {
    let store = EventStoreDb::start().await;
    let place = Place::new();
    place.write(
        "madang.toml",
        format!("event_store = \"{}\"\n", store.url()),
    );
    place.write("forum.jsonl", forum(1));
    for args in [&["import", "forum.jsonl"][..], &["serve"]] {
        let ended = place.run(args).expect(2);
        for named in ["--node-id", "--database"] {
            assert!(ended.stderr.contains(named), "{ended:?}");
        }
    }
    assert!(store.log().events().is_empty());
    place.run(&["audit", "events"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_number_is_not_ready_and_ends_if_somebody_has_to_see_to_it() {
    let store = EventStoreDb::start().await;
    let database = MariaDb::shared().await.database().await;
    let place = Place::new();
    let (log, views) = (store.url(), &database.url);
    let all = format!("event_store = \"{log}\"\ndatabase = \"{views}\"\nnode_id = 3\n");
    place.write("madang.toml", all);
    let mut server = Server::start(&place);
    server.is_ready();
    assert_eq!(server.health("number").1["state"], "held");
    server.kill();
    let waiting = json!({"name": "number", "ok": false, "state": "waiting"});
    let mut server = Server::start(&place);
    while server.health("views").1["state"] != "open" {}
    assert_eq!(server.health("number"), (503, waiting));
    server.terminate();
    server.ended();
    say(
        &database.url,
        "ALTER TABLE node_lease ADD COLUMN theirs INT",
    )
    .await;
    let mut server = Server::start(&place);
    assert_eq!(server.ended().code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_wants_no_projector_and_folds_the_whole_log() {
    let store = EventStoreDb::start().await;
    let (place, _) = place(&store.url());
    place.write("forum.jsonl", forum(20));
    place.run(&["import", "forum.jsonl"]).expect(0);
    let mut server = Server::start(&place);
    server.is_ready();
    let ended = place.run(&["replay", "--offline"]).expect(1);
    assert!(ended.stderr.contains("views.db"), "{ended:?}");
    server.terminate();
    server.ended();
    store.log().write("$stats", Foreign::new("$stats", "{}"));
    let report = place.run(&["replay", "--offline", "--json"]).expect(0);
    let events = store.log().events().len();
    assert_eq!(report.json()["events"], json!(events));
    Server::start(&place).is_ready();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_reads_what_is_there_and_knows_no_made_up_positions() {
    let store = EventStoreDb::start().await;
    let place = beside(&store, 0);
    place.run(&["import", "forum.jsonl"]).expect(0);
    let ended = place.run(&["audit", "events", "--json"]).expect(0);
    let events = store.log().events();
    assert_eq!(ended.stdout.lines().count(), events.len());
    assert!(!ended.stdout.contains("\"stream\":\"$"), "{ended:?}");
    let backward = ["audit", "events", "--backward", "--limit", "1", "--json"];
    let newest = place.run(&backward).expect(0).json();
    assert_eq!(newest["event_id"], json!(events.last().unwrap().1));
    let nowhere = format!("{:016x}{:016x}", 77, 77);
    let ended = place
        .run(&["audit", "events", "--from", &nowhere])
        .expect(1);
    assert!(ended.stderr.contains(&nowhere), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_a_server_that_is_not_there_fails_and_names_it() {
    let mut store = EventStoreDb::start().await;
    store.stop().await;
    let place = beside(&store, 0);
    let work = [
        &["import", "forum.jsonl"][..],
        &["replay", "--offline"],
        &["audit", "events"],
    ];
    for args in work {
        let ended = place.run(args).expect(1);
        let server = format!("esdb://127.0.0.1:{}", store.port());
        assert!(ended.stderr.contains(&server), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hot_goes_on_after_a_restart_behind_events_that_are_not_ours() {
    let (store, redis) = (EventStoreDb::start().await, Redis::start());
    let (place, token) = place(&store.url());
    let settings = format!(
        "event_store = \"{}\"\nnode_id = 0\nredis = \"{}\"\n",
        store.url(),
        redis.url()
    );
    place.write("madang.toml", settings);
    let mut server = Server::start(&place);
    server.is_ready();
    open_board(&server, &token);
    let noise = || store.log().write("$stats", Foreign::new("$stats", "{}"));
    let first = format!("{:016x}", noise().position);
    for _ in 1..NOISE {
        noise();
    }
    let at = async || -> Option<String> { redis.run("HGET madang:generation checkpoint").await };
    while at().await.is_none_or(|at| at[..16] < *first) {}
    let asked = "HGET madang:generation generation";
    let before: String = redis.run(asked).await;
    server.terminate();
    server.ended();
    let server = Server::start(&place);
    server.is_ready();
    while server.health("redis").1["state"] != "live" {}
    let after: String = redis.run(asked).await;
    assert_eq!(after, before);
}
