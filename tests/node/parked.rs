//! An event that cannot be folded, as the outside sees it.

use madang::domain::Timestamp;
use madang::event_store::Expected;
use serde_json::json;

use super::client::Client;
use super::server::Server;
use super::storm::Site;
use crate::projections::yard::{encoded, own_stream, posted};

#[tokio::test]
async fn a_parked_event_is_shown_and_the_node_serves_on() {
    let site = Site::new().await;
    let log = site.place.served_log().await;
    let mut junk = encoded(posted(1, 1).into(), Timestamp(0));
    junk.data = "{}".to_owned();
    let stream = own_stream(&posted(1, 1).into());
    let appended = log.append(&stream, Expected::NoStream, vec![junk]).await;
    let position = appended.unwrap().position.to_string();
    log.close().await;

    let server = Server::start(&site.place);
    let mut ada = Client::connect(&server.address, &site.token);
    let boards = ada.get("/v1/boards", &position).unwrap();
    assert_eq!(boards.body["items"].as_array().unwrap().len(), 1);
    let shown = ada.get("/v1/projections", "").unwrap().body;
    let items = shown["items"].as_array().unwrap();
    let sql = items.iter().find(|item| item["name"] == "sql").unwrap();
    assert_eq!(sql["parked"], 1);
    assert_eq!(
        (&sql["position"], &sql["error"]),
        (&json!(position), &json!(null))
    );
    let ready = ada.get("/health/ready", "").unwrap();
    assert_eq!(ready.status, 200);
    let parked = json!({"name": "parked", "ok": true, "state": "some"});
    assert!(ready.body["checks"].as_array().unwrap().contains(&parked));
}
