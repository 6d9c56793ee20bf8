//! The benchmarks: `cargo bench -- NAME…`, or all of them.

mod catch_up;
mod support;

#[tokio::main]
async fn main() {
    catch_up::run().await;
}
