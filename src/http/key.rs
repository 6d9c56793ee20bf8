//! The key that tokens are signed with: a file that only its owner can read.
//!
//! The key is the text in the file as it stands, without white space at the end, so that any other
//! tool can sign with the same file. What must hold: processes that find no file and make one at
//! the same time end up with the same key, and nobody ever reads half of one. So a new key is
//! written to a file of its own and then linked to its place, which fails if another was faster.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::ambient::{new_command_id, new_secret};

/// A key for HS256.
#[derive(Clone)]
pub struct AuthKey(Vec<u8>);

/// Why there is no key. The text is for operators.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Too little to be a key.
    #[error(
        "{}: the key is too short; put {} bytes or more into it, or remove the file to get a new one",
        path.display(),
        AuthKey::MIN_BYTES
    )]
    TooShort {
        /// The file.
        path: PathBuf,
    },
    /// More than anybody would take for a key.
    #[error("{}: more than {} bytes are no key", path.display(), AuthKey::MAX_BYTES)]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// Everybody on this machine could make themselves an admin.
    #[error("{}: the key can be read by everybody; chmod 600 it", path.display())]
    WorldReadable {
        /// The file.
        path: PathBuf,
    },
}

impl AuthKey {
    /// The shortest key: as long as what HS256 makes of it (RFC 7518, 3.2).
    pub const MIN_BYTES: usize = 32;
    /// The longest key.
    pub const MAX_BYTES: usize = 4096;

    /// Reads the key at `path`; makes one if there is no file.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::Unreadable { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                create(path).map_err(|error| unreadable(path, error))?;
                Self::load(path)
            }
            loaded => loaded,
        }
    }

    /// A key that was configured as text; `None` if it is too short or too long.
    pub fn from_text(text: &str) -> Option<Self> {
        let key = text.trim_ascii_end().as_bytes();
        let bytes = Self::MIN_BYTES..=Self::MAX_BYTES;
        bytes.contains(&key.len()).then(|| Self(key.to_owned()))
    }

    /// Reads the key at `path`.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let (mode, text) = read(path).map_err(|error| unreadable(path, error))?;
        let path = path.to_owned();
        if mode & 0o007 != 0 {
            return Err(KeyError::WorldReadable { path });
        }
        let key = text.trim_ascii_end();
        if key.len() < Self::MIN_BYTES {
            return Err(KeyError::TooShort { path });
        }
        if key.len() > Self::MAX_BYTES {
            return Err(KeyError::TooLong { path });
        }
        Ok(Self(key.to_owned()))
    }

    /// The key itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey(secret)")
    }
}

fn unreadable(path: &Path, error: io::Error) -> KeyError {
    let path = path.to_owned();
    KeyError::Unreadable { path, error }
}

fn read(path: &Path) -> io::Result<(u32, Vec<u8>)> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    let mut text = Vec::new();
    let longest = AuthKey::MAX_BYTES as u64 + 2;
    file.take(longest).read_to_end(&mut text)?;
    Ok((mode, text))
}

fn create(path: &Path) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", new_command_id()));
    let draft = PathBuf::from(name);
    let made = write(&draft).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => removed,
    }
}

fn write(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(new_secret()?.as_bytes())?;
    file.sync_all()
}
