//! SIGTERM in the midst of a storm: who got in gets an answer, and nobody else was let in.

use super::server::Server;
use super::storm::{Deeds, Site};

#[tokio::test]
async fn a_stopping_server_answers_every_request_that_it_took() {
    let site = Site::new().await;
    let mut answered = Deeds::new();
    for round in 0..3 {
        let mut server = Server::start(&site.place);
        let told = site.storm(&server, &format!("round {round}"));
        answered.extend(told.iter().take(20 + 150 * round).map(|deed| (deed, 1)));
        server.terminate();
        answered.extend(told.into_iter().map(|deed| (deed, 1)));
        assert_eq!(server.ended().code(), Some(0));
    }
    let found = site.look().await;
    assert_eq!(found.in_log(), answered);
    assert_eq!(found.in_views(), answered);
}
