//! What is hot: what events mean for the entries, and the projector over a real Redis.

mod changes;
