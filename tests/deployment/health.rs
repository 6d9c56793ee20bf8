//! The shell that tells Docker how a node is, asking one.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use super::files::root;
use crate::cli::madang::Place;
use crate::node::server::Server;

fn ask(address: &str, what: &str) -> Output {
    Command::new(root().join("deploy/health"))
        .arg(what)
        .env_clear()
        .env("MADANG_LISTEN", address)
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap()
}

#[test]
fn a_node_is_live_and_ready_and_then_gone() {
    let place = Place::new();
    let mut server = Server::start(&place);
    server.is_ready();
    for what in ["live", "ready"] {
        let output = ask(&server.address, what);
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(&format!(r#""status":"{what}""#)), "{said}");
    }
    server.kill();
    assert!(!ask(&server.address, "live").status.success());
}

#[test]
fn any_other_status_than_200_is_no_health() {
    let place = Place::new();
    let server = Server::start(&place);
    assert!(!ask(&server.address, "nothing").status.success());
}

#[test]
fn it_may_be_run() {
    let mode = std::fs::metadata(root().join("deploy/health"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o111, 0o111);
}
