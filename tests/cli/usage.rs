//! What holds for all subcommands.

use super::madang::{Place, forum};

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
