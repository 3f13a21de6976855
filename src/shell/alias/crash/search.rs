//! crash's `search`.

use super::super::notes::{Notes, crash, hex, number};
use super::super::own::{apart, is_decimal, is_number};
use super::super::{Absent, Translated};

/// What crash's `search` was told.
#[derive(Default)]
struct Search {
    space: Option<&'static str>,
    start: Option<String>,
    end: Option<String>,
    length: Option<String>,
    mask: u64,
    around: Option<u64>,
    text: bool,
    width: usize,
}

/// `search [-k|-u|-p] [-s START] [-e END|-l LEN] [-m MASK] [-x COUNT] [-w|-h] VALUE`, `search -c TEXT`. Without any option of
/// its own it is memsh's `scan`.
pub fn search(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    let (theirs, own) = apart(rest);
    let pattern = theirs.last()?;
    let value = is_number(pattern) || pattern.starts_with('(');
    let only = |w: &String| matches!(w.as_str(), "-c" | "-s" | "-l" | "-m" | "-w" | "-h" | "-t" | "-T" | "-K" | "-V");
    let shared = |w: &String| matches!(w.as_str(), "-k" | "-u" | "-p" | "-x");
    let options = theirs.get(..theirs.len() - 1)?;
    // `search -k deadbeef` looks for a number in crash and for text in memsh: a number it is, and said to be.
    let flags_alone = !options.is_empty() && options.iter().all(shared) && value && options.last().is_none_or(|w| w != "-x");
    let around = options.iter().position(|w| w == "-x").is_some_and(|i| options.get(i + 1).is_some_and(|w| is_decimal(w)));
    if !options.iter().any(only) && !flags_alone && !around {
        return None;
    }
    let mut s = Search { width: 8, ..Search::default() };
    let mut patterns = Vec::new();
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        let mut address = |notes: &mut Notes| words.next().map(|w| hex(w, crash("search"), notes));
        match w.as_str() {
            "-k" | "-K" | "-V" => s.space = Some("-k"),
            "-u" => s.space = Some("--user"),
            "-p" => s.space = Some("--phys"),
            "-c" => s.text = true,
            "-w" => s.width = 4,
            "-h" => s.width = 2,
            "-s" => s.start = address(notes),
            "-e" => s.end = address(notes),
            "-l" => s.length = words.next().cloned(),
            "-m" => s.mask = words.next().and_then(|m| number(m, 16)).unwrap_or(0),
            "-x" => s.around = words.next().and_then(|n| number(n, 10)),
            "-t" | "-T" => {
                return Some(Err(Absent::new(
                    "search -t: memsh does not search stacks alone",
                    "`scan -k` searches the kernel's memory with the stacks in it",
                )));
            }
            w => patterns.push(w.to_owned()),
        }
    }
    Some(s.words(&patterns, &own, notes))
}

impl Search {
    fn words(self, patterns: &[String], own: &[String], notes: &mut Notes) -> Translated {
        let mut out = vec!["scan".to_owned(), self.space.unwrap_or("-k").to_owned()];
        if self.start.is_some() || self.end.is_some() || self.length.is_some() {
            let start = self.start.unwrap_or_else(|| "0".to_owned());
            let end = match (self.end, self.length) {
                (Some(end), _) => end,
                (None, Some(length)) => format!("L{length}"),
                (None, None) => "-1".to_owned(),
            };
            out.extend(["--range".to_owned(), start, end]);
        }
        if let Some(n) = self.around {
            out.extend(["--around".to_owned(), n.saturating_mul(self.width as u64).to_string()]);
        }
        out.extend(own.iter().cloned());
        if self.text {
            out.extend(["--".to_owned(), patterns.join(" ")]);
            return Ok(out);
        }
        let [value] = patterns else {
            return Err(Absent::new("search: one value at a time", "`scan --regex 'a|b'` looks for several"));
        };
        let Some(v) = number(value.trim_matches(['(', ')']), 16) else {
            return Err(Absent::new(
                format!("search: {value} is no number"),
                format!("`search -c {value}` looks for the text; `eval {value}` shows a symbol's address"),
            ));
        };
        notes.say(format!(
            "note: search: {value} was read as the number {v:#x}, as crash does; `scan {value}` looks for the text"
        ));
        let bytes = v.to_le_bytes().into_iter().zip(self.mask.to_le_bytes()).take(self.width);
        let digit = |v: u8, m: u8| match m {
            0 => Some(format!("{v:x}")),
            15 => Some("?".to_owned()),
            _ => None,
        };
        let hex: Option<Vec<String>> =
            bytes.map(|(b, m)| Some(digit(b >> 4, m >> 4)? + digit(b & 15, m & 15)?.as_str())).collect();
        let Some(hex) = hex else {
            return Err(Absent::new(
                format!("search -m {:x}: masks are of whole hex digits here", self.mask),
                "`scan --regex '[\\x40-\\x4f]...'` takes any set of bytes",
            ));
        };
        out.extend(["--hex".to_owned(), "--align".to_owned(), self.width.to_string(), "--".to_owned(), hex.join(" ")]);
        Ok(out)
    }
}
