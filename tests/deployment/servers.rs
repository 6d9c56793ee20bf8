//! What the compose file gives the servers, on servers of these kinds.

use std::fmt::Write as _;

use super::files::{SECRET, compose, fields, filled_in, items, text};
use crate::cli::madang::{Place, forum};
use crate::node::server::Server;
use crate::servers::certificates::{Authority, Signed};
use crate::servers::eventstoredb::EventStoreDb;
use crate::servers::mariadb::MariaDb;
use crate::servers::process::Process;
use crate::views::refusals::say;

/// Redis as its container starts it, elsewhere.
fn redis() -> Process {
    let service = compose("docker-compose.yml")["services"]["redis"].clone();
    let words = items(&service["command"]);
    let [shell, choices, script] = words[..] else {
        panic!("{words:?}");
    };
    let script = filled_in(script);
    assert!(script.contains("exec redis-server - <<"), "{script}");
    Process::start(|directory, socket, port| {
        let place = format!(
            "redis-server --port {port} --unixsocket {} --dir {} -",
            socket.display(),
            directory.display(),
        );
        let script = script.replace("redis-server -", &place);
        let script = format!("export REDIS_PASSWORD={SECRET}\n{script}");
        [shell, choices, &script].map(str::to_owned).to_vec()
    })
}

#[test]
fn redis_lets_madang_do_what_it_does_and_nobody_else_anything() {
    let redis = redis();
    let port = redis.port();
    let place = Place::new();
    place.write(
        "madang.toml",
        format!("redis = \"redis://madang:{SECRET}@127.0.0.1:{port}\""),
    );
    place.write("forum.jsonl", forum(20));
    place.run(&["import", "forum.jsonl"]).expect(0);
    let server = Server::start(&place);
    server.is_ready();
    while server.health("redis").1["state"] != "live" {}
    let stranger = Place::new();
    stranger.write(
        "madang.toml",
        format!("redis = \"redis://127.0.0.1:{port}\""),
    );
    let refused = stranger
        .run(&["serve", "--listen", "127.0.0.1:0"])
        .expect(1);
    assert!(refused.stderr.contains("password"), "{refused:?}");
}

#[test]
fn the_check_of_redis_needs_the_password() {
    let redis = redis();
    let service = compose("docker-compose.yml")["services"]["redis"].clone();
    let test = items(&service["healthcheck"]["test"]);
    let here = format!("redis-cli -p {} ", redis.port());
    let script = filled_in(test[1]).replace("redis-cli ", &here);
    for (password, healthy) in [(SECRET, true), ("another", false)] {
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-c", &script]).env("REDIS_PASSWORD", password);
        assert_eq!(shell.output().unwrap().status.success(), healthy);
    }
}

/// What the image of MySQL does for `MYSQL_DATABASE` and `MYSQL_USER`, and then the file that is mounted. Its
/// server speaks TLS by itself; this one is told to.
async fn mysql(signed: &Signed) -> MariaDb {
    let server = MariaDb::start_with(&[
        format!("--ssl-cert={}", signed.certificate.display()),
        format!("--ssl-key={}", signed.key.display()),
    ]);
    for sql in [
        "CREATE DATABASE madang",
        &format!("CREATE USER madang@'%' IDENTIFIED BY '{SECRET}'"),
        "GRANT ALL ON madang.* TO madang@'%'",
        &text("deploy/mysql/replay.sql"),
    ] {
        say(&server.url(""), sql).await;
    }
    server
}

/// `127.0.0.1:3306` of a URL.
fn place_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap().to_owned()
}

/// The servers are elsewhere; all else is what the container gets.
fn settings(servers: &[(&str, String)]) -> String {
    let service = compose("docker-compose.yml")["services"]["madang"].clone();
    let mut settings = String::new();
    for (name, value) in fields(&service["environment"]) {
        let name = name.strip_prefix("MADANG_").unwrap().to_lowercase();
        let mut value = filled_in(value.as_str().unwrap());
        for (there, here) in servers {
            value = value.replace(there, here.as_str());
        }
        writeln!(settings, "{name} = {value:?}").unwrap();
    }
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn with_what_the_container_gets_the_whole_stack_comes_up_and_is_replayed() {
    let store = EventStoreDb::start().await;
    let mysql = mysql(&Authority::new().sign("mysql")).await;
    let redis = redis();
    let place = Place::new();
    let redis = format!("@127.0.0.1:{}", redis.port());
    let servers = [
        ("eventstore:2113", place_of(&store.url())),
        ("mysql:3306", place_of(&mysql.url(""))),
        ("@redis:6379", redis),
    ];
    place.write("madang.toml", settings(&servers));
    place.write("forum.jsonl", forum(20));
    let mut server = Server::start(&place);
    server.is_ready();
    assert_eq!(server.health("event_store").1["state"], "open");
    while server.health("redis").1["state"] != "live" {}
    place.run(&["import", "forum.jsonl"]).expect(0);
    server.terminate();
    assert!(server.ended().success());
    place.run(&["replay", "--offline"]).expect(0);
}
