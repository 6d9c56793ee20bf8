//! `madang audit`.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::madang::{Place, forum};

fn imported(posts: u64) -> Place {
    let place = Place::new();
    place.write("forum.jsonl", forum(posts));
    place.run(&["import", "forum.jsonl"]).expect(0);
    place
}

fn events(place: &Place, args: &[&str]) -> Vec<Value> {
    let ended = place
        .run(&[&["audit", "events", "--json"], args].concat())
        .expect(0);
    let lines = ended.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_event_is_shown_as_recorded_one_a_line() {
    let place = imported(2);
    let all = events(&place, &[]);
    // The log's own event, a plan, two boards, two posts, two comments and the views of both.
    assert_eq!(all.len(), 10);
    let fields = [
        "position",
        "stream",
        "revision",
        "event_id",
        "type",
        "data",
        "metadata",
        "recorded_at",
    ];
    for event in &all {
        let mut found = event
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>();
        let mut expected = fields;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
    assert_eq!(all[0]["position"], "00000000000000000000000000000001");
    assert_eq!(
        (&all[0]["type"], &all[0]["stream"]),
        (&"LogCreated".into(), &"madang-log".into())
    );
    assert_eq!(all[6]["data"]["title"], "title 2");
}

#[test]
fn filters_and_limits_narrow_it_down() {
    let place = imported(9);
    let ids = |args: &[&str]| {
        let titles = events(&place, args);
        titles
            .iter()
            .map(|e| e["data"]["title"].as_str().unwrap_or("-").to_owned())
            .collect::<Vec<_>>()
    };
    let posted = ["--type", "ArticleCreated"];
    assert_eq!(ids(&posted).len(), 9);
    assert_eq!(
        ids(&[&posted[..], &["--backward", "--limit", "2"]].concat()),
        ["title 9", "title 8"]
    );
    assert_eq!(ids(&["--limit", "0"]), [""; 0]);
    let by_system = events(&place, &["--actor", "system:import"]);
    // A plan, five boards, and the views of nine posts.
    assert_eq!(by_system.len(), 15);
    let from = by_system[5]["position"].as_str().unwrap();
    assert_eq!(ids(&["--from", from, "--to", from]).len(), 1);
    assert_eq!(ids(&["--from", "9999-01-01T00:00:00Z"]).len(), 0);
}

#[test]
fn a_stream_is_shown_and_an_unknown_one_is_a_failure() {
    let place = imported(2);
    let ended = place.run(&["audit", "stream", "import-forum"]).expect(0);
    assert_eq!(ended.stdout.lines().count(), 1);
    assert!(
        ended
            .stdout
            .contains("import-forum@0 ImportPlanned by \"system:import\""),
        "{ended:?}"
    );
    let ended = place.run(&["audit", "stream", "article-1"]).expect(1);
    assert!(ended.stderr.contains("no stream `article-1`"), "{ended:?}");
    assert_eq!(ended.stdout, "");
}

#[test]
fn what_makes_no_sense_is_wrong_use() {
    let place = imported(1);
    for args in [
        &["--from", "yesterday"][..],
        &["--limit", "-1"],
        &["--what"],
    ] {
        place.run(&[&["audit", "events"], args].concat()).expect(2);
    }
    place.run(&["audit", "stream", "a\nb"]).expect(2);
}

#[test]
fn without_a_log_it_says_which_file_is_missing() {
    let ended = Place::new().run(&["audit", "events"]).expect(1);
    assert!(ended.stderr.contains("log.db"), "{ended:?}");
}

#[tokio::test]
async fn it_reads_beside_a_running_server() {
    let place = imported(1);
    let log = place.served_log().await;
    assert_eq!(events(&place, &[]).len(), 6);
    log.close().await;
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = imported(400);
    let mut running = place.command(&["audit", "events"]).spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(running.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    drop(output);
    assert!(line.contains("LogCreated"));
    let ended = super::madang::Ended::from(running.wait_with_output().unwrap()).expect(0);
    assert_eq!(ended.stderr, "");
}
