//! A server process that dies with the test process, also when that is killed with SIGKILL.
//!
//! A shell holds the server: it reads a pipe whose other end only the test process has. When the
//! pipe closes (the kernel sees to it), the shell kills the server by its process id and removes its
//! directory. The shell waits for the server, so that this id is nobody else's meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take until it answers; a machine that is busy with other tests is slow.
const ANSWERS_WITHIN: Duration = Duration::from_mins(1);
/// How often a server is tried with another port, when somebody else took the one that was free.
const PORTS_TRIED: usize = 5;

/// What the shell does. The server gets none of the pipe's ends, and no terminal's signals reach it.
/// A server that was stopped by a signal makes the system send SIGHUP when the test process is gone.
const HOLDER: &str = r#"
trap '' HUP
directory=$1; shift
exec 3<&0
"$@" 3<&- </dev/null >>"$directory/output" 2>&1 &
server=$!
{ cat <&3; kill -KILL "$server"; } >/dev/null 2>&1 &
watcher=$!
echo "$server"; exec >&-
wait "$server"
kill -KILL "$watcher"
: >"$directory/ended"
cat <&3 >/dev/null
[ -e "$directory/kept" ] && exit
# Whatever the server had started may write a moment longer.
for attempt in 1 2 3 4 5; do
    rm -rf "$directory" && exit
    sleep 0.1
done
"#;

/// A server of ours: its directory goes with it.
pub(crate) struct Process {
    command: Vec<String>,
    directory: TempDir,
    /// Where it listens besides its port. It does so only after it has got the port.
    socket: PathBuf,
    port: u16,
    /// None after [`kill`](Self::kill).
    running: Option<Running>,
}

struct Running {
    holder: Child,
    pid: u32,
}

impl Process {
    /// Starts what `command` makes of a directory, of the path of a socket to listen at and of a
    /// port of 127.0.0.1, and waits until it answers at the socket. What it needs in its directory
    /// it puts there itself, or a killed test process would leave that behind.
    pub(crate) fn start(command: impl Fn(&Path, &Path, u16) -> Vec<String>) -> Self {
        for _ in 0..PORTS_TRIED {
            let directory = TempDir::with_prefix_in("madang-", place()).unwrap();
            let socket = directory.path().join("socket");
            let port = free_port();
            let command = command(directory.path(), &socket, port);
            let mut process = Self {
                command,
                directory,
                socket,
                port,
                running: None,
            };
            if process.run() {
                return process;
            }
            let said = process.output();
            assert!(said.contains("in use"), "{:?}: {said}", process.command);
        }
        panic!("no port was free");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its own directory, where it works.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.running.as_ref().expect("it runs").pid
    }

    /// All that it has printed.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.directory().join("output")).unwrap_or_default()
    }

    /// It answers nothing from here on, and its connections stay: SIGSTOP.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// The end of a [`pause`](Self::pause).
    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    /// `kill -9`; what it has written stays for a [`restart`](Self::restart).
    pub(crate) fn kill(&mut self) {
        fs::write(self.directory().join("kept"), "").unwrap();
        self.end();
    }

    /// Starts it again, after a kill or instead of what runs, with the same directory and port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        fs::remove_file(self.directory().join("kept")).unwrap();
        assert!(self.run(), "{:?}: {}", self.command, self.output());
    }

    /// Runs it; false if it ended before it answered.
    fn run(&mut self) -> bool {
        // Left by one that was killed.
        let _ = fs::remove_file(&self.socket);
        let _ = fs::remove_file(self.directory().join("ended"));
        let mut holder = Command::new("sh")
            .args(["-c", HOLDER, "holder"])
            .arg(self.directory())
            .args(&self.command)
            .current_dir(self.directory())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut pid = String::new();
        let mut said = BufReader::new(holder.stdout.take().unwrap());
        said.read_line(&mut pid).unwrap();
        let pid = pid.trim().parse().unwrap();
        self.running = Some(Running { holder, pid });
        self.answers()
    }

    /// Waits until it answers; false if it ended.
    fn answers(&self) -> bool {
        let begin = Instant::now();
        let ended = self.directory().join("ended");
        while UnixStream::connect(&self.socket).is_err() {
            if ended.exists() {
                return false;
            }
            let waited = begin.elapsed();
            assert!(waited < ANSWERS_WITHIN, "no answer: {}", self.output());
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    fn end(&mut self) {
        if let Some(Running { mut holder, .. }) = self.running.take() {
            drop(holder.stdin.take());
            holder.wait().unwrap();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where the directories are: in memory, where there is room for them. A server makes the tables of a
/// database twenty times as fast there.
fn place() -> &'static Path {
    const MEMORY: &str = "/dev/shm";
    const ENOUGH_KIB: u64 = 2 << 20;
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let asked = Command::new("df").args(["-Pk", MEMORY]).output().unwrap();
        let said = String::from_utf8(asked.stdout).unwrap();
        // A heading, and then: name, size, used, available, …
        let available = said.lines().nth(1).and_then(|line| {
            let mut columns = line.split_whitespace();
            columns.nth(3).and_then(|kib| kib.parse().ok())
        });
        if available.is_some_and(|kib: u64| kib >= ENOUGH_KIB) {
            MEMORY.into()
        } else {
            std::env::temp_dir()
        }
    })
}

/// A port that nobody listens at, and that no connection is given as its own: those are at the ports
/// from 32768 on (Linux' `ip_local_port_range`), so that a restart finds its port free again.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let port = fastrand::u16(10_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && given.insert(port) {
            return port;
        }
    }
}
