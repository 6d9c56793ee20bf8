//! A file belongs to one holder, under whatever name it is asked for.

use madang::file_lock::{FileLock, FileLockError};

#[test]
fn a_file_that_is_held_is_refused_and_free_again_when_it_is_let_go() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.db");
    let held = FileLock::acquire(&file).unwrap();
    let refused = FileLock::acquire(&file).unwrap_err();
    let FileLockError::Held { pid, .. } = &refused else {
        panic!("{refused}")
    };
    assert_eq!(*pid, Some(std::process::id()));
    assert!(refused.to_string().contains("log.db"));
    drop(held);
    FileLock::acquire(&file).unwrap();
}

#[test]
fn a_link_to_a_file_leads_to_the_same_lock() {
    let directory = tempfile::tempdir().unwrap();
    let (file, link) = (directory.path().join("a.db"), directory.path().join("b.db"));
    std::fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let _held = FileLock::acquire(&file).unwrap();
    assert!(matches!(
        FileLock::acquire(&link),
        Err(FileLockError::Held { .. })
    ));
}
