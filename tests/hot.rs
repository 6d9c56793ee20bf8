//! The hot views on real servers: each rule with the races that it closes.

mod articles;
mod boards;
mod checker;
mod cluster;
mod fills;
mod generations;
mod guards;
mod histories;
mod popular;
mod reader;
mod storm;
mod story;
mod tls;
mod trouble;
mod yard;
