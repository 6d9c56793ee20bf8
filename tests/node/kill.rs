//! `kill -9` of a server in the midst of a storm, again and again on the same data: whatever was
//! acknowledged is there. A few rounds by default, as many as `MADANG_STORM` says otherwise.

use super::server::Server;
use super::storm::{Deed, Site};

#[expect(
    clippy::disallowed_methods,
    reason = "how much to test is no setting of the program"
)]
fn rounds() -> usize {
    let rounds = std::env::var("MADANG_STORM").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}

#[tokio::test]
async fn a_killed_server_has_lost_nothing_that_it_acknowledged() {
    let site = Site::new().await;
    let mut acknowledged: Vec<Deed> = Vec::new();
    for round in 0..rounds() {
        let mut server = Server::start(&site.place);
        let told = site.storm(&server, &format!("round {round}"));
        // Another moment in each round: a batch or two, or many.
        acknowledged.extend(told.iter().take(5 + 141 * (round % 7)));
        server.kill();
        acknowledged.extend(told);
        let found = site.look().await;
        let (in_log, in_views) = (found.in_log(), found.in_views());
        let lost: Vec<_> = acknowledged
            .iter()
            .filter(|deed| !in_log.contains_key(deed))
            .collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        let twice: Vec<_> = in_log.iter().filter(|(_, times)| **times != 1).collect();
        assert!(twice.is_empty(), "round {round}: {twice:?}");
        assert_eq!(in_log, in_views, "round {round}");
    }
}
