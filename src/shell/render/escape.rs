//! Text of the target on its way to a terminal.
//!
//! A process can call itself `\e]0;...` or hide half its name behind a bidi override. Nothing that moves the cursor, changes
//! colours or reorders text may pass.

use crate::commands::cells::is_unsafe;
use std::borrow::Cow;
use std::fmt::Write;

/// `text` with everything unsafe written as an escape: `\n`, `\x1b`, `\u{202e}`.
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if !is_unsafe(c) => out.push(c),
            c if u32::from(c) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(out)
}

pub use crate::commands::cells::json_text as json;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_overrides_do_not_pass() {
        assert_eq!(terminal("plain, größer, 日本"), "plain, größer, 日本");
        assert_eq!(terminal("\x1b]0;x\x07\n"), "\\x1b]0;x\\x07\\n");
        assert_eq!(terminal("a\u{202e}b\u{9b}31m"), "a\\u{202e}b\\x9b31m");
    }

    proptest! {
        #[test]
        fn json_stays_the_same_value_and_becomes_harmless(text: String) {
            let safe = json(serde_json::to_string(&text).unwrap());
            prop_assert!(!safe.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }

        #[test]
        fn nothing_unsafe_passes(text: String) {
            prop_assert!(!terminal(&text).chars().any(is_unsafe));
        }
    }
}
