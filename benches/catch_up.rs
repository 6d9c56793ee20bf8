//! How fast a projector that starts from nothing folds a long log into the SQLite views.

use std::time::Instant;

use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use tokio::runtime::Runtime;

use crate::support;

/// Articles in the log.
const ARTICLES: u64 = 1_000_000;

/// Makes a log, then folds it.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(catch_up());
}

async fn catch_up() {
    let directory = support::directory();
    let begun = Instant::now();
    let log = support::long_log(directory.path(), ARTICLES).await;
    println!("log of {ARTICLES} articles made in {:.1?}", begun.elapsed());
    let before = support::megabytes_of("self", "VmRSS");
    let begun = Instant::now();
    let views = directory.path().join("views.db");
    let rebuilt = rebuild(&*log, (&views, &support::calendar()), OnUnfit::Fail, |_| {})
        .await
        .expect("the views to be rebuilt");
    let took = begun.elapsed().as_secs_f64();
    println!(
        "catch-up: {} events in {took:.2} s = {:.0} events/s; resident {before} MB before, {} MB \
         at the peak of all",
        rebuilt.events,
        f64::from(u32::try_from(rebuilt.events).unwrap_or(u32::MAX)) / took,
        support::megabytes_of("self", "VmHWM"),
    );
    log.close().await;
}
