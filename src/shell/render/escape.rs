//! Text of the target on its way to a terminal.
//!
//! A process can call itself `\e]0;...` or hide half its name behind a bidi override. Nothing that moves the cursor, changes
//! colours or reorders text may pass.

pub use crate::commands::harmless::{json, terminal};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::commands::cells::is_unsafe;
    use crate::commands::harmless::MARKS;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_overrides_do_not_pass() {
        assert_eq!(terminal("plain, größer, 日本"), "plain, größer, 日本");
        assert_eq!(terminal("\x1b]0;x\x07\n"), "\\x1b]0;x\\x07\\n");
        assert_eq!(terminal("a\u{202e}b\u{9b}31m"), "a\\u{202e}b\\x9b31m");
    }

    #[test]
    fn what_is_not_seen_is_shown_and_floods_of_marks_end() {
        assert_eq!(terminal("a\u{34f}b\u{e0041}c\u{3164}"), "a\\u{34f}b\\u{e0041}c\\u{3164}");
        assert_eq!(terminal("e\u{301}u\u{308}\u{304}"), "e\u{301}u\u{308}\u{304}");
        let flood = format!("x{}y", "\u{301}".repeat(100));
        let shown = terminal(&flood);
        assert_eq!((shown.matches('\u{301}').count(), shown.matches("\\u{301}").count()), (MARKS, 100 - MARKS));
        assert_eq!(serde_json::from_str::<String>(&json(serde_json::to_string(&flood).unwrap())).unwrap(), flood);
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
