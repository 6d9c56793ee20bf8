//! A test process that is killed leaves no server behind.
//!
//! The test binary runs itself again with one test, and an environment variable without which that
//! test does nothing.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::mariadb::MariaDb;

const CHILD: &str = "MADANG_TEST_ORPHANS";
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// In the child: starts two servers, pauses one, says what there is of them, and waits for its end.
#[test]
#[ignore = "the child of a_killed_test_process_leaves_no_server"]
fn child_has_servers_until_it_is_killed() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how the parent talks to its child"
    )]
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut servers = [MariaDb::start(), MariaDb::start()];
    for server in &mut servers {
        let process = server.process();
        let (pid, directory) = (process.pid(), process.directory().display());
        writeln!(std::io::stdout(), "server {pid} {directory}").unwrap();
    }
    servers[0].process().pause();
    writeln!(std::io::stdout(), "ready").unwrap();
    thread::park();
}

fn start() -> Child {
    let test = "servers::orphans::child_has_servers_until_it_is_killed";
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--ignored"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn runs(pid: &str) -> bool {
    let mut kill = Command::new("kill");
    let found = kill.args(["-0", pid]).stderr(Stdio::null()).status();
    found.unwrap().success()
}

#[test]
fn a_killed_test_process_leaves_no_server() {
    let mut child = start();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = lines.map(Result::unwrap).take_while(|line| line != "ready");
    let said: Vec<String> = lines.filter(|line| line.starts_with("server ")).collect();
    let servers: Vec<_> = said.iter().map(|line| line.split(' ')).collect();
    let servers = servers.into_iter().map(|mut words| {
        let (_, pid) = (words.next(), words.next().unwrap());
        (pid, Path::new(words.next().unwrap()))
    });
    let servers: Vec<_> = servers.collect();
    assert!(servers.len() == 2 && servers.iter().all(|(pid, _)| runs(pid)));

    child.kill().unwrap();
    child.wait().unwrap();

    let begin = Instant::now();
    let left = |(pid, directory): &(&str, &Path)| runs(pid) || directory.exists();
    while servers.iter().any(left) {
        assert!(begin.elapsed() < GONE_WITHIN, "left behind: {servers:?}");
        thread::sleep(Duration::from_millis(5));
    }
}
