//! Wires arguments to the thing they ask for.

fn main() {}
