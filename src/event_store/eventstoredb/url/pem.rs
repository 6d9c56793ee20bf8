//! Whether a file is PEM, RFC 7468, with what is looked for: the client panics on one that is not.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::MalformedEsdbUrl;

/// What is looked for in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// One certificate or more.
    Certificates,
    /// A private key.
    Key,
}

/// The largest file that is read, in bytes: all certificates of a system are a few hundred KB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// DER begins a certificate and a key alike with a SEQUENCE, X.690.
const SEQUENCE: u8 = 0x30;

/// Checks the file that the option `name` names.
pub(super) fn check(name: &'static str, path: &Path, holds: Holds) -> Result<(), MalformedEsdbUrl> {
    let bad = |detail: String| MalformedEsdbUrl::File {
        name,
        path: path.to_owned(),
        detail,
    };
    let length = std::fs::metadata(path).map_err(|e| bad(e.to_string()))?;
    if !length.is_file() || length.len() > MAX_BYTES {
        return Err(bad("no PEM file".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|e| bad(e.to_string()))?;
    // Between what is looked for there may be words in any encoding.
    match (holds, found(&String::from_utf8_lossy(&bytes), holds)) {
        (_, Ok(1..)) => Ok(()),
        (Holds::Certificates, Ok(0)) => Err(bad("no certificate is in it".to_owned())),
        (Holds::Key, Ok(0)) => Err(bad("no private key is in it".to_owned())),
        (_, Err(detail)) => Err(bad(detail.to_owned())),
    }
}

/// How many of them are in the text.
fn found(text: &str, holds: Holds) -> Result<usize, &'static str> {
    let wanted = |label: &str| match holds {
        Holds::Certificates => label == "CERTIFICATE",
        Holds::Key => {
            label == "PRIVATE KEY" || label == "RSA PRIVATE KEY" || label == "EC PRIVATE KEY"
        }
    };
    let (mut found, mut lines) = (0, text.lines().map(str::trim_end));
    while let Some(line) = lines.next() {
        let Some(label) = label(line, "-----BEGIN ") else {
            continue;
        };
        let mut body = String::new();
        loop {
            match lines.next() {
                None => return Err("it is cut off"),
                Some(line) if label_is(line, label) => break,
                Some(line) => body.push_str(line),
            }
        }
        if wanted(label) {
            let der = STANDARD.decode(&body).map_err(|_| "its base64 is broken")?;
            if der.first() != Some(&SEQUENCE) {
                return Err("what it encodes is neither a certificate nor a key");
            }
            found += 1;
        }
    }
    Ok(found)
}

fn label<'a>(line: &'a str, begin: &str) -> Option<&'a str> {
    line.strip_prefix(begin)?.strip_suffix("-----")
}

fn label_is(line: &str, of: &str) -> bool {
    label(line, "-----END ") == Some(of)
}

#[cfg(test)]
mod tests;
