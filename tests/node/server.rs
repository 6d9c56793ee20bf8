//! The built binary, serving.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus};

use crate::cli::madang::Place;

/// A server that serves a place's data on a port of its own. Killed when it is dropped.
pub(crate) struct Server {
    child: Child,
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
        let mut log = File::create(place.path("serve.log")).unwrap();
        std::thread::spawn(move || io::copy(&mut lines, &mut log));
        Self { child, address }
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
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
