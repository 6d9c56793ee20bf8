//! The binary as a stranger meets it: how long from the start on a log of a million events until it
//! is ready, and how much memory it holds while nobody asks for anything.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use madang::projections::fold::OnUnfit;
use madang::projections::rebuild::rebuild;
use madang::views::Database;
use tokio::runtime::Runtime;

use crate::{client, support};

const EVENTS: u64 = 1_000_000;
const STARTS: usize = 5;

/// Starts and stops the binary a few times.
pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(start());
}

async fn start() {
    let directory = support::directory();
    let log = support::long_log(directory.path(), EVENTS).await;
    let views = Database::File(directory.path().join("views.db"));
    rebuild(&*log, (&views, &support::calendar()), OnUnfit::Fail, |_| {})
        .await
        .expect("views");
    log.close().await;
    let mut times = Vec::new();
    let mut resident = 0;
    for _ in 0..STARTS {
        let address = free_address();
        let begun = Instant::now();
        let mut child = serve(directory.path(), address);
        until_ready(address).await;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_secs(2)).await;
        resident = support::megabytes_of(&child.id().to_string(), "VmRSS");
        child.kill().expect("a child to kill");
        child.wait().expect("a dead child");
    }
    println!(
        "start on {EVENTS} events: ready after {:.0} ms (median of {STARTS}, after kill -9 each); \
         idle with {resident} MB resident",
        support::median(&mut times)
    );
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

fn serve(data_dir: &std::path::Path, address: SocketAddr) -> Child {
    Command::new(env!("CARGO_BIN_EXE_madang"))
        .args([
            "serve",
            "--log",
            "warn",
            "--listen",
            &address.to_string(),
            "--data-dir",
        ])
        .arg(data_dir)
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the binary")
}

async fn until_ready(address: SocketAddr) {
    while !client::is_ready(address).await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
