//! WinDbg's `s`.

use super::super::notes::{Notes, little_endian, windbg};
use super::super::own::apart;
use super::super::{Absent, Translated, with};
use super::memory;

/// `s -a START RANGE "text"`, `s -u`, `s -b START RANGE 41 42`, `s -[1w]d ...`.
pub fn search(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (kind, tail) = rest.split_first()?;
    // `-[w]b`: flags in brackets say what is searched; the letter is what counts.
    let letter = kind.strip_prefix('-')?;
    let letter = match letter.strip_prefix('[') {
        Some(flags) => flags.split_once(']')?.1,
        None => letter,
    };
    if !matches!(letter, "a" | "u" | "b" | "w" | "d" | "q" | "sa" | "su") {
        return None;
    }
    let (theirs, own) = apart(tail);
    let [start, range, pattern @ ..] = theirs.as_slice() else {
        return Some(Err(Absent::new(format!("s -{letter} takes START RANGE PATTERN"), "s -a ffff888000000000 L?1000000 text")));
    };
    let range = memory(&[start.clone(), range.clone()], windbg("s"), notes);
    let range = [vec!["--range".to_owned()], range].concat();
    if letter.len() == 2 {
        return Some(Ok(with(&["strings"], &[range, own].concat())));
    }
    let (option, pattern) = match letter {
        "a" => (None, pattern.join(" ")),
        "u" => (Some("--utf16"), pattern.join(" ")),
        _ => {
            let width = match letter {
                "b" => 1,
                "w" => 2,
                "d" => 4,
                _ => 8,
            };
            // A quoted letter is its own value: `s -b 0 L100 'A' 42`.
            let bytes = pattern.iter().map(|v| match v.chars().collect::<Vec<_>>().as_slice() {
                ['\'', c, '\''] if c.is_ascii() => format!("{:02x}", u32::from(*c)),
                _ => little_endian(v, width),
            });
            (Some("--hex"), bytes.collect::<Vec<_>>().join(" "))
        }
    };
    let mut out = with(&["scan"], &[] as &[&str]);
    out.extend(option.map(str::to_owned));
    out.extend(own);
    out.extend(range);
    out.extend(["--".to_owned(), pattern]);
    Some(Ok(out))
}
