//! Files that the client would panic on.

use std::path::{Path, PathBuf};

use super::{Holds, check, found};

fn signed() -> (String, String) {
    let signed = rcgen::generate_simple_self_signed(vec!["log".to_owned()]).unwrap();
    (signed.cert.pem(), signed.signing_key.serialize_pem())
}

fn written(directory: &Path, name: &str, text: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn certificates_and_keys_are_told_apart() {
    let (certificate, key) = signed();
    let all = format!("some words\n{certificate}{key}{certificate}");
    assert_eq!(found(&all, Holds::Certificates), Ok(2));
    assert_eq!(found(&all, Holds::Key), Ok(1));
    assert_eq!(found(&certificate, Holds::Key), Ok(0));
}

#[test]
fn lines_may_end_as_on_windows() {
    let text = signed().0.replace('\n', "\r\n");
    assert_eq!(found(&text, Holds::Certificates), Ok(1));
}

#[test]
fn what_is_cut_off_or_broken_is_refused() {
    let (certificate, _) = signed();
    let cut = &certificate[..certificate.len() - 30];
    assert!(found(cut, Holds::Certificates).is_err());
    let broken = certificate.replacen("MII", "???", 1);
    assert!(broken == certificate || found(&broken, Holds::Certificates).is_err());
    let no_der = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    assert!(found(no_der, Holds::Certificates).is_err());
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    assert!(found(empty, Holds::Certificates).is_err());
}

#[test]
fn a_file_is_named_in_what_is_wrong_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing.pem");
    for (path, text) in [
        (missing, "missing.pem"),
        (directory.path().to_owned(), "no PEM file"),
        (
            written(directory.path(), "words.pem", b"words"),
            "no certificate",
        ),
        (
            written(directory.path(), "bytes.pem", b"\xff\xfe"),
            "bytes.pem",
        ),
    ] {
        let refused = check("tlsCaFile", &path, Holds::Certificates).unwrap_err();
        let said = refused.to_string();
        assert!(said.contains(text) && said.contains("tlsCaFile"), "{said}");
    }
}
