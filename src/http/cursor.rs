//! Cursors: where a list goes on. Opaque to callers, and good for one list only.
//!
//! A cursor is the base64url of the list's name, a line feed, and the key of the last item given.
//! It is not signed: whoever makes one up can only ask for a place in a list that they may read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::rejection::ParamError;

/// The cursor behind the item with this key. A key holds no line feed.
pub(super) fn encode(list: &str, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}\n{key}"))
}

/// The key in a cursor of this list.
pub(super) fn decode<K: std::str::FromStr>(list: &str, cursor: &str) -> Result<K, ParamError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .map_err(|_| ParamError::MalformedCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| ParamError::MalformedCursor)?;
    let (named, key) = text.rsplit_once('\n').ok_or(ParamError::MalformedCursor)?;
    if named != list {
        return Err(ParamError::ForeignCursor);
    }
    key.parse().map_err(|_| ParamError::MalformedCursor)
}
