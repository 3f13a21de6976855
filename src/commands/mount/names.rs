//! Names from the target as names of files.
//!
//! A process may call itself `../../etc/passwd`, or end its name with an escape sequence. What no file can be called, and what a terminal
//! would act on, is written as `%` and two hex digits per byte, as URLs have it; so is `%` itself, so that two names stay two.

use crate::commands::cells::is_unsafe;
use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Bytes of a name; Linux takes 255, and a suffix has to fit behind it.
const LONGEST: usize = 180;

/// `bytes` as the name of a file: never empty, never `.` or `..`, without `/`, control characters or what reorders text.
pub fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for (at, c) in chunk.valid().char_indices() {
            // What begins with a dash is an option to whoever writes `rm *`.
            let first = at == 0 && out.is_empty();
            if is_unsafe(c) || matches!(c, '/' | '%') || first && c == '-' {
                hex(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                out.push(c);
            }
        }
        hex(&mut out, chunk.invalid());
    }
    match out.as_str() {
        "" => "%".to_owned(),
        "." | ".." => out.replace('.', "%2e"),
        _ if out.len() > LONGEST => shortened(&out, bytes),
        _ => out,
    }
}

fn hex(out: &mut String, bytes: &[u8]) {
    for b in bytes {
        let _ = write!(out, "%{b:02x}");
    }
}

/// The first part of a name, and a hash of all of it.
fn shortened(escaped: &str, bytes: &[u8]) -> String {
    let mut end = LONGEST - 18;
    // Neither within a character nor within `%2f`.
    while !escaped.is_char_boundary(end) || escaped.get(end.saturating_sub(2)..end).is_some_and(|t| t.contains('%')) {
        end -= 1;
    }
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{}%~{:016x}", escaped.get(..end).unwrap_or_default(), hasher.finish())
}

/// `name`, or where that is taken `name@suffix`, or that with a number.
pub fn unique(taken: &mut Taken, name: String, suffix: &str) -> String {
    if taken.0.insert(name.clone(), 2).is_none() {
        return name;
    }
    let first = format!("{name}@{suffix}");
    let mut number = taken.0.get(&first).copied().unwrap_or(1);
    loop {
        let other = if number == 1 { first.clone() } else { format!("{first}.{number}") };
        number += 1;
        if !taken.0.contains_key(&other) {
            taken.0.insert(other.clone(), 2);
            taken.0.insert(first, number);
            return other;
        }
    }
}

/// Names that are taken, each with the number that the next one like it may have.
#[derive(Default)]
pub struct Taken(HashMap<String, u64>);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_no_file_can_have() {
        for (name, file) in [
            (&b"sshd"[..], "sshd"),
            (b"kworker/0:1", "kworker%2f0:1"),
            (b"", "%"),
            (b".", "%2e"),
            (b"..", "%2e%2e"),
            (b"...", "..."),
            (b"../../etc/passwd", "..%2f..%2fetc%2fpasswd"),
            (b"a\nb\x1b[2J", "a%0ab%1b[2J"),
            (b"-rf", "%2drf"),
            (b"a-b", "a-b"),
            (b"50%", "50%25"),
            (b"\xff\0", "%ff%00"),
            ("gpj.\u{202e}exe".as_bytes(), "gpj.%e2%80%aeexe"),
            ("größe".as_bytes(), "größe"),
        ] {
            assert_eq!(escaped(name), file);
        }
    }

    #[test]
    fn long_names_stay_apart() {
        let (a, b) = (escaped(&[b'/'; 300]), escaped(&[b'/'; 301]));
        assert_ne!(a, b);
        assert!(a.len() <= LONGEST && a.starts_with("%2f%2f"), "{a}");
        let umlauts = escaped("ü".repeat(200).as_bytes());
        assert!(umlauts.len() <= LONGEST && umlauts.starts_with("üü"), "{umlauts}");
    }

    #[test]
    fn the_same_name_twice() {
        let mut taken = Taken::default();
        let all: Vec<String> = (0..3).map(|_| unique(&mut taken, "ntdll.dll".into(), "0x1000")).collect();
        assert_eq!(all, ["ntdll.dll", "ntdll.dll@0x1000", "ntdll.dll@0x1000.2"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_name_of_their_own(a: Vec<u8>, b: Vec<u8>) {
            let (x, y) = (escaped(&a), escaped(&b));
            prop_assert_eq!(a == b, x == y);
            prop_assert!(!x.is_empty() && x.len() <= LONGEST && x != "." && x != "..");
            prop_assert!(!x.contains('/') && !x.chars().any(is_unsafe));
        }
    }
}
