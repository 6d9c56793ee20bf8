//! The whole node: started, stopped, killed and started again on the same files.

pub(crate) mod client;
mod ids;
mod kill;
mod late;
mod lease;
pub(crate) mod log;
mod outage;
mod pair;
mod parked;
mod projections;
mod redis;
mod restart;
pub(crate) mod server;
mod signal;
mod storm;
mod viewers;

use madang::ambient::Clock;
use madang::command::ids::IdError;
use madang::command::{CommandError, Origin};
use madang::config::Config;
use madang::domain::{BoardId, UserId};
use madang::node::Node;
use tokio::task::yield_now;

use crate::projections::yard::settings;

/// Why a node does not start.
async fn refusal(config: &Config) -> String {
    let started = Node::start(config, Clock::system()).await;
    started.err().expect("it starts").to_string()
}

fn origin(clock: &Clock) -> Origin {
    Origin::now(UserId::parse("kim").unwrap(), clock)
}

/// Opens a board, as soon as there is a number to make its id with.
async fn new_board(node: &Node, clock: &Clock) -> BoardId {
    let by = origin(clock);
    loop {
        match node.commands.create_board(&by, settings("yard")).await {
            Err(CommandError::Ids(IdError::NoNode)) => yield_now().await,
            opened => return opened.unwrap().state.id,
        }
    }
}
