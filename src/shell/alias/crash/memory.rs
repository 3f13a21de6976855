//! crash's `rd`, `wr` and `vtop`.

use super::super::notes::{Notes, crash, hex};
use super::super::own::{apart, is_option};
use super::super::{Absent, Translated, with};

/// `wr [-u|-k|-p] [-8|-16|-32|-64] ADDR VALUE`
pub fn write(rest: &[String], notes: &mut Notes) -> Vec<String> {
    let (theirs, own) = apart(rest);
    let (mut unit, mut front, mut plain) = ("q", vec!["write".to_owned()], Vec::new());
    for w in &theirs {
        match w.as_str() {
            "-8" => unit = "b",
            "-16" => unit = "w",
            "-32" => unit = "d",
            "-64" => unit = "q",
            "-p" => front.push("--phys".to_owned()),
            "-k" => front.push("-k".to_owned()),
            "-u" => {}
            w => plain.push(w.to_owned()),
        }
    }
    front.extend(["--as".to_owned(), unit.to_owned()]);
    let value = |(i, w): (usize, &String)| match (i, unit) {
        (0, _) => hex(w, crash("wr"), notes),
        // Bytes are hex as they stand.
        (_, "b") => w.clone(),
        (_, _) => format!("0x{}", w.trim_start_matches("0x")),
    };
    let words: Vec<String> = plain.iter().enumerate().map(value).collect();
    [front, words, own].concat()
}

/// `rd [options] ADDR [COUNT]`
pub fn read(rest: &[String], notes: &mut Notes) -> Translated {
    let (theirs, own) = apart(rest);
    let mut front = Vec::new();
    let mut plain: Vec<String> = Vec::new();
    let (mut unit, mut bytes) = ("q", 8u64);
    let (mut end, mut file, mut offset) = (None, None, None);
    let mut tele = false;
    let positional = {
        let mut n = 0;
        let mut value = false;
        for w in &theirs {
            n += usize::from(!value && !is_option(w) && !w.starts_with('-'));
            value = matches!(w.as_str(), "-e" | "-r" | "-o");
        }
        n
    };
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-8" => (unit, bytes) = ("b", 1),
            "-16" => (unit, bytes) = ("w", 2),
            "-32" => (unit, bytes) = ("d", 4),
            "-64" => (unit, bytes) = ("q", 8),
            // `rd -p 1 ADDR COUNT` can only be memsh's `-p PID`.
            "-p" if positional >= 3 => {
                front.push("-p".to_owned());
                front.extend(words.next().cloned());
            }
            "-p" => {
                notes.say("note: rd -p: physical memory, as crash has it; `read -p PID ADDR` reads a process".to_owned());
                front.push("--phys".to_owned());
            }
            "-k" => front.push("-k".to_owned()),
            "-u" => {}
            "-s" => unit = "p",
            "-a" => unit = "s",
            "-S" | "-SS" | "-ss" => tele = true,
            "-x" => front.push("--no-ascii".to_owned()),
            "-d" | "-D" => notes.say(format!("note: rd {w}: shown in hex; `eval N` shows a number in decimal")),
            "-e" => end = words.next(),
            "-r" => file = words.next(),
            "-o" => offset = words.next(),
            "-m" | "-f" | "-N" | "-R" => {
                return Err(Absent::new(
                    format!("rd {w}: memsh does not read in this way"),
                    "`help read` lists the ways that there are",
                ));
            }
            w => plain.push(w.to_owned()),
        }
    }
    let Some(address) = plain.first() else { return Ok(with(&["read"], &[front, own].concat())) };
    let mut address = hex(address, crash("rd"), notes);
    if let Some(offset) = offset {
        address = format!("({address})+{}", hex(offset, crash("rd -o"), notes));
    }
    let count = plain.get(1);
    // memsh's own words for how much speak for themselves.
    let counted = own.iter().any(|w| matches!(w.as_str(), "--count" | "--length"));
    if let Some(file) = file {
        let length = match (end, count) {
            (Some(end), _) => format!("({})-({address})", hex(end, crash("rd -e"), notes)),
            (None, Some(count)) => format!("{count}*{bytes}"),
            (None, None) => bytes.to_string(),
        };
        front.retain(|w| w != "--no-ascii");
        return Ok(with(
            &["dump"],
            &[front, vec![address, "-n".to_owned(), length, "-o".to_owned(), file.clone()], own].concat(),
        ));
    }
    if tele {
        front.retain(|w| w != "--no-ascii");
        return Ok(with(&["tele"], &[front, vec![address, count.map_or("1", String::as_str).to_owned()], own].concat()));
    }
    let mut out = [vec!["read".to_owned()], front, vec![address]].concat();
    if let Some(end) = end {
        out.push(hex(end, crash("rd -e"), notes));
    }
    out.extend(["--as".to_owned(), unit.to_owned()]);
    let strings = unit == "s";
    if end.is_none() && !counted && (!strings || count.is_some()) {
        out.extend(["--count".to_owned(), count.map_or("1", String::as_str).to_owned()]);
    }
    Ok([out, own].concat())
}

/// `vtop -c PID ADDR`, `-u`, `-k`; without them it is memsh's own.
pub fn vtop(rest: &[String], notes: &mut Notes) -> Option<Translated> {
    if !rest.iter().any(|w| matches!(w.as_str(), "-c" | "-u" | "-k")) {
        return None;
    }
    let (theirs, own) = apart(rest);
    let mut out = vec!["vtop".to_owned()];
    let mut words = theirs.iter();
    while let Some(w) = words.next() {
        match w.as_str() {
            "-c" | "-p" => {
                out.push("-p".to_owned());
                out.extend(words.next().cloned());
            }
            "-u" => {}
            w if is_option(w) => out.push(w.to_owned()),
            w => out.push(hex(w, crash("vtop"), notes)),
        }
    }
    Some(Ok([out, own].concat()))
}
