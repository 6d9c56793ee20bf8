//! The bounds of what the adapter does, each with a name.

use std::time::Duration;

/// How much at once, how long, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most calls in flight; subscriptions are not counted. Fewer than the hundred streams that
    /// the server takes on one connection by default: the others would wait within the client, where
    /// nobody can tell whether they were sent.
    pub calls: usize,
    /// How long a call waits for its turn before it is told that the log is busy.
    pub turn: Duration,
    /// How long a call waits for the client to find a node.
    pub connect: Duration,
    /// How long the server may say nothing to a call. The client's own deadline is only a header that
    /// a server may overlook.
    pub call: Duration,
    /// How often a read, or an append that surely did not arrive, is tried.
    pub tries: u32,
    /// The longest wait before the second try; the n-th waits up to n times as long.
    pub pause: Duration,
    /// The shortest and the longest time between two clients; it doubles until a call succeeds.
    pub back_off: (Duration, Duration),
    /// The same where a client is replaced that lives, and whose calls fail all the same. It leaves
    /// something behind, so these are few.
    pub living_back_off: (Duration, Duration),
    /// How long a subscription may be silent before it is asked after.
    pub silence: Duration,
    /// The same while there is something that it should have told: it has not said yet that it caught
    /// up, or an append of this process is acknowledged beyond what was reported.
    pub owed_silence: Duration,
    /// How often in a row a subscription is begun anew, or asked after in vain, before it is given up.
    pub renewals: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 90,
            turn: Duration::from_secs(3),
            connect: Duration::from_secs(5),
            call: Duration::from_secs(10),
            tries: 3,
            pause: Duration::from_millis(40),
            back_off: (Duration::from_millis(50), Duration::from_secs(2)),
            living_back_off: (Duration::from_secs(2), Duration::from_mins(5)),
            silence: Duration::from_secs(30),
            owed_silence: Duration::from_secs(5),
            renewals: 3,
        }
    }
}
