//! What the image is made of: all that the build needs, nothing else, and no root.

use std::path::{Component, Path, PathBuf};

use super::files::{files_below, root, text};

/// An instruction and what stands behind it, its lines joined; comments are left out.
fn instructions() -> Vec<(String, String)> {
    let text = text("Dockerfile");
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let lines = joined.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| line.split_once(' ').expect(line))
        .map(|(word, rest)| (word.to_owned(), rest.trim().to_owned()))
        .collect()
}

/// What stands behind all instructions of a kind, from the `nth` stage.
fn of(kind: &str, nth: usize) -> Vec<String> {
    let mut stage = 0;
    let mut found = Vec::new();
    for (word, rest) in instructions() {
        stage += usize::from(word == "FROM");
        if word == kind && stage == nth {
            found.push(rest);
        }
    }
    found
}

/// What comes from the repository into the `nth` stage.
fn copied(nth: usize) -> Vec<PathBuf> {
    let copies = of("COPY", nth).into_iter();
    copies
        .filter(|copy| !copy.starts_with("--from"))
        .flat_map(|copy| {
            let mut paths: Vec<_> = copy.split_whitespace().map(PathBuf::from).collect();
            paths.pop();
            paths
        })
        .collect()
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(plain.pop(), "{}", path.display()),
            part => plain.push(part),
        }
    }
    plain
}

/// The files and directories that `source`, at `path`, takes in when it is compiled.
fn taken_in(path: &Path, source: &str) -> Vec<PathBuf> {
    let beside = path.parent().unwrap();
    let found = [
        ("include_str!(\"", beside),
        ("include_bytes!(\"", beside),
        ("migrate!(\"", Path::new("")),
    ];
    let mut taken = Vec::new();
    for (begin, from) in found {
        let names = source
            .split(begin)
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        taken.extend(names.map(|name| plain(&from.join(name))));
    }
    taken
}

#[test]
fn base_images_are_pinned_to_one_release_and_the_same_system() {
    let [build, run] = [1, 2].map(|stage| of("FROM", stage).remove(0));
    let build = build.strip_prefix("rust:").unwrap();
    let (version, system) = build.split_once("-slim-").unwrap();
    assert_eq!(version.split('.').count(), 3, "{version}");
    let system = system.strip_suffix(" AS build").unwrap();
    let day = run.strip_prefix(&format!("debian:{system}-")).unwrap();
    let day = day.strip_suffix("-slim").unwrap();
    assert!(day.len() == 8 && day.parse::<u32>().is_ok(), "{day}");
}

#[test]
fn the_compiler_is_one_that_the_manifest_takes() {
    let manifest = text("Cargo.toml");
    let least = manifest.split("rust-version = \"").nth(1).unwrap();
    let least = least.split('"').next().unwrap();
    assert!(of("FROM", 1)[0].starts_with(&format!("rust:{least}.")));
}

#[test]
fn everything_that_the_build_reads_is_copied() {
    let copied = copied(1);
    let has = |path: &Path| copied.iter().any(|copied| path.starts_with(copied));
    let mut needed: Vec<_> = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"]
        .map(PathBuf::from)
        .into();
    for file in files_below("src") {
        if file.extension().is_some_and(|end| end == "rs") {
            needed.extend(taken_in(&file, &text(file.to_str().unwrap())));
        }
        needed.push(file);
    }
    assert!(needed.iter().any(|path| path.starts_with("migrations")));
    for path in needed {
        assert!(root().join(&path).exists(), "{} is nowhere", path.display());
        assert!(has(&path), "{} is not copied", path.display());
    }
}

#[test]
fn every_target_of_the_manifest_has_a_stand_in_while_the_dependencies_are_built() {
    let manifest = text("Cargo.toml");
    let paths = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = \""));
    let stand_ins = &of("RUN", 1)[0];
    for path in paths.map(|path| path.trim_end_matches('"')) {
        assert!(stand_ins.contains(path), "{path}");
    }
}

#[test]
fn what_is_copied_reaches_the_builder_and_nothing_else_does() {
    let ignored = text(".dockerignore");
    let mut lines = ignored.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.next(), Some("*"), "nothing, unless it is named");
    let mut let_in: Vec<_> = lines
        .map(|line| line.strip_prefix('!').expect(line))
        .map(PathBuf::from)
        .collect();
    let_in.sort();
    let mut copied = [copied(1), copied(2)].concat();
    copied.sort();
    assert_eq!(let_in, copied);
}

#[test]
fn the_image_is_not_run_by_root_and_its_data_belongs_to_who_runs_it() {
    let users = of("USER", 2);
    assert_eq!(users, ["10001:10001"]);
    let made = &of("RUN", 2)[0];
    for part in [
        "--gid 10001 madang",
        "--uid 10001",
        "-o madang -g madang -m 0750 /var/lib/madang",
    ] {
        assert!(made.contains(part), "{part}");
    }
    assert_eq!(of("VOLUME", 2), ["/var/lib/madang"]);
}

#[test]
fn signals_reach_the_program_itself() {
    assert_eq!(of("ENTRYPOINT", 2), [r#"["madang"]"#]);
    assert_eq!(of("CMD", 2), [r#"["serve"]"#]);
    assert_eq!(of("STOPSIGNAL", 2), ["SIGTERM"]);
}

#[test]
fn the_image_is_watched_by_what_is_copied_into_it() {
    let watch = &of("HEALTHCHECK", 2)[0];
    assert!(
        watch.ends_with(r#"CMD ["madang-health", "live"]"#),
        "{watch}"
    );
    let copies = of("COPY", 2);
    assert!(copies.contains(&"deploy/health /usr/local/bin/madang-health".to_owned()));
}
