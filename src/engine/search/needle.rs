//! What a search looks for.

use super::charset::Charset;
use super::many::Many;
use super::needles::Needles;
use super::pattern::Pattern;
use super::scan::Kind;
use super::sequence::Sequence;
use super::values::Values;
use crate::Result;
use regex::bytes::Regex;
use std::sync::Arc;

/// Longest text or hex pattern, in bytes.
pub const MAX_NEEDLE: usize = 4096;

/// A regex match up to this many bytes is found whole wherever it lies. A longer one may be found in part, or not at all,
/// where it crosses the border of two pages or of two units of work.
pub const MAX_REGEX_MATCH: usize = 4096;

/// In which encodings a text is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Widths {
    /// As UTF-8.
    #[default]
    Utf8,
    /// As UTF-16, low byte first, at any alignment.
    Utf16,
    /// As both.
    Both,
}

impl Widths {
    const fn charsets(self) -> &'static [Charset] {
        match self {
            Self::Utf8 => &[Charset::Utf8],
            Self::Utf16 => &[Charset::Utf16],
            Self::Both => &[Charset::Utf8, Charset::Utf16],
        }
    }
}

/// What a search looks for, one needle or many, ready to be found. Many are made by [`Needles`].
#[derive(Clone)]
pub struct Needle {
    pub(super) parts: Vec<Part>,
}

/// What is looked for in one walk over the bytes.
#[derive(Clone)]
pub(super) struct Part {
    /// Which needle it belongs to, from 0. Of [`Form::Many`] each pattern says so itself.
    pub(super) needle: u32,
    pub(super) form: Form,
}

#[derive(Clone)]
pub(super) enum Form {
    /// Everywhere.
    Pattern(Kind, Pattern),
    /// Everywhere.
    Sequence(Kind, Sequence),
    /// Where numbers lie.
    Values(Kind, Values),
    /// Everywhere.
    Many(Arc<Many>),
    /// Leftmost first, without overlap.
    Regex(Kind, Regex),
}

impl Needle {
    /// A text. See [`Needles::text`].
    ///
    /// # Errors
    /// As there.
    pub fn text(text: &str, widths: Widths, ignore_case: bool) -> Result<Self> {
        Self::one(|n| n.text(text, widths.charsets(), ignore_case))
    }

    /// Exactly these bytes. See [`Needles::bytes`].
    ///
    /// # Errors
    /// As there.
    pub fn bytes(bytes: &[u8]) -> Result<Self> {
        Self::one(|n| n.bytes(bytes))
    }

    /// Bytes in hex, with wildcards, jumps and alternatives. See [`Needles::hex`].
    ///
    /// # Errors
    /// As there.
    pub fn hex(text: &str) -> Result<Self> {
        Self::one(|n| n.hex(text))
    }

    /// A regular expression over bytes. See [`Needles::regex`].
    ///
    /// # Errors
    /// As there.
    pub fn regex(pattern: &str, ignore_case: bool) -> Result<Self> {
        Self::one(|n| n.regex(pattern, &[Charset::Utf8], ignore_case))
    }

    fn one(add: impl FnOnce(&mut Needles) -> Result<()>) -> Result<Self> {
        let mut needles = Needles::new();
        add(&mut needles)?;
        needles.build()
    }

    pub(super) fn of(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    /// The most bytes that a hit needs.
    pub(super) fn reach(&self) -> usize {
        let reach = |p: &Part| match &p.form {
            Form::Pattern(_, pattern) => pattern.len(),
            Form::Sequence(_, sequence) => sequence.reach(),
            Form::Values(_, values) => values.width(),
            Form::Many(many) => many.reach(),
            Form::Regex(..) => MAX_REGEX_MATCH,
        };
        self.parts.iter().map(reach).max().unwrap_or(1).max(1)
    }

    /// How many bytes before a position decide whether it matches.
    pub(super) fn context(&self) -> usize {
        // `\b` under `(?u)` decodes the character before.
        if self.exclusive().contains(&true) { 4 } else { 0 }
    }

    /// For each part, whether a hit hides those of the part that begin inside it.
    pub(super) fn exclusive(&self) -> Vec<bool> {
        self.parts.iter().map(|p| matches!(p.form, Form::Regex(..))).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Layer};

    #[test]
    fn what_can_not_be_searched_says_why() {
        let long = "x".repeat(MAX_NEEDLE + 1);
        for (needle, says) in [
            (Needle::text("", Widths::Both, false), "empty"),
            (Needle::hex(" "), "empty"),
            (Needle::bytes(b""), "empty"),
            (Needle::regex("", false), "empty"),
            (Needle::hex("?? ? ??"), "only wildcards"),
            (Needle::hex("[2-4] ?? (??|?? ??)"), "only wildcards"),
            (Needle::hex("41 [4000-5000] 42"), "more than 4096"),
            (Needle::text(&long, Widths::Utf8, false), "more than 4096"),
            (Needle::regex("a(", false), "regex can't be read"),
            (Needle::regex(r"(?:\x00{1000}){1000}{1000}", false), "compiled"),
            (Needles::new().build(), "no needle"),
        ] {
            let e = needle.err().unwrap();
            assert!(e.to_string().contains(says), "{e} does not say {says:?}");
            assert_eq!((e.layer(), e.kind()), (Layer::Search, ErrorKind::Invalid));
        }
    }
}
