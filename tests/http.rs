//! The HTTP API, through its router: every success, and every way to ask for something wrongly.

mod articles;
mod audit;
mod boards;
mod bodies;
mod comments;
mod conditions;
mod failures;
mod fixture;
mod fresh;
mod keys;
mod liked;
mod likes;
mod limits;
mod lists;
mod paths;
mod popular;
mod properties;
mod roles;
mod sockets;
mod threads;
mod tokens;
mod views;
mod waits;
