//! The tour of the README, run as it is printed there.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use serde_json::Value;

use crate::cli::madang::Place;
use crate::node::server::Server;

/// The lines of the tour.
fn tour() -> String {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, after) = readme.split_once("<!-- tour").expect("a tour");
    let (_, after) = after.split_once("```sh\n").expect("its lines");
    let (lines, _) = after.split_once("\n```").expect("its end");
    lines.to_owned()
}

/// Runs the tour against a server of its own, as somebody does who has built Madang.
fn taken(place: &Place) -> Output {
    fs::create_dir_all(place.path("target/release")).unwrap();
    let binary = place.path("target/release/madang");
    symlink(env!("CARGO_BIN_EXE_madang"), binary).unwrap();
    let server = Server::start(place);
    let tour = tour();
    assert_eq!(tour.matches("127.0.0.1:8080").count(), 1);
    let tour = tour.replace("127.0.0.1:8080", &server.address);
    let mut bash = Command::new("bash");
    let settings = std::env::vars_os().map(|(name, _)| name);
    for name in settings.filter(|name| name.to_string_lossy().starts_with("MADANG_")) {
        bash.env_remove(name);
    }
    bash.envs(place.variables())
        .args(["-euo", "pipefail", "-c", &tour])
        .current_dir(place.path(""))
        .env("no_proxy", "127.0.0.1")
        .output()
        .unwrap()
}

#[tokio::test]
async fn the_tour_works_as_printed() {
    let place = Place::on_stack().await;
    let output = taken(&place);
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}\n{complained}");
    assert_eq!(complained, "");
    let lines: Vec<&str> = said.lines().collect();
    let json = |line: usize| serde_json::from_str::<Value>(lines[line]).unwrap();

    let article = json(0);
    assert_eq!(article["content"], "Is anybody here?");
    assert_eq!(article["writer"]["name"], "Kim Minji");
    let id = article["article_id"].as_str().unwrap();
    assert_eq!(json(1)["items"][0]["article_id"], id);
    let thread = json(2);
    let thread = thread["items"].as_array().unwrap();
    assert_eq!(
        (&thread[0]["deleted"], &thread[0]["content"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(thread[1]["content"], "Welcome!");
    assert_eq!(thread[1]["parent_id"], thread[0]["comment_id"]);
    let counted = json(3);
    let counts = ["comment_count", "like_count", "view_count"].map(|count| &counted[count]);
    assert_eq!(counts, [1, 1, 1].map(Value::from).each_ref());
    assert!(json(4)["items"].as_array().unwrap().is_empty());
    let edited = json(5);
    assert_eq!(
        (&edited["content"], &edited["revision"]),
        (&"Anybody home?".into(), &1.into())
    );
    assert_eq!(json(6)["status"], 412);
    assert!(json(6)["type"].as_str().unwrap().starts_with("/problems/"));

    let history = ["ArticleCreated", "ArticleUpdated", "ArticleDeleted"];
    let audited = json(7);
    let audited = audited["items"].as_array().unwrap();
    assert_eq!(
        audited.iter().map(|e| &e["type"]).collect::<Vec<_>>(),
        history
    );
    assert!(audited.iter().all(|e| e["metadata"]["actor"] == "kim"));
    assert_eq!(json(8)["items"][0]["parked"], 0);
    assert_eq!(lines.len(), 9 + history.len());
    for (line, happened) in lines[9..].iter().zip(history) {
        assert!(line.contains(&format!("article-{id}@")), "{line}");
        assert!(
            line.contains(happened) && line.contains("by \"kim\""),
            "{line}"
        );
    }
}
