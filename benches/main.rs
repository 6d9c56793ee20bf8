//! The benchmarks: `cargo bench -- <name>`, all of them without a name. Each prints ratios that
//! were measured within one run, since absolute numbers say more about the machine.

#![expect(clippy::print_stdout, reason = "printing is what a benchmark is for")]

mod append;
mod catch_up;
mod client;
mod comments;
mod eventstoredb;
mod hot_fold;
mod hot_http;
mod http;
mod mixed;
mod mysql;
mod pipeline;
mod projector;
mod reactions;
mod servers;
mod start;
mod support;

use std::io;

use mimalloc::MiMalloc;

/// What the binary runs on.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> io::Result<()> {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let runtime = tokio::runtime::Runtime::new()?;
    let benches = [
        ("append", append::run as fn(&tokio::runtime::Runtime)),
        ("catch-up", catch_up::run),
        ("comments", comments::run),
        ("eventstoredb", eventstoredb::run),
        ("hot-fold", hot_fold::run),
        ("hot-http", hot_http::run),
        ("http", http::run),
        ("likes", reactions::run_likes),
        ("mixed", catch_up::run_mixed),
        ("mysql", mysql::run),
        ("start", start::run),
        ("views", reactions::run_views),
    ];
    for (name, run) in benches {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            println!("# {name}");
            run(&runtime);
        }
    }
    Ok(())
}
