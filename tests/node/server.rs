//! The built binary, serving.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::thread::{self, JoinHandle};

use serde_json::Value;

use super::client::Client;
use crate::cli::madang::Place;

/// A server that serves a place's data on a port of its own. Killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// What writes down what it says when it listens already, and where.
    logged: Option<(JoinHandle<io::Result<u64>>, PathBuf)>,
    /// Where it listens.
    pub(crate) address: String,
}

impl Server {
    /// Returns when the server listens: it says so, and where.
    pub(crate) fn start(place: &Place) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let begin = said.len();
            assert!(lines.read_line(&mut said).unwrap() > 0, "it ended: {said}");
            if let Some((_, rest)) = said[begin..].split_once(" address=") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
        };
        // Whatever else it says is for whoever looks why a test fails.
        let log = place.path("serve.log");
        let mut file = File::create(&log).unwrap();
        let logging = thread::spawn(move || io::copy(&mut lines, &mut file));
        Self {
            child,
            logged: Some((logging, log)),
            address,
        }
    }

    /// The status of its health, and what it says of this check.
    pub(crate) fn health(&self, check: &str) -> (u16, Value) {
        let mut client = Client::connect(&self.address, "");
        let answer = client.get_plainly("/health/ready").unwrap();
        assert!(matches!(answer.status, 200 | 503), "{}", answer.body);
        let checks = answer.body["checks"].as_array().cloned();
        let mut checks = checks.unwrap_or_default().into_iter();
        let found = checks.find(|found| found["name"] == check);
        (answer.status, found.unwrap_or_default())
    }

    /// Waits until it is ready.
    pub(crate) fn is_ready(&self) {
        while self.health("").0 != 200 {}
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and returns at once.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for it to end by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// What it has said before it ended, but not before it listened.
    pub(super) fn last_words(&mut self) -> String {
        let (logging, log) = self.logged.take().unwrap();
        logging.join().unwrap().unwrap();
        fs::read_to_string(log).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
