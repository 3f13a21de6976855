//! WinDbg's ways to name a process.

use super::super::notes::{Notes, hex, number, windbg};
use super::super::own::{apart, is_decimal, is_number};
use super::super::with;

/// `-p PID` among the words of the tool.
pub fn pid_option(words: &[String]) -> Vec<String> {
    let at = words.iter().position(|w| w == "-p");
    at.and_then(|i| words.get(i..i + 2)).map(<[String]>::to_vec).unwrap_or_default()
}

/// A process as WinDbg names it: an address of its control block or an id. Ids are decimal in every table of memsh.
pub fn process_id(word: &str, typed: &str, notes: &mut Notes) -> String {
    if is_decimal(word) {
        if word.len() > 1 {
            notes.say(format!("note: {typed}: {word} was read as a decimal pid, as `ps` prints it; 0x{word} is the hex one"));
        }
        return word.to_owned();
    }
    hex(word, windbg("!process"), notes)
}

/// `!process 0 0 [name]`, `!process PID|ADDR [flags]`: `0`, `-1` mean all; flags of 2 and more ask for threads.
pub fn process(rest: &[String], notes: &mut Notes) -> Vec<String> {
    let (theirs, own) = apart(rest);
    // `/s SESSION /m MODULE` filters are Windows's.
    let plain: Vec<String> = theirs.into_iter().filter(|w| !w.starts_with('/')).collect();
    let flags = plain.get(1).and_then(|f| number(f, 16)).unwrap_or(0);
    let command = if flags & 6 != 0 { "threads" } else { "ps" };
    let which: Vec<String> = match plain.as_slice() {
        [] => Vec::new(),
        [first, more @ ..] if matches!(first.as_str(), "0" | "-1") => more.get(1..).unwrap_or_default().to_vec(),
        [first, ..] => vec![process_id(first, "!process", notes)],
    };
    with(&[command], &[which, own].concat())
}

pub fn process_context(rest: &[String], notes: &mut Notes) -> Vec<String> {
    let plain: Vec<&String> = rest.iter().filter(|w| !w.starts_with('/')).collect();
    match plain.as_slice() {
        [zero] if *zero == "0" => with(&["proc", "-"], &[] as &[&str]),
        // A name is a name, whatever digits it consists of.
        [one] if is_number(one) => with(&["proc"], &[process_id(one, ".process", notes)]),
        other => with(&["proc"], other),
    }
}
