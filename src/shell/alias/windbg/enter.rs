//! WinDbg's `e*` and `f`: what enters bytes into memory.

use super::super::notes::{Notes, hex, windbg};
use super::super::own::apart;
use super::super::with;

/// The spelling, and how `write` takes its values: unit, and whether a zero follows.
const ENTER: &[(&str, &str, bool)] = &[
    ("eb", "b", false),
    ("ew", "w", false),
    ("ed", "d", false),
    ("eq", "q", false),
    ("ep", "p", false),
    ("ea", "s", false),
    ("eu", "u", false),
    ("eza", "s", true),
    ("ezu", "u", true),
];

/// Whether it enters something.
pub fn is(name: &str) -> bool {
    ENTER.iter().any(|(n, ..)| *n == name)
}

/// `eb ADDR 90 90`, `ed ADDR 12345678`, `ea ADDR "text"`; `physical` for `!eb`.
pub fn enter(name: &str, rest: &[String], physical: bool, notes: &mut Notes) -> Option<Vec<String>> {
    let (typed, unit, zero) = ENTER.iter().find(|(n, ..)| *n == name)?;
    let (front, address, values, own) = taken_apart(rest, windbg(typed), notes);
    let number = |w: &String| if matches!(*unit, "b" | "s" | "u") { w.clone() } else { hex(w, windbg(typed), notes) };
    let values: Vec<String> = values.iter().map(number).collect();
    let mut words = with(&["write"], &front);
    words.extend(physical.then(|| "--phys".to_owned()));
    words.extend(["--as".to_owned(), (*unit).to_owned()]);
    words.extend(zero.then(|| "--zero".to_owned()));
    Some([words, address.into_iter().collect(), values, own].concat())
}

/// `f ADDR L20 00 01`: r2's `f` and others' have no count.
pub fn fill(rest: &[String], physical: bool, notes: &mut Notes) -> Option<Vec<String>> {
    let (front, address, values, own) = taken_apart(rest, windbg("f"), notes);
    let (count, pattern) = values.split_first()?;
    crate::commands::windbg_count(count)?;
    let mut words = with(&["fill"], &front);
    words.extend(physical.then(|| "--phys".to_owned()));
    words.extend(address);
    words.push(count.clone());
    Some([words, pattern.to_vec(), own].concat())
}

type Parts = (Vec<String>, Option<String>, Vec<String>, Vec<String>);

/// Whose memory it is by memsh's short options, the address, the values, memsh's long options.
fn taken_apart(rest: &[String], radix: super::super::notes::Radix, notes: &mut Notes) -> Parts {
    let (theirs, own) = apart(rest);
    let (mut front, mut plain) = (Vec::new(), Vec::new());
    let mut words = theirs.into_iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-k" => front.push(w),
            "-p" => {
                front.push(w);
                front.extend(words.next());
            }
            _ => plain.push(w),
        }
    }
    let mut plain = plain.into_iter();
    let address = plain.next().map(|w| hex(&w, radix, notes));
    (front, address, plain.collect(), own)
}
