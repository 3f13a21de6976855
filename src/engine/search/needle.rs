//! What a search looks for.

use super::hex;
use super::pattern::Pattern;
use super::scan::Kind;
use crate::{Error, ErrorKind, Layer, Result};
use regex::bytes::{Regex, RegexBuilder};

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

/// What a search looks for, ready to be found.
#[derive(Clone)]
pub struct Needle(pub(super) Form);

#[derive(Clone)]
pub(super) enum Form {
    /// Any of these, everywhere.
    Patterns(Vec<(Kind, Pattern)>),
    /// Leftmost first, without overlap.
    Regex(Regex),
}

impl Needle {
    /// A text. `ignore_case` treats `a-z` and `A-Z` alike, and no other letters.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it is empty or longer than [`MAX_NEEDLE`].
    pub fn text(text: &str, widths: Widths, ignore_case: bool) -> Result<Self> {
        let masked = |byte: u8, letter: bool| match letter && ignore_case && byte.is_ascii_alphabetic() {
            // Bit 5 is what upper and lower case differ in.
            true => (byte & !0x20, !0x20),
            false => (byte, 0xff),
        };
        let utf8 = || (Kind::Text, text.bytes().map(|b| masked(b, true)).collect::<Vec<_>>());
        let utf16 = || {
            let units = text.encode_utf16().map(u16::to_le_bytes);
            (Kind::Utf16, units.flat_map(|[low, high]| [masked(low, high == 0), (high, 0xff)]).collect())
        };
        Self::patterns(match widths {
            Widths::Utf8 => vec![utf8()],
            Widths::Utf16 => vec![utf16()],
            Widths::Both => vec![utf8(), utf16()],
        })
    }

    /// Exactly these bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there are none or more than [`MAX_NEEDLE`].
    pub fn bytes(bytes: &[u8]) -> Result<Self> {
        Self::patterns(vec![(Kind::Bytes, bytes.iter().map(|&b| (b, 0xff)).collect())])
    }

    /// Bytes in hex, `?` for a digit that does not matter: `4d 5a ?? 00`, `4d5a??00`, `4? 5a`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it can't be read, is empty, longer than [`MAX_NEEDLE`] bytes, or has only wildcards.
    pub fn hex(text: &str) -> Result<Self> {
        Self::patterns(vec![(Kind::Bytes, hex::parse(text)?)])
    }

    /// A regular expression over bytes: `\xff` is a byte, `.` any byte but a line feed, `^` and `$` the ends of lines and of
    /// what is contiguous. `(?u)` turns Unicode on. Empty matches are no hits. See [`MAX_REGEX_MATCH`].
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it is empty, malformed or too large.
    pub fn regex(pattern: &str, ignore_case: bool) -> Result<Self> {
        if pattern.is_empty() {
            return Err(empty());
        }
        let built = RegexBuilder::new(pattern).unicode(false).multi_line(true).case_insensitive(ignore_case).build();
        let regex = built.map_err(|e| {
            let what = match e {
                regex::Error::CompiledTooBig(limit) => format!("the regex needs more than {limit} bytes when compiled"),
                e => format!("the regex can't be read: {e}"),
            };
            invalid(what).hint("see the syntax at https://docs.rs/regex; a text without special meaning needs no regex")
        })?;
        Ok(Self(Form::Regex(regex)))
    }

    fn patterns(given: Vec<(Kind, Vec<hex::Masked>)>) -> Result<Self> {
        let mut patterns = Vec::with_capacity(given.len());
        for (kind, bytes) in given {
            match bytes.len() {
                0 => return Err(empty()),
                n if n > MAX_NEEDLE => {
                    return Err(invalid(format!("{n} bytes to search for are more than {MAX_NEEDLE}"))
                        .hint("search for the beginning, and compare the rest"));
                }
                _ => {}
            }
            let pattern = Pattern::new(bytes).ok_or_else(|| {
                invalid("the pattern has only wildcards: it would match everywhere").hint("give at least one hex digit")
            })?;
            patterns.push((kind, pattern));
        }
        Ok(Self(Form::Patterns(patterns)))
    }

    /// The most bytes that a hit needs.
    pub(super) fn reach(&self) -> usize {
        match &self.0 {
            Form::Patterns(p) => p.iter().map(|p| p.1.len()).max().unwrap_or(1),
            Form::Regex(_) => MAX_REGEX_MATCH,
        }
    }

    /// How many bytes before a position decide whether it matches.
    pub(super) fn context(&self) -> usize {
        match &self.0 {
            Form::Patterns(_) => 0,
            // `\b` under `(?u)` decodes the character before.
            Form::Regex(_) => 4,
        }
    }

    /// Whether a hit hides those that begin inside it.
    pub(super) fn exclusive(&self) -> bool {
        matches!(self.0, Form::Regex(_))
    }
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(Layer::Search, ErrorKind::Invalid, reason)
}

fn empty() -> Error {
    invalid("there is nothing to search for: the pattern is empty")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_searched_says_why() {
        let long = "x".repeat(MAX_NEEDLE + 1);
        for (needle, says) in [
            (Needle::text("", Widths::Both, false), "empty"),
            (Needle::hex(" "), "empty"),
            (Needle::bytes(b""), "empty"),
            (Needle::regex("", false), "empty"),
            (Needle::hex("?? ? ??"), "only wildcards"),
            (Needle::text(&long, Widths::Utf8, false), "more than 4096"),
            (Needle::regex("a(", false), "regex can't be read"),
            (Needle::regex(r"(?:\x00{1000}){1000}{1000}", false), "compiled"),
        ] {
            let e = needle.err().unwrap();
            assert!(e.to_string().contains(says), "{e} does not say {says:?}");
            assert_eq!((e.layer(), e.kind()), (Layer::Search, ErrorKind::Invalid));
        }
    }
}
