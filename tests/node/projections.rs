//! What a node tells of its projections, through HTTP.

use serde_json::{Value, json};

use super::client::Client;
use super::server::Server;
use crate::cli::madang::{Place, forum};
use crate::servers::redis::Redis;
use crate::stack::Stack;

fn ada(place: &Place, server: &Server) -> Client {
    let args = ["token", "--user", "ada", "--role", "admin"];
    let token = place.run(&args).expect(0).stdout;
    Client::connect(&server.address, token.trim())
}

/// Waits until all projections are level with the log; shows them then.
fn level(ada: &mut Client) -> Vec<Value> {
    loop {
        let shown = ada.get("/v1/projections", "").unwrap().body;
        let items = shown["items"].as_array().unwrap();
        let is_level = |item: &Value| item["state"] == "live" && item["lag_events"] == 0;
        if items.iter().all(is_level) {
            return items.clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_projection_is_shown_by_its_name_and_reaches_the_head() {
    for (stack, names) in [
        (Stack::Embedded, &["sql"][..]),
        (Stack::Servers, &["redis", "sql"]),
    ] {
        let place = Place::on(stack).await;
        place.write("forum.jsonl", forum(3));
        place.run(&["import", "forum.jsonl"]).expect(0);
        let server = Server::start(&place);
        server.is_ready();
        let items = level(&mut ada(&place, &server));
        let expected = names.iter().map(|name| {
            json!({
                "name": name, "position": items[0]["position"], "lag_events": 0, "lag_ms": 0,
                "state": "live", "parked": 0, "error": null,
            })
        });
        assert_eq!(items, expected.collect::<Vec<_>>());
        assert_ne!(items[0]["position"], "");
    }
}

#[test]
fn a_redis_that_goes_away_is_shown_where_it_was_and_sql_goes_on() {
    let (place, mut redis) = (Place::new(), Redis::start());
    place.write("madang.toml", format!("redis = \"{}\"\n", redis.url()));
    let server = Server::start(&place);
    server.is_ready();
    let mut ada = ada(&place, &server);
    let before = level(&mut ada);
    redis.process().kill();
    let board = ada.post("/v1/boards", &json!({"name": "yard"})).unwrap();
    assert_eq!(board.status, 201);
    let [hot, sql] = loop {
        let mut shown = ada.get("/v1/projections", "").unwrap().body;
        let items = shown["items"].as_array_mut().unwrap();
        if items[0]["state"] == "retrying" && items[1]["position"] != before[1]["position"] {
            break [items[0].take(), items[1].take()];
        }
    };
    assert_eq!(
        (&hot["name"], &hot["error"]),
        (&json!("redis"), &json!("redis"))
    );
    assert_eq!(hot["position"], before[0]["position"]);
    assert_eq!(
        (&sql["state"], &sql["error"]),
        (&json!("live"), &json!(null))
    );
}
