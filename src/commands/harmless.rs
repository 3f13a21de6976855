//! What of a target's text may reach a terminal as it is.

use super::cells::is_unsafe;
use regex::Regex;
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

/// So many marks may stand on one letter; no language needs more, and a flood of them writes over the lines around it.
pub const MARKS: usize = 4;

/// The characters of a text, each with whether it must not reach a terminal as it is.
pub fn judged(text: &str) -> impl Iterator<Item = (char, bool)> + '_ {
    static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{M}$").ok());
    let mut marks = 0;
    text.chars().map(move |c| {
        // The first marks are U+0300 and what follows.
        let mark = c >= '\u{300}' && MARK.as_ref().is_some_and(|m| m.is_match(c.encode_utf8(&mut [0; 4])));
        marks = if mark { marks + 1 } else { 0 };
        (c, is_unsafe(c) || marks > MARKS)
    })
}

/// Whether nothing in a text needs a second look.
pub fn harmless(text: &str) -> bool {
    text.bytes().all(|b| (b' '..0x7f).contains(&b)) || !judged(text).any(|(_, bad)| bad)
}

/// `text` with everything unsafe written as an escape: `\n`, `\x1b`, `\u{202e}`.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (c, bad) in judged(text) {
        if bad { escaped(c, &mut out) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// Writes a character as an escape.
pub fn escaped(c: char, out: &mut String) {
    let _ = match c {
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        c if u32::from(c) < 0x100 => write!(out, "\\x{:02x}", u32::from(c)),
        c => write!(out, "\\u{{{:x}}}", u32::from(c)),
    };
}

/// JSON text with everything unsafe inside its strings written as `\uXXXX`: the same value, harmless on a terminal.
pub fn json(text: String) -> String {
    // Outside strings JSON has ASCII only, and serde_json writes no newline in a compact value.
    if harmless(&text) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (c, bad) in judged(&text) {
        if !bad || c == '\n' {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}
