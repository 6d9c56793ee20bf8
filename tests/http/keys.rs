//! The file with the key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use madang::http::AuthKey;

fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("auth.key");
    (dir, path)
}

fn written(text: &str, mode: u32) -> String {
    let (_dir, path) = place();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    match AuthKey::load_or_create(&path) {
        Ok(key) => format!("{} bytes", key.as_bytes().len()),
        Err(error) => {
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            error.to_string().split_once(": ").unwrap().1.to_owned()
        }
    }
}

#[test]
fn a_key_is_made_at_first_need_and_kept() {
    let (dir, path) = place();
    let made = AuthKey::load_or_create(&path).unwrap();
    let again = AuthKey::load_or_create(&path).unwrap();
    assert_eq!(made.as_bytes(), again.as_bytes());
    assert_eq!(made.as_bytes(), fs::read(&path).unwrap());
    assert_eq!(made.as_bytes().len(), 64);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn those_who_race_to_make_a_key_agree_on_one() {
    let (_dir, path) = place();
    let keys: Vec<_> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| AuthKey::load_or_create(&path).unwrap()))
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect()
    });
    assert!(keys.iter().all(|key| key.as_bytes() == keys[0].as_bytes()));
}

#[test]
fn two_keys_differ() {
    let (_one, first) = place();
    let (_two, second) = place();
    let (first, second) = (
        AuthKey::load_or_create(&first).unwrap(),
        AuthKey::load_or_create(&second).unwrap(),
    );
    assert_ne!(first.as_bytes(), second.as_bytes());
}

#[test]
fn a_key_of_ones_own_may_end_in_a_line_feed() {
    assert_eq!(written(&format!("{}\n", "k".repeat(32)), 0o600), "32 bytes");
    assert_eq!(written(&"k".repeat(32), 0o640), "32 bytes");
}

#[test]
fn bad_keys_are_refused_with_the_remedy() {
    assert!(written("", 0o600).starts_with("the key is too short; put 32 bytes or more"));
    assert!(written(&format!("{}\n\n", "k".repeat(31)), 0o600).starts_with("the key is too short"));
    assert!(written(&"k".repeat(5000), 0o600).starts_with("more than 4096 bytes"));
    assert!(written(&"k".repeat(64), 0o644).ends_with("chmod 600 it"));
}

#[test]
fn a_directory_is_no_key() {
    let (dir, _) = place();
    let error = AuthKey::load_or_create(dir.path()).unwrap_err().to_string();
    assert!(error.starts_with(dir.path().to_str().unwrap()), "{error}");
}
