//! How fast a projector that starts from nothing folds a long log into the SQLite views.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use madang::event_store::sqlite::SqliteLog;
use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::views::Database;
use tokio::runtime::Runtime;

use crate::mixed::Village;
use crate::support;

/// Events in the log.
const EVENTS: u64 = 1_000_000;

/// Makes a log of articles, then folds it.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async {
        let directory = support::directory();
        let begun = Instant::now();
        let log = support::long_log(directory.path(), EVENTS).await;
        println!("log of {EVENTS} articles made in {:.1?}", begun.elapsed());
        catch_up("catch-up", &log, directory.path()).await;
    });
}

/// Makes a log of all that can happen, then folds it.
pub(crate) fn run_mixed(runtime: &Runtime) {
    runtime.block_on(async {
        let directory = support::directory();
        let begun = Instant::now();
        let log = support::new_log(directory.path()).await;
        Village::new().live(&log, EVENTS).await;
        println!(
            "log of {EVENTS} mixed events made in {:.1?}",
            begun.elapsed()
        );
        catch_up("mixed", &log, directory.path()).await;
    });
}

async fn catch_up(what: &str, log: &Arc<SqliteLog>, directory: &Path) {
    let before = support::megabytes_of("self", "VmRSS");
    let begun = Instant::now();
    let views = Database::File(directory.join("views.db"));
    let rebuilt = rebuild(
        &**log,
        (&views, &support::calendar()),
        OnUnfit::Fail,
        |_| {},
    )
    .await
    .expect("the views to be rebuilt");
    let took = begun.elapsed().as_secs_f64();
    println!(
        "{what}: {} events in {took:.2} s = {:.0} events/s; resident {before} MB before, {} MB at \
         the peak of all",
        rebuilt.events,
        f64::from(u32::try_from(rebuilt.events).unwrap_or(u32::MAX)) / took,
        support::megabytes_of("self", "VmHWM"),
    );
    log.close().await;
}
