//! The files that put Madang on a host: what they say fits each other, and the program.
//!
//! No container runs here. What can be run without one is: the shell that tells whether a node is
//! healthy, the shell that starts Redis, the SQL that a database begins with.

mod compose;
mod dockerfile;
mod files;
mod health;
mod servers;
mod settings;
