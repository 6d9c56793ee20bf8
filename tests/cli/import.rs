//! `madang import`.

use serde_json::{Value, json};

use super::madang::{Ended, Place, comment, forum, post, reply, threads};

/// The sum of all numbers that count lines.
fn sum(report: &Value) -> u64 {
    let of = |part: &Value| -> u64 {
        let parts = part.as_object().unwrap().values();
        parts.map(|number| number.as_u64().unwrap()).sum()
    };
    let number = |name: &str| report[name].as_u64().unwrap();
    of(&report["posts"]) + of(&report["comments"]) + number("blank") + number("broken")
}

fn import(place: &Place, text: impl AsRef<[u8]>) -> Ended {
    place.write("forum.jsonl", text);
    place.run(&["import", "forum.jsonl", "--json"])
}

#[test]
fn a_good_file_is_imported_and_the_report_adds_up() {
    let place = Place::new();
    let report = import(&place, forum(30)).expect(0).json();
    assert_eq!(report["posts"]["imported"], 30);
    assert_eq!(report["comments"]["imported"], 30);
    assert_eq!(report["boards"]["opened"], 5);
    assert_eq!(report["views"]["imported"], 465);
    assert_eq!(report["likes"]["imported"], 20);
    assert_eq!(report["not_imported"]["likes"], 60);
    assert_eq!((report["lines"].as_u64(), sum(&report)), (Some(60), 60));
}

#[test]
fn a_second_run_adds_nothing_and_is_fine() {
    let place = Place::new();
    import(&place, forum(30)).expect(0);
    let report = import(&place, forum(30)).expect(0).json();
    let there = |of: &str| report[of]["already_there"].as_u64().unwrap();
    let all = ["posts", "comments", "views", "likes"].map(there);
    assert_eq!(all, [30, 30, 465, 20]);
    assert_eq!(
        (report["boards"]["opened"].as_u64(), sum(&report)),
        (Some(0), 60)
    );
}

#[test]
fn bad_lines_are_reported_and_the_rest_is_imported() {
    let place = Place::new();
    let good = [post(1, 1), comment(1), String::new(), post(2, 1)].join("\n");
    let mut text =
        format!("{good}\n{{\"type\":\"post\"}}\nnonsense\n{}\n", post(1, 1)).into_bytes();
    text.extend_from_slice(b"\xff\xfe\n");
    text.extend_from_slice(&post(3, 1).as_bytes()[..40]);
    let report = import(&place, text).expect(1).json();
    assert_eq!(report["posts"]["imported"], 2);
    assert_eq!((report["lines"].as_u64(), sum(&report)), (Some(9), 9));
    let problems = report["problems"].as_array().unwrap();
    let listed = problems
        .iter()
        .map(|p| (p["line"].as_u64().unwrap(), p["kind"].as_str().unwrap()));
    let expected = [
        (5, "broken"),
        (6, "broken"),
        (7, "duplicate"),
        (8, "broken"),
        (9, "broken"),
    ];
    assert_eq!(listed.collect::<Vec<_>>(), expected);
}

#[test]
fn comments_without_a_place_are_reported_and_the_rest_is_imported() {
    let place = Place::new();
    let text = [post(1, 1), comment(2), reply(1), comment(1)].join("\n");
    let report = import(&place, &text).expect(1).json();
    assert_eq!(report["comments"]["imported"], 1);
    assert_eq!(report["comments"]["rejected"], 2);
    assert_eq!((report["lines"].as_u64(), sum(&report)), (Some(4), 4));
    let problem =
        |line: u64, detail: &str| json!({"line": line, "kind": "rejected", "detail": detail});
    let expected = [
        problem(2, "there is no such article"),
        problem(3, "there is no such comment to reply to"),
    ];
    assert_eq!(report["problems"], json!(expected));
}

#[test]
fn whole_threads_come_in() {
    let place = Place::new();
    let report = import(&place, threads(40, 7)).expect(0).json();
    assert_eq!(report["comments"]["imported"], 80);
    let report = import(&place, threads(60, 7)).expect(0).json();
    assert_eq!(report["comments"]["imported"], 40);
}

#[test]
fn repairs_are_reported_and_are_no_failure() {
    let place = Place::new();
    let line = post(1, 1).replace("title 1", &"long ".repeat(70));
    let report = import(&place, line).expect(0).json();
    assert_eq!((report["repaired"].as_u64(), sum(&report)), (Some(1), 1));
    assert_eq!(
        report["problems"][0]["detail"],
        "title: cut, it was too long"
    );
}

#[test]
fn a_file_corrected_and_imported_again_brings_the_rest() {
    let place = Place::new();
    let wrong = format!("{}\n{}\n", post(1, 1), post(2, 1).replace("title 2", ""));
    import(&place, wrong).expect(1);
    let report = import(&place, format!("{}\n{}\n", post(1, 1), post(2, 1)))
        .expect(0)
        .json();
    assert_eq!(report["posts"]["already_there"], 1);
    assert_eq!(report["posts"]["imported"], 1);
}

#[test]
fn people_get_a_table() {
    let place = Place::new();
    place.write("forum.jsonl", forum(3));
    let ended = place
        .run(&["import", "forum.jsonl", "--source", "the old yard"])
        .expect(0);
    assert!(
        ended.stdout.starts_with("import of `the old yard`\n"),
        "{ended:?}"
    );
    let rows = ["posts imported", "comments imported", "lines read"];
    let row = |name: &str| {
        let line = ended
            .stdout
            .lines()
            .find(|line| line.trim().starts_with(name))
            .unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(rows.map(row), ["3", "3", "6"]);
}

#[test]
fn a_source_without_a_good_name_is_wrong_use() {
    let place = Place::new();
    place.write("forum.jsonl", forum(1));
    for source in ["", "a/b", &"s".repeat(101)] {
        place
            .run(&["import", "forum.jsonl", "--source", source])
            .expect(2);
    }
    place.run(&["import"]).expect(2);
}

#[test]
fn a_file_that_is_not_there_is_a_failure_that_names_it() {
    let ended = Place::new().run(&["import", "nothing.jsonl"]).expect(1);
    assert!(ended.stderr.contains("nothing.jsonl"), "{ended:?}");
    Place::new().run(&["import", "."]).expect(2);
}

#[tokio::test]
async fn it_gives_way_to_a_running_server() {
    let place = Place::new();
    import(&place, forum(1)).expect(0);
    let log = place.served_log().await;
    let ended = import(&place, forum(2)).expect(1);
    assert!(ended.stderr.contains("stop it first"), "{ended:?}");
    assert!(
        ended.stderr.contains(&std::process::id().to_string()),
        "{ended:?}"
    );
    log.close().await;
    import(&place, forum(2)).expect(0);
}
