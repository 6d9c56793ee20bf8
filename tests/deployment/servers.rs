//! What the compose file gives the servers, on servers of these kinds.

use super::files::{SECRET, compose, filled_in, items, text};
use crate::cli::madang::{Place, forum};
use crate::node::server::Server;
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

/// What the image of MySQL does for `MYSQL_DATABASE` and `MYSQL_USER`, and then the file that is mounted.
#[tokio::test(flavor = "multi_thread")]
async fn the_user_of_the_views_may_serve_and_replay() {
    let server = MariaDb::start();
    for sql in [
        "CREATE DATABASE madang",
        &format!("CREATE USER madang@'%' IDENTIFIED BY '{SECRET}'"),
        "GRANT ALL ON madang.* TO madang@'%'",
        &text("deploy/mysql/replay.sql"),
    ] {
        say(&server.url(""), sql).await;
    }
    let url = server
        .url("madang")
        .replace("root@", &format!("madang:{SECRET}@"));
    let place = Place::new();
    place.write("madang.toml", format!("database = \"{url}\""));
    place.write("forum.jsonl", forum(20));
    place.run(&["import", "forum.jsonl"]).expect(0);
    place.run(&["replay", "--offline"]).expect(0);
}
