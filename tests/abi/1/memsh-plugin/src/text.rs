//! Text as the target has it: bytes that are usually, but not always, UTF-8.

use cglue::vec::CVec;
use core::fmt;
use std::borrow::Cow;

/// Bytes of text from the target, unchanged. They may be invalid UTF-8 and may hold control characters: escape them before
/// they reach a terminal.
#[repr(transparent)]
pub struct Text(CVec<u8>);

impl Text {
    /// The bytes as they stand in the target.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no byte at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with every invalid sequence replaced by U+FFFD.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }
}

impl Clone for Text {
    fn clone(&self) -> Self {
        Self(self.as_bytes().to_vec().into())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Vec::new().into())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec().into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into_bytes().into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec().into())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string_lossy(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_bytes_that_are_not_utf8() {
        let t = Text::from(&b"a\xffb"[..]);
        assert_eq!(t.as_bytes(), b"a\xffb");
        assert_eq!(t.to_string_lossy(), "a\u{fffd}b");
        assert_eq!(t.clone(), t);
    }
}
