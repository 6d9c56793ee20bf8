//! A server of views that is not there when the program starts, and comes later.

use serde_json::json;

use super::client::Client;
use super::server::Server;
use crate::cli::madang::Place;
use crate::servers::mariadb::MariaDb;
use crate::views::refusals::{say, tables};

/// A place whose views are at `url`, and the token of an admin.
fn place(url: &str) -> (Place, String) {
    let place = Place::new();
    place.write("madang.toml", format!("database = \"{url}\"\n"));
    let args = ["token", "--user", "ada", "--role", "admin"];
    let token = place.run(&args).expect(0).stdout.trim().to_owned();
    (place, token)
}

/// Takes a command, answers no query and says so; gives the command's position away in the log only.
fn serves_commands_only(server: &Server, token: &str) {
    let mut ada = Client::connect(&server.address, token);
    assert_eq!(ada.get_plainly("/health/live").unwrap().status, 200);
    let opening = json!({"name": "views", "ok": false, "state": "opening"});
    assert_eq!(server.health("views"), (503, opening));
    let opened = ada.post("/v1/boards", &json!({"name": "yard"})).unwrap();
    assert_eq!(opened.status, 201, "{}", opened.body);
    let boards = ada.get_plainly("/v1/boards").unwrap();
    assert_eq!(boards.status, 503, "{}", boards.body);
    assert!(boards.header("retry-after").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_taken_until_the_server_comes_and_serves_or_refuses() {
    let mut mariadb = MariaDb::start();
    let (ours, theirs) = (mariadb.database().await, mariadb.database().await);
    say(&theirs.url, "CREATE TABLE customer (id INT)").await;
    mariadb.process().kill();
    let [(good, token), (bad, other_token)] = [place(&ours.url), place(&theirs.url)];
    let [serving, mut refusing] = [&good, &bad].map(Server::start);
    serves_commands_only(&serving, &token);
    serves_commands_only(&refusing, &other_token);

    mariadb.process().restart();

    serving.is_ready();
    let mut anybody = Client::connect(&serving.address, "");
    let boards = anybody.get_plainly("/v1/boards").unwrap();
    assert_eq!(
        (boards.status, &boards.body["items"][0]["name"]),
        (200, &json!("yard"))
    );
    assert_eq!(refusing.ended().code(), Some(1));
    let said = refusing.last_words();
    assert!(said.contains("name another one"), "{said}");
    assert_eq!(tables(&theirs.url).await, ["customer"]);
}
