//! What holds for all subcommands.

use super::madang::{Ended, Place, forum};

#[test]
fn every_subcommand_explains_itself() {
    let place = Place::new();
    for command in ["serve", "import", "replay", "audit", "token"] {
        let ended = place.run(&[command, "--help"]).expect(0);
        assert!(ended.stdout.contains("Usage: madang"), "{ended:?}");
        assert!(ended.stdout.contains("--data-dir"), "{ended:?}");
    }
    assert!(!place.path("data").exists());
}

#[test]
fn wrong_use_ends_with_2() {
    let place = Place::new();
    let wrong = [
        &[][..],
        &["dance"],
        &["replay", "--loudly"],
        &["--role", "dancer", "serve"],
        &["serve", "--role", "dancer"],
        &[
            "replay",
            "--offline",
            "--database",
            "mongodb://kim:secret@localhost",
        ],
        &["serve", "--database", "sqlite::memory:"],
        &["serve", "--database", "mysql://kim:secret@localhost"],
        &[
            "serve",
            "--database",
            "mysql://kim:secret@localhost:door/forum",
        ],
        &[
            "serve",
            "--database",
            "mysql://kim:secret@localhost/forum?ssl-mode=perhaps",
        ],
        &["serve", "--event-store", "sqlite:file:log.db"],
        &["serve", "--redis", "http://kim:secret@localhost"],
        &["serve", "--redis", "redis://kim:secret@localhost:door"],
        &[
            "serve",
            "--redis",
            "redis://kim:secret@a,redis://lee:secret@b",
        ],
        &["serve", "--redis", ""],
        &["serve", "--database", "postgres://kim:secret/forum"],
        &["serve", "--database", "mysql://kim:secret"],
        &["serve", "--database", "mysql://kim:what?secret@db/forum"],
        &["serve", "--event-store", "kafka://kim@log?password=secret"],
        &["serve", "--event-store", "esdb://kim:secret@"],
        &["serve", "--event-store", "esdb://kim:secret@log:door"],
        &["serve", "--event-store", "esdb://kim@secret:log"],
        &["audit", "events", "--event-store", "esdb:kim:secret@log"],
        &["serve", "--event-store", "esdb+discover://kim:secret@a,b"],
        &["serve", "--event-store", "esdb://kim:secret@log?tls=maybe"],
        &["serve", "--event-store", "esdb://kim:se?cret=secret@log"],
        &["serve", "--event-store-user", "kim"],
        &["serve", "--event-store-password", "secret"],
        &[
            "token",
            "--user",
            "kim",
            "--event-store",
            "esdb://kim:secret@log",
            "--event-store-ca",
            "nothing.pem",
        ],
        &["serve", "--redis-prefix", "mad:ang"],
        &["serve", "--redis-prefix", ""],
        &["replay", "--offline", "--node-id", "1024"],
        &["replay", "--offline", "--config", "nothing.toml"],
        &["replay", "--offline", "--log", "a=b=c"],
    ];
    for args in wrong {
        let ended = place.run(args).expect(2);
        assert!(!ended.stderr.contains("secret"), "{ended:?}");
    }
}

#[test]
fn an_option_of_a_url_that_is_not_known_is_named() {
    let url = "esdb://kim:secret@log?tls=false&nodePreferences=leader";
    let ended = Place::new().run(&["serve", "--event-store", url]).expect(2);
    assert!(ended.stderr.contains("nodePreferences"), "{ended:?}");
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
}

#[test]
fn settings_stand_before_or_behind_the_subcommand_or_in_a_variable_or_a_file() {
    let place = Place::new();
    place.write("forum.jsonl", forum(1));
    place
        .run(&["--data-dir", "a", "import", "forum.jsonl"])
        .expect(0);
    place
        .run(&["import", "forum.jsonl", "--data-dir", "b"])
        .expect(0);
    let mut command = place.command(&["import", "forum.jsonl"]);
    assert!(
        command
            .env("MADANG_DATA_DIR", "c")
            .status()
            .unwrap()
            .success()
    );
    place.write("madang.toml", "data_dir = \"d\"\n");
    place.run(&["import", "forum.jsonl"]).expect(0);
    for name in ["a", "b", "c", "d"] {
        assert!(place.path(name).join("log.db").exists(), "{name}");
    }
    assert!(!place.path("data").exists());
}

#[test]
fn help_shows_no_password_that_stands_in_a_variable() {
    let place = Place::new();
    for variable in [
        "MADANG_REDIS",
        "MADANG_DATABASE",
        "MADANG_EVENT_STORE",
        "MADANG_EVENT_STORE_USER",
        "MADANG_EVENT_STORE_PASSWORD",
    ] {
        let mut command = place.command(&["serve", "--help"]);
        let help = command.env(variable, "mysql://kim:secret@localhost/forum");
        let ended = Ended::from(help.output().unwrap()).expect(0);
        assert!(ended.stdout.contains(variable), "{ended:?}");
        assert!(!ended.stdout.contains("secret"), "{ended:?}");
    }
}

#[test]
fn a_mistake_in_the_settings_is_told_by_its_line_and_shows_no_key() {
    let place = Place::new();
    let key = "0123456789abcdef0123456789abcdef";
    place.write("madang.toml", format!("# mine\nauth_key = \"{key}\n"));
    let ended = place.run(&["token", "--user", "kim"]).expect(2);
    assert!(!ended.stderr.contains(key), "{ended:?}");
    assert!(ended.stderr.contains("madang.toml, line 2: "), "{ended:?}");
}

#[test]
fn a_key_that_is_none_ends_with_2() {
    let place = Place::new();
    for key in ["k".repeat(4097), format!("short{}", " ".repeat(40))] {
        place.write("madang.toml", format!("auth_key = \"{key}\"\n"));
        place.run(&["token", "--user", "kim"]).expect(2);
    }
}

#[test]
fn an_error_says_everything_once() {
    let place = Place::new();
    let ended = place.run(&["serve", "--config", "nothing.toml"]).expect(2);
    assert_eq!(ended.stderr.matches("(os error").count(), 1, "{ended:?}");
}

#[test]
fn log_lines_that_nobody_takes_harm_nothing() {
    let place = Place::new();
    place.write("forum.jsonl", forum(1));
    place.run(&["import", "forum.jsonl"]).expect(0);
    place.write("data/views.db", "not views, which is worth a warning");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut replay = place.command(&["replay", "--offline"]);
    assert!(replay.stderr(writer).status().unwrap().success());
}
