//! The time zone: where it is set, and views that are of another one.

use std::net::TcpStream;
use std::process::Command;

use super::madang::{Ended, Place, forum};
use crate::node::server::Server;

const ELSEWHERE: &str = "Europe/Berlin";

/// A forum's views, of the zone of those who choose none.
fn folded() -> Place {
    let place = Place::new();
    place.write("forum.jsonl", forum(3));
    place.run(&["import", "forum.jsonl"]).expect(0);
    place.run(&["replay", "--offline"]).expect(0);
    place
}

/// A server that refuses the views, which says in which zone it was to serve them.
fn refused(mut serve: Command) -> Ended {
    Ended::from(serve.output().unwrap()).expect(1)
}

/// Starts a server, and kills it when it has taken a connection.
#[track_caller]
fn is_served(place: &Place) {
    let server = Server::start(place);
    assert!(TcpStream::connect(&server.address).is_ok());
}

#[test]
fn views_of_another_zone_are_not_served_until_they_are_replayed() {
    let place = folded();
    place.write("madang.toml", format!("time_zone = \"{ELSEWHERE}\"\n"));
    let ended = refused(place.command(&["serve", "--listen", "127.0.0.1:0"]));
    let remedy = ["replay", "--offline", "--time-zone", ELSEWHERE];
    let named = format!("`madang {}`", remedy.join(" "));
    assert!(ended.stderr.contains(&named), "{ended:?}");
    place.run(&remedy).expect(0);
    is_served(&place);
}

#[test]
fn views_of_another_zone_are_served_in_theirs() {
    let place = folded();
    let ended = refused(place.command(&["serve", "--time-zone", ELSEWHERE]));
    assert!(
        ended.stderr.contains("`--time-zone Asia/Seoul`"),
        "{ended:?}"
    );
    place.write("madang.toml", "time_zone = \"asia/seoul\"\n");
    is_served(&place);
}

#[test]
fn the_zone_is_a_flag_then_a_variable_then_a_line_in_the_file() {
    let place = folded();
    let serve = || place.command(&["serve", "--listen", "127.0.0.1:0"]);
    place.write("madang.toml", "time_zone = \"Asia/Tokyo\"\n");
    let ended = refused(serve());
    assert!(ended.stderr.contains("Asia/Tokyo"), "{ended:?}");
    let mut with_variable = serve();
    with_variable.env("MADANG_TIME_ZONE", "America/Lima");
    let ended = refused(with_variable);
    assert!(ended.stderr.contains("America/Lima"), "{ended:?}");
    let mut with_both = serve();
    with_both.env("MADANG_TIME_ZONE", "America/Lima");
    with_both.args(["--time-zone", ELSEWHERE]);
    let ended = refused(with_both);
    assert!(ended.stderr.contains(ELSEWHERE), "{ended:?}");
}

#[test]
fn a_zone_that_nobody_has_heard_of_is_wrong_use_and_says_how_zones_are_named() {
    let place = folded();
    for zone in ["Nowhere/Ever", "KST-9", ""] {
        let args = ["replay", "--offline", "--time-zone", zone];
        let ended = place.run(&args).expect(2);
        let said = format!("time_zone: {zone:?} is no time zone");
        assert!(ended.stderr.contains(&said), "{ended:?}");
        assert!(ended.stderr.contains("Asia/Seoul"), "{ended:?}");
    }
    place.write("madang.toml", "time_zone = \"KST-9\"\n");
    let ended = place.run(&["serve"]).expect(2);
    assert!(ended.stderr.contains("KST-9"), "{ended:?}");
}

#[test]
fn the_zones_of_the_machine_are_not_looked_at() {
    let place = folded();
    let mut replay = place.command(&["replay", "--offline"]);
    replay.env("TZDIR", place.path("nothing")).env("TZ", "UTC");
    Ended::from(replay.output().unwrap()).expect(0);
    is_served(&place);
}
