//! An import that is asked to stop.

use std::io::{BufRead as _, BufReader, Write};
use std::process::{Child, Command, Stdio};

use madang::event_store::Position;

use super::madang::{Ended, Place, forum};
use crate::import::log::essence;
use crate::node::server::Server;
use crate::servers::eventstoredb::EventStoreDb;
use crate::servers::mariadb::MariaDb;

/// Waits until the log holds `count` events. Needs a log to be there.
async fn wait_for(place: &Place, count: usize) {
    let log = place.log().await;
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < count {
        assert!(subscription.next_batch(&mut seen, 100).await > 0);
    }
}

fn terminate(running: &Child) {
    let pid = running.id().to_string();
    let kill = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(kill.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_waits_for_a_number_stops_at_once() {
    let store = EventStoreDb::start().await;
    let database = MariaDb::shared().await.database().await;
    let place = Place::new();
    let (log, views) = (store.url(), &database.url);
    let all = format!("event_store = \"{log}\"\ndatabase = \"{views}\"\nnode_id = 3\n");
    place.write("madang.toml", all);
    place.write("forum.jsonl", forum(1));
    let server = Server::start(&place);
    server.is_ready();
    let mut running = place.command(&["import", "forum.jsonl"]).spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("no number yet")));
    terminate(&running);
    let said: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(said.join("\n").contains("was stopped"), "{said:?}");
    assert_eq!(running.wait().unwrap().code(), Some(1));
}

#[tokio::test]
async fn it_finishes_what_is_in_flight_and_can_be_resumed() {
    let place = Place::new();
    place
        .run(&["import", "/dev/null", "--source", "nothing"])
        .expect(0);
    let mut import = place.command(&["import", "/dev/stdin", "--source", "forum"]);
    let mut running = import.stdin(Stdio::piped()).spawn().unwrap();
    // Standard input stays open: the import waits for more when it is asked to stop.
    let mut input = running.stdin.take().unwrap();
    input.write_all(forum(1_100).as_bytes()).unwrap();
    wait_for(&place, 900).await;
    terminate(&running);
    let ended = Ended::from(running.wait_with_output().unwrap()).expect(1);
    drop(input);
    assert!(ended.stdout.contains("not to its end"), "{ended:?}");
    assert!(
        ended.stderr.contains("run the same import again"),
        "{ended:?}"
    );

    place.write("forum.jsonl", forum(1_100));
    place.run(&["import", "forum.jsonl"]).expect(0);
    let undisturbed = Place::new();
    undisturbed.write("forum.jsonl", forum(1_100));
    undisturbed.run(&["import", "forum.jsonl"]).expect(0);
    let resumed = essence(&*place.log().await).await;
    assert!(
        resumed == essence(&*undisturbed.log().await).await,
        "the logs differ"
    );
}
