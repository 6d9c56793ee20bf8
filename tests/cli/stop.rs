//! An import that is asked to stop.

use std::io::Write;
use std::process::{Command, Stdio};

use madang::event_store::Position;

use super::madang::{Ended, Place, forum};
use crate::import::log::essence;

/// Waits until the log holds `count` events. Needs a log to be there.
async fn wait_for(place: &Place, count: usize) {
    let log = place.log().await;
    let mut subscription = log.subscribe_all(Position::START).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < count {
        assert!(subscription.next_batch(&mut seen, 100).await > 0);
    }
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
    let pid = running.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
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
